"""`acsevents dead-letters replay`, in a module of its own because queries of dead letters need fewer imports."""

from acsevents.failures import Refused
from acsevents.operating import operate, print_report
from acsevents.operations.recording import opened_store
from acsevents.operations.replay import Replayed, Tell, replay_dead_letters
from acsevents.operations.stored_rows import StoredRows
from acsevents.output import note
from shared.storage.account import Account


def replay(reason: str | None, since: int | None, *, dry_run: bool, as_json: bool) -> None:
    """Record dead letters with the current code, and print the outcome."""
    replayed = Replayed()

    async def work(account: Account) -> None:
        await replay_in(account, replayed, reason=reason, since=since, dry_run=dry_run, tell=note)

    operate(work, "replaying", lambda: replayed.seen)
    print_report(replayed, dry_run=dry_run, as_json=as_json)
    left = sum(replayed.left.values()) + replayed.came_again
    if left:
        raise Refused(f"{left} of {replayed.seen} dead letters remain; the reasons are above")


async def replay_in(
    account: Account,
    replayed: Replayed,
    *,
    reason: str | None = None,
    since: int | None = None,
    id_: str | None = None,
    dry_run: bool = False,
    tell: Tell,
) -> None:
    """Record an account's dead letters with the current code; see `replay_dead_letters`.

    Raises:
        StorageError: the tables did not accept a record; those recorded before it are kept.
    """
    async with StoredRows(account) as stored:
        if dry_run:
            await replay_dead_letters(stored, None, replayed, reason=reason, since=since, id_=id_, tell=tell)
            return
        async with opened_store(account) as store:
            await replay_dead_letters(stored, store, replayed, reason=reason, since=since, id_=id_, tell=tell)
