"""Questions about SMS: what became of one, of all with a number, and how well a number delivers."""

from collections.abc import AsyncGenerator
from typing import Final

from shared.catalogue import SMS
from shared.events.event import Event
from shared.lookups.addresses import address
from shared.lookups.filters import Filter, all_of, where
from shared.lookups.reader import moment
from shared.lookups.report import Report, SmsReport
from shared.lookups.timeline import TimelineLookups, Wanted
from shared.rows import keys
from shared.stories import SmsStory, tell_sms

_BY_MESSAGE: Final = str(SMS.message_table)
_NAMED: Final = ("RowKey", "Number", "MessageId")
_REMEMBERED: Final = 100_000  # messages; one whose events lie further apart is told twice


class SmsLookups(TimelineLookups):
    """Questions about SMS; a number is as people write it, the resource's own or the other party's."""

    async def sms(self, number: str, message_id: str) -> SmsStory | None:
        """Tell the state of one SMS; None if unknown."""
        story = await self._story(address(number), message_id)
        if story is None and not await self._is_own(address(number)):
            async for own, _ in self._named(Wanted(number=number, message=message_id)):
                return await self._story(own, message_id)
        return story

    async def conversation(
        self, number: str, since: int | None = None, limit: int | None = None
    ) -> AsyncGenerator[SmsStory]:
        """Yield the messages that a number sent or received, the one that something happened to last first."""
        count = 0
        told: dict[tuple[str, str], None] = {}
        async for named in self._named(Wanted(number=number, since=since)):
            if named in told:
                continue
            story = await self._story(*named)
            if story is not None:
                yield story
                count += 1
                if count == limit:
                    return
            told[named] = None
            if len(told) > _REMEMBERED:
                del told[next(iter(told))]

    async def sms_report(self, number: str, since: int | None = None) -> SmsReport | None:
        """Tell how well an own number delivers; None if it has no messages."""
        report, messages = Report(address(number)), 0
        occurred = Filter() if since is None else where("OccurredAt", "ge", moment(since))
        async for story in self._stories(all_of(_owned(address(number)), occurred)):
            report.add(story)
            messages += 1
        return report.told() if messages else None

    async def _story(self, number: str, message_id: str) -> SmsStory | None:
        filed = keys.key(message_id)
        # Behind the `~` come digits; `:` is the character after `9`.
        range_ = all_of(where("RowKey", "ge", f"{filed}~"), where("RowKey", "lt", f"{filed}~:"))
        events = self.events(_BY_MESSAGE, all_of(_owned(number), range_))
        # An id may itself hold a `~` and a digit, and then lies between these keys too.
        return tell_sms([event async for event in events if event.facts.message_id == message_id])

    async def _stories(self, filter_: Filter) -> AsyncGenerator[SmsStory]:
        """Yield the messages of rows that are filed by message: at any time one message is in memory."""
        events: list[Event] = []
        async for event in self.events(_BY_MESSAGE, filter_):
            if events and events[0].facts.message_id != event.facts.message_id:
                if story := tell_sms(events):
                    yield story
                events.clear()
            events.append(event)
        if story := tell_sms(events):
            yield story

    async def _named(self, wanted: Wanted) -> AsyncGenerator[tuple[str, str]]:
        """Yield own number and message id of events, newest first."""
        async for row in self.rows_of(await self.source(wanted), _NAMED):
            number, message_id = row.get("Number"), row.get("MessageId")
            if isinstance(number, str) and isinstance(message_id, str):
                yield number, message_id

    async def _is_own(self, number: str) -> bool:
        return await self.first(SMS.table, _owned(number), select=["RowKey"]) is not None


def _owned(number: str) -> Filter:
    return where("PartitionKey", "eq", keys.key(number))
