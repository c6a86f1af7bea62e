"""Questions about chat threads: what was said, and what one user saw of it."""

from shared.catalogue import CHAT_THREAD, CHAT_USER
from shared.lookups.filters import all_of, where
from shared.lookups.reader import Reader
from shared.rows import keys
from shared.stories import Transcript, tell_thread


class ThreadLookups(Reader):
    """Questions about chat threads."""

    async def thread(self, thread_id: str) -> Transcript | None:
        """Tell the transcript of one thread; None if unknown.

        It is told from the thread's own events, or where there are none from what its users were told.
        """
        owned = where("PartitionKey", "eq", keys.key(thread_id))
        events = [event async for event in self.events(CHAT_THREAD.table, owned)]
        if not events:
            self.note(f"the thread has no events of its own: reading all of {CHAT_USER.table} for what users were told")
            told_to_users = where("ThreadId", "eq", thread_id)
            events = [event async for event in self.events(CHAT_USER.table, told_to_users)]
        return tell_thread(events)

    async def thread_as_seen_by(self, user_id: str, thread_id: str) -> Transcript | None:
        """Tell what one user saw of a thread, from the events delivered to that user; None if unknown."""
        owned = where("PartitionKey", "eq", keys.key(user_id))
        seen = self.events(CHAT_USER.table, all_of(owned, where("ThreadId", "eq", thread_id)))
        return tell_thread([event async for event in seen], seen_by=user_id)
