"""The receipt of an erasure: tells what was done and not whom, and keeps the erased from coming back."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acsevents.failures import Unusable
from acsevents.operations.erase import Erased, erase
from acsevents.operations.receipt import Receipt, exception, read_receipt, receipt_of, write_receipt
from acsevents.operations.redaction import is_theirs, without
from acsevents.operations.replay import FromFile, Replayed, replay_texts
from acsevents.operations.stored_rows import StoredRows
from acsevents.operations.whom import Kind, Target
from shared.decoder import decode
from shared.events.timestamps import Instant
from shared.sink import Sink
from shared.storage.account import Account
from shared.storage.group_commit import GroupCommit
from tests import samples
from tests.core.strategies import FEW
from tests.operations.people import ERASED, Person, Told, told_events
from tests.operations.world import empty, keep, world

BEGAN = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)


def receipt(target: Target, erased: Erased | None = None) -> Receipt:
    """Write a receipt for an erasure that took a minute."""
    return receipt_of(target, erased or Erased(), BEGAN, finished=BEGAN + timedelta(minutes=1))


@pytest.mark.parametrize(("kind", "given_as", "person"), ERASED)
def test_it_tells_what_was_done_and_not_whom(kind: Kind, given_as: str, person: Person, tmp_path: Path) -> None:
    """Counts, dates, what is not reached; the identity stands there in no spelling."""
    target = Target(kind, given_as)
    erased = Erased(seen=9, removed={"SmsEvents": 2}, redacted={"Timeline": 1})
    file = tmp_path / "receipt.json"
    write_receipt(receipt(target, erased), file)
    text = file.read_text()
    told = json.loads(text)

    assert not target.stands_in(text)
    assert person.name not in text
    assert told["removed"] == {"SmsEvents": 2}
    assert told["runAgainAfter"] == "2026-03-05T05:07:07Z"
    assert len(told["notReached"]) == 5
    assert read_receipt(file).removed == {"SmsEvents": 2}


def test_two_receipts_of_one_erasure_have_nothing_in_common() -> None:
    """Each has a salt of its own: who was erased cannot be followed from one to the next."""
    one, other = (receipt(Target("number", "+15555550199")) for _ in range(2))

    assert one.salt != other.salt
    assert one.marks[0].digest != other.marks[0].digest


def test_a_file_that_is_there_is_not_overwritten(tmp_path: Path) -> None:
    """It may be the record of another erasure."""
    file = tmp_path / "receipt.json"
    file.write_text("kept")
    with pytest.raises(FileExistsError):
        write_receipt(receipt(Target("number", "+15555550199")), file)
    assert file.read_text() == "kept"


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"kind": "user"}', "no JSON", None])
def test_what_is_no_receipt_is_named(text: str | None, tmp_path: Path) -> None:
    """Better no replay than one that brings somebody back."""
    file = tmp_path / "receipt.json"
    if text is not None:
        file.write_text(text)
    with pytest.raises(Unusable, match=r"receipt\.json"):
        read_receipt(file)


@st.composite
def cases(draw: st.DrawFn) -> tuple[Target, Told]:
    """Somebody erased, and an event that comes back."""
    kind, given_as, person = draw(st.sampled_from(ERASED))
    return Target(kind, given_as), draw(told_events(person))


@FEW
@given(cases())
def test_the_digests_know_whom_the_erasure_knew(case: tuple[Target, Told]) -> None:
    """What comes back is judged as the erasure judged it, and dated as its rows are."""
    target, told = case
    event = decode(told.text)
    became = exception([receipt(target)])(event)

    if is_theirs(event, target):
        assert became is None
    else:
        assert became == (without(event, target, Instant.parse(BEGAN.isoformat())) or event)


def test_half_an_emoji_in_an_id_ends_no_replay() -> None:
    """Such an id is nobody's who was erased."""
    sent = samples.event("2025/SMSReceived")
    event = decode(json.dumps({**sent, "data": {**sent["data"], "from": "+1555555019\ud83d"}}))

    assert exception([receipt(Target("number", "+15555550199"))])(event) == event


async def _files(*texts: str) -> AsyncIterator[FromFile]:
    for text in texts:
        yield FromFile("a file", text)


async def test_a_replay_brings_nobody_back(
    account: Account, stored: StoredRows, sink: Sink, store: GroupCommit
) -> None:
    """After it, the tables are as the erasure left them, and others' events that were missing are there."""
    target = Target(
        "user", samples.event("2025/ChatMessageReceivedInThread")["data"]["senderCommunicationIdentifier"]["rawId"]
    )
    texts = [json.dumps(samples.event(name)) for name in samples.NAMES]
    await keep(sink, *texts)
    erased = Erased()
    await erase(stored, erased, target, BEGAN)
    expected = world(account)
    empty(account)
    replayed = Replayed()
    await replay_texts(_files(*texts), store, replayed, redact=exception([receipt(target, erased)]))

    assert world(account) == expected
    assert replayed.skipped > 0
    assert replayed.recorded + replayed.skipped == len(texts)


async def test_of_several_receipts_each_counts() -> None:
    """An event is nobody's who was erased, and lists none of them."""
    created = samples.event("2021/ChatThreadCreated")
    people = [one["participantCommunicationIdentifier"]["rawId"] for one in created["data"]["participants"]]
    became = exception([receipt(Target("user", raw_id)) for raw_id in people])(decode(json.dumps(created)))

    assert became is not None
    assert {one.id for one in became.facts.participants or []} == {"erased"}
