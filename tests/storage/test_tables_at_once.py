"""What a writer is told whose request fails before anybody else runs, and which requests were sent until then."""

import asyncio
import itertools

import pytest

from acsevents.local.azurite import ACCOUNT, ACCOUNT_KEY
from shared.errors import RowRefused, StorageError
from shared.storage import tables as module
from shared.storage.connection_string import parse_connection_string
from shared.storage.reply import Reply
from shared.storage.tables import Patience, Tables
from tests.storage.at_once import ConnectionAtOnce, Outcome, PoolAtOnce, fails, replies
from tests.storage.misbehaving import error_document
from tests.storage.rows import encode

ROW = encode("Kept", {"PartitionKey": "p", "RowKey": "r"})
WRITTEN = replies(204)
MISSING = replies(404, error_document("TableNotFound"))
QUICK = Patience(attempts=3, attempt=10, whole=20, pause=0)


def opened(*outcomes: Outcome, patience: Patience = QUICK) -> tuple[Tables, ConnectionAtOnce]:
    """Return tables and the connection that they write on."""
    keys = f"AccountName={ACCOUNT};AccountKey={ACCOUNT_KEY}"
    account = parse_connection_string(f"{keys};TableEndpoint=https://contoso.example/{ACCOUNT};")
    tables, connection = Tables(account, patience), ConnectionAtOnce(outcomes)
    tables._pool = PoolAtOnce(connection)
    return tables, connection


async def test_a_service_out_of_reach_is_named_after_the_last_attempt() -> None:
    """By the kind of the last failure only: its text may quote a key."""
    tables, connection = opened(*[fails(ConnectionRefusedError("secret"))] * 2, fails(TimeoutError("secret")))
    with pytest.raises(StorageError) as raised:
        await tables.upsert(ROW)
    await tables.close()

    assert "Table Storage is out of reach: TimeoutError" == str(raised.value)
    assert not isinstance(raised.value, RowRefused)
    assert 3 == len(connection.sent)


async def test_an_attempt_that_gave_way_to_others_does_not_count() -> None:
    """A row with one attempt is sent again as often as it is cut off for others, until it has its answer."""

    def gives_way() -> Reply:
        (slot,) = tables._slots.under_way
        slot.cut_off()
        raise TimeoutError

    tables, connection = opened(gives_way, gives_way, WRITTEN, patience=QUICK._replace(attempts=1))
    await tables.upsert(ROW)
    await tables.close()

    assert 3 == len(connection.sent)
    assert 1 == len({*connection.sent})


async def test_a_writer_that_comes_as_a_creation_runs_out_of_time_is_told_of_the_table(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """So is the one that began the creation; whoever comes later begins another."""
    creations = itertools.count(1)

    async def create_table(_client: object, _table: str) -> None:
        if next(creations) == 1:
            raise TimeoutError

    monkeypatch.setattr(module, "create_table", create_table)
    tables, connection = opened(MISSING, MISSING, MISSING, WRITTEN)

    async def late() -> None:
        await asyncio.sleep(0)
        await tables.upsert(ROW)

    outcomes = await asyncio.gather(tables.upsert(ROW), late(), return_exceptions=True)
    assert ["table Kept is missing and was not created in time"] * 2 == [str(outcome) for outcome in outcomes]
    assert {StorageError} == {type(outcome) for outcome in outcomes}

    await tables.upsert(ROW)
    await tables.close()
    assert (4, 3) == (len(connection.sent), next(creations))


def test_a_creation_of_an_earlier_event_loop_that_ends_late_leaves_the_one_of_today_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Writers of today's loop still share theirs, and nothing is left over."""
    running = list[asyncio.Event]()

    async def create_table(_client: object, _table: str) -> None:
        running.append(asyncio.Event())
        await running[-1].wait()

    async def write() -> asyncio.Task[None]:
        begun = asyncio.create_task(tables.upsert(ROW))
        for _ in range(3):
            await asyncio.sleep(0)
        return begun

    async def end(creation: asyncio.Event, *begun: asyncio.Task[None]) -> None:
        creation.set()
        await asyncio.gather(*begun)

    monkeypatch.setattr(module, "create_table", create_table)
    tables, connection = opened(MISSING, MISSING, WRITTEN, MISSING, WRITTEN, WRITTEN)
    with asyncio.Runner() as earlier, asyncio.Runner() as today:
        before = earlier.run(write())
        first = today.run(write())
        earlier.run(end(running[0], before))
        second = today.run(write())
        assert 2 == len(running)
        today.run(end(running[1], first, second))
        today.run(tables.close())

    assert 6 == len(connection.sent)
