"""Queries of chat threads: what was said, and what one user saw of it."""

from collections.abc import Iterable

from shared.catalogue import CHAT_THREAD, CHAT_USER, EVENT_TYPES
from shared.events.event import Event
from shared.lookups.filters import all_of, where
from shared.lookups.reader import Reader
from shared.rows import keys
from shared.stories import Step, Transcript, tell_history, tell_thread


class ThreadLookups(Reader):
    """Queries of chat threads."""

    async def thread(self, thread_id: str) -> Transcript | None:
        """Return the transcript of a thread, or None if it is not recorded."""
        events = await self._thread_events(thread_id)
        return tell_thread(events, seen_by=_only_user(events))

    async def thread_as_seen_by(self, user_id: str, thread_id: str) -> Transcript | None:
        """Return the transcript from the events that were delivered to one user, or None if there are none."""
        return tell_thread(await self._events_seen_by(user_id, thread_id), seen_by=user_id)

    async def thread_with_history(
        self, thread_id: str, seen_by: str | None = None
    ) -> tuple[Transcript, tuple[Step, ...]] | None:
        """Return a thread's transcript and every change in it, from one read; None if the thread is not recorded.

        With `seen_by`, both are told from the events that were delivered to that user.
        """
        events = await (self._thread_events(thread_id) if seen_by is None else self._events_seen_by(seen_by, thread_id))
        transcript = tell_thread(events, seen_by=seen_by)
        return None if transcript is None else (transcript, tell_history(events))

    async def _thread_events(self, thread_id: str) -> list[Event]:
        """Return the thread-level events of a thread, or, if there are none, its user-level events."""
        owned = where("PartitionKey", "eq", keys.key(thread_id))
        events = [event async for event in self.events(CHAT_THREAD.table, owned)]
        if not events:
            self.note(
                f"the thread has no thread-level events: reading all of {CHAT_USER.table} for its user-level events"
            )
            of_users = where("ThreadId", "eq", thread_id)
            events = [event async for event in self.events(CHAT_USER.table, of_users)]
        return events

    async def _events_seen_by(self, user_id: str, thread_id: str) -> list[Event]:
        owned = where("PartitionKey", "eq", keys.key(user_id))
        seen = self.events(CHAT_USER.table, all_of(owned, where("ThreadId", "eq", thread_id)))
        return [event async for event in seen]


def _only_user(events: Iterable[Event]) -> str | None:
    """Return the user to whom all of these events were delivered; None if there is no such single user."""
    recipients = {event.facts.recipient_id if EVENT_TYPES[event.type].family is CHAT_USER else None for event in events}
    return recipients.pop() if len(recipients) == 1 else None
