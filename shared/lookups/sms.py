"""Queries of SMS: the state of one, the conversation of a number, and its delivery report."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Final

from shared.catalogue import SMS
from shared.events.event import Event
from shared.lookups.addresses import address
from shared.lookups.filters import Filter, all_of, where
from shared.lookups.reader import PAGE, at_once, moment
from shared.lookups.report import Report, SmsReport
from shared.lookups.timeline import EventQuery, TimelineLookups
from shared.rows import keys
from shared.stories import SmsStory, tell_sms

_BY_MESSAGE: Final = str(SMS.message_table)
_Named = tuple[str, str]
_AT_ONCE: Final = 8  # messages
_EVENTS: Final = 4  # of a message, hardly ever more
_NAMED: Final = ("RowKey", "Number", "MessageId")
_REMEMBERED: Final = 100_000  # messages; one whose events are further apart is yielded twice


class SmsLookups(TimelineLookups):
    """Queries of SMS; a number is written as people write it, and is that of the resource or of the other party."""

    async def sms(self, number: str, message_id: str) -> SmsStory | None:
        """Return the state of one SMS, or None if it is not recorded."""
        story = await self._story(address(number), message_id)
        if story is None and not await self._is_own(address(number)):
            async for own, _ in self._named(EventQuery(number=number, message=message_id)):
                return await self._story(own, message_id)
        return story

    async def conversation(
        self, number: str, since: int | None = None, limit: int | None = None
    ) -> AsyncGenerator[SmsStory]:
        """Yield the messages that a number sent or received, the one with the latest event first."""
        count = 0
        page = PAGE if limit is None else min(_EVENTS * limit, PAGE)
        async with aclosing(_groups(self._named(EventQuery(number=number, since=since), page))) as groups:
            async for named in groups:
                for story in await at_once(self._story(*one) for one in named):
                    if story is None:
                        continue
                    yield story
                    count += 1
                    if count == limit:
                        return

    async def sms_report(self, number: str, since: int | None = None) -> SmsReport | None:
        """Return the delivery report of a number of the resource, or None if it has no messages."""
        report, messages = Report(address(number)), 0
        occurred = Filter() if since is None else where("OccurredAt", "ge", moment(since))
        async for story in self._stories(all_of(_owned(address(number)), occurred)):
            if story is not None:
                report.add(story)
                messages += 1
        return report.result() if messages else None

    async def _story(self, number: str, message_id: str) -> SmsStory | None:
        message = keys.key(message_id)
        # After the `~` come digits; `:` is the character after `9`.
        range_ = all_of(where("RowKey", "ge", f"{message}~"), where("RowKey", "lt", f"{message}~:"))
        events = self.events(_BY_MESSAGE, all_of(_owned(number), range_))
        # Another id may itself contain a `~` and a digit, and then its keys are in this range too.
        return tell_sms([event async for event in events if event.facts.message_id == message_id])

    async def _stories(self, filter_: Filter) -> AsyncGenerator[SmsStory | None]:
        """Yield messages from rows in order of message, with the events of one in memory at a time; None if none."""
        events: list[Event] = []
        async for event in self.events(_BY_MESSAGE, filter_):
            if events and events[0].facts.message_id != event.facts.message_id:
                yield tell_sms(events)
                events.clear()
            events.append(event)
        yield tell_sms(events)

    async def _named(self, wanted: EventQuery, page: int = PAGE) -> AsyncGenerator[_Named]:
        """Yield the resource's number and the message id of events, newest first."""
        async for row in self.rows_of(await self.source(wanted), _NAMED, page=page):
            number, message_id = row.get("Number"), row.get("MessageId")
            if isinstance(number, str) and isinstance(message_id, str):
                yield number, message_id

    async def _is_own(self, number: str) -> bool:
        return await self.first(SMS.table, _owned(number), select=["RowKey"]) is not None


async def _groups(named: AsyncGenerator[_Named]) -> AsyncGenerator[list[_Named]]:
    """Yield each message once, in groups that are asked for at once."""
    group: list[_Named] = []
    seen: dict[_Named, None] = {}
    async with aclosing(named):
        async for one in named:
            if one in seen:
                continue
            seen[one] = None
            if len(seen) > _REMEMBERED:
                del seen[next(iter(seen))]
            group.append(one)
            if len(group) == _AT_ONCE:
                yield group
                group = []
    yield group


def _owned(number: str) -> Filter:
    return where("PartitionKey", "eq", keys.key(number))
