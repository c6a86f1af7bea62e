"""The storm in its short form: every failure at once, and a checker that reads the tables alone."""

import json
from pathlib import Path

import pytest
from azure.data.tables import TableServiceClient, UpdateMode

from acsevents.local.azurite import Azurite
from acsevents.storm.checker import check
from acsevents.storm.mix import mix, same
from acsevents.storm.rehearsal import lines
from acsevents.storm.run import SHORT, storm
from shared.catalogue import EVENT_TYPES, TABLES
from shared.decoder import decode
from shared.events.jsontext import canonical
from shared.rows.records import record_rows
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

    Every published event is in its tables, in DeadLetters or in Event Grid's dead-letter folder; there is no row too
    many; the content is equal, and so are the stories.
    """
    report = await storm(seed, SHORT, tmp_path)

    assert [] == report.verdict.problems, "\n".join(lines(report))
    assert report.kills
    assert report.faults.total() > report.faults["passed"]
    assert report.refused == 1


def test_the_same_seed_makes_the_same_mix_with_every_event_type() -> None:
    """A failing storm can be repeated, and no type is left out of any."""
    first = [same(one.event) for one in mix(5, SHORT.events)]

    assert first == [same(one.event) for one in mix(5, SHORT.events)]
    assert first != [same(one.event) for one in mix(6, SHORT.events)]
    types = {json.loads(event).get("eventType") for event in first}
    assert set(EVENT_TYPES) <= types


class TestChecker:
    """The checker itself: it finds each kind of harm."""

    @pytest.fixture(name="events")
    def _events(self) -> list[dict[str, object]]:
        """A few recorded events and a broken one."""
        mixed = list(mix(3, 80))
        wanted = [one.event for one in mixed if one.purpose == "event"][:6]
        return [*wanted, next(one.event for one in mixed if one.purpose == "poison")]

    @pytest.fixture(name="client")
    def _client(self, account: Account, events: list[dict[str, object]]) -> TableServiceClient:
        """Tables that hold what the events become, all but the broken one."""
        client = by_sdk(account)
        for table in TABLES:
            client.create_table(table)
        for event in events[:-1]:
            for row in record_rows(decode(json.dumps(event))):
                client.get_table_client(row.table).upsert_entity(for_sdk(row.entity), mode=UpdateMode.REPLACE)
        return client

    async def test_a_broken_event_that_is_no_dead_letter_is_lost(
        self, client: TableServiceClient, events: list[dict[str, object]], azurite: Azurite, tmp_path: Path
    ) -> None:
        """An acknowledged event without a row is the worst that can happen."""
        client.close()
        verdict = await check(events, azurite.connection_string, tmp_path)

        assert 1 == len(verdict.problems)
        assert "no dead letter" in verdict.problems[0]

    async def test_a_missing_row_is_found(
        self, client: TableServiceClient, events: list[dict[str, object]], azurite: Azurite, tmp_path: Path
    ) -> None:
        """Both as a loss and in the story that it was part of."""
        row = record_rows(decode(json.dumps(events[0])))[0]
        client.get_table_client(row.table).delete_entity(row.partition, row.row_key)
        client.close()
        verdict = await check(events[:-1], azurite.connection_string, tmp_path)

        assert any(problem.startswith(f"lost from {row.table}") for problem in verdict.problems)
        assert any("story" in problem for problem in verdict.problems)

    async def test_events_that_were_merged_are_found(
        self, account: Account, azurite: Azurite, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Even if the app itself takes them for one: the checker tells events apart on its own."""
        first = next(one.event for one in mix(3, 80) if one.purpose == "event")
        other = {**first, "data": {**first["data"], "transactionId": "another"}}
        monkeypatch.setattr("shared.decoder.canonical", lambda identity: canonical(identity[:-1]))
        with by_sdk(account) as client:
            for row in record_rows(decode(json.dumps(first))):
                client.create_table(row.table).upsert_entity(for_sdk(row.entity), mode=UpdateMode.REPLACE)
        verdict = await check([first, other], azurite.connection_string, tmp_path)

        assert any(problem.startswith("different events merged") for problem in verdict.problems)

    async def test_a_row_too_many_is_found(
        self, client: TableServiceClient, events: list[dict[str, object]], azurite: Azurite, tmp_path: Path
    ) -> None:
        """An event that nobody published must not be in the tables."""
        client.close()
        verdict = await check(events[1:-1], azurite.connection_string, tmp_path)

        assert any(problem.startswith("a row too many") for problem in verdict.problems)

    async def test_a_changed_column_is_found(
        self, client: TableServiceClient, events: list[dict[str, object]], azurite: Azurite, tmp_path: Path
    ) -> None:
        """Columns must be what the row's own text says."""
        row = record_rows(decode(json.dumps(events[0])))[0]
        changed = {"PartitionKey": row.partition, "RowKey": row.row_key, "Kind": "another"}
        client.get_table_client(row.table).upsert_entity(changed, mode=UpdateMode.MERGE)
        client.close()
        verdict = await check(events[:-1], azurite.connection_string, tmp_path)

        assert any("differs from its text" in problem for problem in verdict.problems)

    async def test_what_event_grid_gave_up_on_is_not_lost(
        self, client: TableServiceClient, events: list[dict[str, object]], azurite: Azurite, tmp_path: Path
    ) -> None:
        """Its dead-letter folder is the last of the three places."""
        client.close()
        letter = {**events[-1], "deadLetterReason": "MaxDeliveryAttemptsExceeded", "deliveryAttempts": 30}
        (tmp_path / "letters.json").write_text(json.dumps([letter]))
        verdict = await check(events, azurite.connection_string, tmp_path)

        assert [] == verdict.problems
