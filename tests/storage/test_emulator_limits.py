"""Where the emulator's limits are lower than the service's, and what happens to such events."""

import base64
import json
import random
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import pytest

from shared.errors import RowRefused, StorageError
from shared.rows.fitting import unpack
from shared.sink import DeadLettered, Sink
from shared.storage.account import Account
from shared.storage.odata import Row
from tests import samples
from tests.core.service_limits import violations
from tests.storage.edm import by_sdk, rows_of
from tests.storage.opening import opened, opened_sink
from tests.storage.room import UnlimitedRoom

DOCUMENT = (Path(__file__).parents[2] / "docs" / "records.md").read_text(encoding="utf-8")
EMULATOR_BYTES: Final = 1_048_576  # of a request's body; the service counts what the values take
MEGABYTE: Final = 1_048_576
CYRILLIC_TEXTS: Final = ("messageId", "from", "to", "deliveryStatus", "deliveryStatusDetails", "tag")


class Captured(UnlimitedRoom):
    """A store that records the rows that it is given."""

    def __init__(self) -> None:
        self.rows: list[Row] = []

    def keep(self, rows: Sequence[Row]) -> None:
        """Keep them."""
        self.rows += rows


async def rows(text: str) -> list[Row]:
    """Return the rows of an event."""
    store = Captured()
    await Sink(store).receive(text, function="sms_events")
    return store.rows


def entity(row: Row) -> dict[str, object]:
    """Return a row as the service reads it, each value in its type."""
    sent = json.loads(row.body)
    types = {name.partition("@")[0]: sent.pop(name) for name in [*sent] if "@" in name}
    read: dict[str, Callable[[str], object]] = {"Edm.Binary": base64.b64decode, "Edm.Int64": int}
    return {name: read[types[name]](value) if types.get(name) in read else value for name, value in sent.items()}


@pytest.fixture(name="incompressible", scope="module")
def _incompressible() -> str:
    """Return an SMS whose text is a megabyte of random letters and digits, like Base64."""
    event = samples.event("2025/SMSReceived")
    event["data"]["message"] = base64.b64encode(random.Random(5).randbytes(780_000)).decode()
    text = json.dumps(event)
    assert len(text) <= MEGABYTE
    return text


@pytest.fixture(name="cyrillic", scope="module")
def _cyrillic() -> str:
    """Return a delivery report with texts of 31,000 Cyrillic letters in every text property."""
    event = samples.event("2025/SMSDeliveryReportReceived")
    event["data"] |= dict.fromkeys(CYRILLIC_TEXTS, "Ж" * 31000)
    return json.dumps(event, ensure_ascii=False)


@pytest.mark.parametrize("text", ["incompressible", "cyrillic"])
async def test_the_service_takes_what_the_emulator_refuses(
    text: str, account: Account, request: pytest.FixtureRequest
) -> None:
    """Each row is within every documented limit of the service, but too large for the emulator."""
    made = await rows(request.getfixturevalue(text))
    large = [row for row in made if len(row.body) > EMULATOR_BYTES]

    assert [problem for row in made for problem in violations(entity(row))] == []
    assert {row.table for row in large} == {"SmsEvents", "SmsMessages"}
    async with opened(account) as tables:
        for row in large:
            with pytest.raises(RowRefused, match="EntityTooLarge"):
                await tables.upsert(row)


async def test_what_no_row_of_the_emulator_holds_raises_there(account: Account, incompressible: str) -> None:
    """The dead letter is as large, so nothing is acknowledged, and Event Grid keeps the event."""
    async with opened_sink(account) as sink:
        with pytest.raises(StorageError, match="EntityTooLarge"):
            await sink.receive(incompressible, function="sms_events")

    with by_sdk(account) as service:
        tables_there = {table.name for table in service.list_tables()}
    assert [
        row for table in {"SmsEvents", "SmsMessages", "DeadLetters"} & tables_there for row in rows_of(account, table)
    ] == []


async def test_a_row_that_is_too_large_for_the_emulator_becomes_a_dead_letter_there(
    account: Account, cyrillic: str
) -> None:
    """Its text compresses well, so the dead letter keeps it whole and the event is acknowledged."""
    async with opened_sink(account) as sink:
        outcome = await sink.receive(cyrillic, function="sms_events")

    (letter,) = rows_of(account, "DeadLetters")
    assert isinstance(outcome, DeadLettered)
    assert letter["Reason"] == "internal_error"
    assert unpack(letter) == cyrillic


async def test_a_row_just_below_the_emulators_limit_is_taken(account: Account) -> None:
    """The limit is that of the request body."""
    async with opened(account) as tables:
        for size, fits in ((EMULATOR_BYTES, True), (EMULATOR_BYTES + 1, False)):
            row = Row(("SmsEvents", "p"), "r", b"SmsEvents(PartitionKey='p',RowKey='r')", _body(size), size)
            if fits:
                await tables.upsert(row)
            else:
                with pytest.raises(RowRefused, match="EntityTooLarge"):
                    await tables.upsert(row)


def _body(size: int) -> bytes:
    keys = '{"PartitionKey":"p","RowKey":"r","Body":"x"'
    return (keys + " " * (size - len(keys) - 1) + "}").encode()


def test_the_documentation_says_so_with_the_figures() -> None:
    """The documentation has the figures."""
    _, _, section = DOCUMENT.partition("## Limits of the emulator")

    for figure in (EMULATOR_BYTES, EMULATOR_BYTES * 3 // 4, 7 * 31_000 * len("\\u0416")):
        assert f"{figure:,}" in section
    assert "EntityTooLarge" in section
