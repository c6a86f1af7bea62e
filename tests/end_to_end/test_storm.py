"""A short storm with every failure at once, and the checker that reads only the tables."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import pytest
from azure.data.tables import TableServiceClient, UpdateMode

from acsevents.local.azurite import Azurite
from acsevents.storm.checker import check
from acsevents.storm.mix import canonical_json, mix
from acsevents.storm.rehearsal import lines
from acsevents.storm.run import SHORT, storm
from shared.catalogue import EVENT_TYPES, TABLES
from shared.decoder import decode
from shared.events.jsontext import canonical
from shared.rows.records import TableRow, record_rows
from shared.storage.account import Account
from tests.storage.edm import by_sdk, for_sdk

SEEDS = {
    "the first storm": 1,
}
"""Seeds by what they once broke; a seed that fails is added here under the name of its failure."""


@pytest.mark.promise("Kept", "Once", "Whole", "Order-free", "Never silently merged", "No poison loop", "Crash-safe")
@pytest.mark.parametrize("seed", SEEDS.values(), ids=SEEDS.keys())
async def test_nothing_is_lost_in_a_storm(seed: int, tmp_path: Path) -> None:
    """Duplicates, disorder, contradictions, poison, lost replies, a failing table service and killed workers at once.

    Every published event is in its tables, in DeadLetters or in Event Grid's dead-letter folder; there is no other row;
    the content is equal, and so are the stories.
    """
    report = await storm(seed, SHORT, tmp_path)

    assert [] == report.verdict.problems, "\n".join(lines(report))
    assert report.kills
    assert report.faults.total() > report.faults["passed"]
    assert report.refused == 1


def test_the_same_seed_makes_the_same_mix_with_every_event_type() -> None:
    """A failing storm can be repeated, and every mix has every type."""
    first = [canonical_json(one.event) for one in mix(5, SHORT.events)]

    assert first == [canonical_json(one.event) for one in mix(5, SHORT.events)]
    assert first != [canonical_json(one.event) for one in mix(6, SHORT.events)]
    types = {json.loads(event).get("eventType") for event in first}
    assert set(EVENT_TYPES) <= types


@dataclass
class Tables:
    """Tables with the rows of some events, and the checker's verdict on them."""

    client: TableServiceClient
    connection_string: str
    events: list[dict[str, object]]
    folder: Path

    def rows(self, event: dict[str, object]) -> list[TableRow]:
        """Return the rows of an event, the one in `Timeline` last."""
        return record_rows(decode(json.dumps(event)))

    async def problems(self, *published: dict[str, object]) -> list[str]:
        """Check the tables against the published events."""
        return (await check(published, self.connection_string, self.folder)).problems


@pytest.fixture(name="tables")
def _tables(account: Account, azurite: Azurite, tmp_path: Path) -> Iterator[Tables]:
    mixed = [one.event for one in mix(3, 80) if one.purpose == "event"]
    with by_sdk(account) as client:
        tables = Tables(client, azurite.connection_string, mixed[:6], tmp_path)
        for name in TABLES:
            client.create_table(name)
        for event in tables.events:
            for row in tables.rows(event):
                client.get_table_client(row.table).upsert_entity(for_sdk(row.entity), mode=UpdateMode.REPLACE)
        yield tables


async def test_tables_without_harm_are_no_problem(tables: Tables) -> None:
    """The checker accepts correct tables, so that each problem below has its own cause."""
    assert [] == await tables.problems(*tables.events)


async def test_a_broken_event_that_is_no_dead_letter_is_lost(tables: Tables) -> None:
    """An acknowledged event without a row is a loss, unless Event Grid's own folder has it."""
    poison = next(one.event for one in mix(3, 80) if one.purpose == "poison")

    (problem,) = await tables.problems(*tables.events, poison)
    assert "not a dead letter" in problem
    letter = {**poison, "deadLetterReason": "MaxDeliveryAttemptsExceeded", "deliveryAttempts": 30}
    (tables.folder / "letters.json").write_text(json.dumps([letter]))
    assert [] == await tables.problems(*tables.events, poison)


@pytest.mark.parametrize(("number", "problems"), [(0, {"lost", "story"}), (-1, {"lost"})], ids=["record", "time line"])
async def test_a_missing_row_is_found(tables: Tables, number: int, problems: set[str]) -> None:
    """As a loss, and for a record also in the story that it belongs to."""
    row = tables.rows(tables.events[0])[number]
    tables.client.get_table_client(row.table).delete_entity(row.partition, row.row_key)

    found = await tables.problems(*tables.events)
    assert f"lost from {row.table}: event {tables.events[0]['id']}" in found
    assert problems == {word for word in ("lost", "story") for problem in found if word in problem}


async def test_events_that_were_merged_are_found(tables: Tables, monkeypatch: pytest.MonkeyPatch) -> None:
    """Even if the app itself takes them for one, since the checker has its own notion of identity."""
    first = tables.events[0]
    other: dict[str, object] = {**first, "data": {**cast("dict[str, object]", first["data"]), "transactionId": "other"}}
    monkeypatch.setattr("shared.decoder.canonical", lambda identity: canonical(identity[:-1]))

    assert any(problem.startswith("different events merged") for problem in await tables.problems(first, other))


async def test_a_row_too_many_is_found(tables: Tables) -> None:
    """A row of an event that was not published is a problem in every table."""
    found = await tables.problems(*tables.events[1:])

    assert {f"a superfluous row in {row.table}" for row in tables.rows(tables.events[0])} == {
        problem.partition(":")[0] for problem in found if "superfluous" in problem
    }


@pytest.mark.parametrize("number", [0, -1], ids=["record", "time line"])
async def test_a_changed_column_is_found(tables: Tables, number: int) -> None:
    """Columns must match the event."""
    row = tables.rows(tables.events[0])[number]
    changed = {"PartitionKey": row.partition, "RowKey": row.row_key, "Kind": "another"}
    tables.client.get_table_client(row.table).upsert_entity(changed, mode=UpdateMode.MERGE)

    (problem,) = await tables.problems(*tables.events)
    assert problem.startswith(f"a row in {row.table} differs from its event")
