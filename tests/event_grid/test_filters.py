"""Which events a subscription receives."""

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from acsevents.local.event_grid.events import Event
from acsevents.local.event_grid.filters import wants
from acsevents.subscriptions import EventSubscription, load
from tests.event_grid.rehearsal import event, post, rehearsal, subscription


def _published(event_type: str, subject: str) -> Event:
    return Event("EventGridSchema", id="1", type=event_type, subject=subject, text=b"{}", version="1")


def test_subjects_choose_without_regard_to_case() -> None:
    """A subject filter selects the events of one number or thread, in any case."""
    policy = subscription().policy
    chosen = EventSubscription(
        name="sms", function="record", policy=policy, subject_begins_with="/PHONEnumber/", subject_ends_with="555"
    )

    assert wants(chosen, _published("SMS", "/phonenumber/1555"))
    assert not wants(chosen, _published("SMS", "phonenumber/1555"))
    assert not wants(chosen, _published("SMS", "/phonenumber/1556"))


@given(st.text(), st.text())
def test_no_event_breaks_a_filter(event_type: str, subject: str) -> None:
    """Filters decide on every event that a publisher can send."""
    assert {wants(one, _published(event_type, subject)) for one in load()} <= {True, False}


async def test_each_subscription_gets_its_own_events(tmp_path: Path) -> None:
    """An event goes to every matching subscription; one without a match counts as dropped."""
    declared = {"sms": ("SMS",), "chat": ("Chat",), "both": ("SMS", "Chat")}
    chosen = [
        EventSubscription(name=name, function="record", policy=subscription().policy, event_types=types)
        for name, types in declared.items()
    ]
    async with rehearsal(tmp_path, *chosen) as (grid, host):
        await post(grid, [event(event_type, eventType=event_type) for event_type in ("SMS", "Chat", "Call")])
        await grid.drain(10)
        counts = grid.counts

    arrived = sorted((call.headers["aeg-subscription-name"], *call.ids) for call in host.calls)
    assert arrived == [("BOTH", "Chat"), ("BOTH", "SMS"), ("CHAT", "Chat"), ("SMS", "SMS")]
    assert (counts["published"], counts["matched"], counts["delivered"], counts["dropped"]) == (3, 4, 4, 1)
