"""Dead letters have the path, names and members that Event Grid gives them."""

import json
import re
from pathlib import Path

from tests.event_grid.rehearsal import cloud_event, dead_letter_files, post, rehearsal, subscription


async def test_an_event_grid_event_keeps_its_text_and_gains_five_members(tmp_path: Path) -> None:
    """The event's own text is unchanged.

    Events of a batch that are given up together are one file, in Event Grid's folder structure.
    """
    start = rb'{"id":"1","topic":"/t","subject":"s","eventType":"T","eventTime":"x","dataVersion":""'
    end = rb',"metadataVersion":"1","data":{"n":1e2,"half":"\ud83d"}'
    body = b"[" + start + end + b" }, " + start.replace(b'"1"', b'"2"') + b"}]"
    async with rehearsal(tmp_path, subscription("My-Events", batch=10)) as (grid, host):
        host.answer = lambda _number, _call: 413
        await post(grid, body)
        await grid.drain(10)

    [path] = dead_letter_files(tmp_path)
    place = path.relative_to(tmp_path).as_posix()  # months and hours without leading zeros
    assert re.fullmatch(r"ACS-LOCAL/MY-EVENTS/20\d\d/[1-9]\d?/[1-9]\d?/(0|[1-9]\d?)/[0-9a-f-]{36}\.json", place)
    text = path.read_text()
    first, second = json.loads(text)
    assert text.startswith(f'[{(start + end).decode()},"deadLetterReason"')
    assert (first["id"], second["id"]) == ("1", "2")
    assert list(first)[-5:] == [
        "deadLetterReason",
        "deliveryAttempts",
        "lastDeliveryOutcome",
        "publishTime",
        "lastDeliveryAttemptTime",
    ]
    for name in ("publishTime", "lastDeliveryAttemptTime"):
        assert re.fullmatch(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{7}Z", first[name])
    assert first["publishTime"] <= first["lastDeliveryAttemptTime"]


async def test_a_cloud_event_gains_the_same_members_in_lower_case(tmp_path: Path) -> None:
    """Attribute names of CloudEvents have no capitals."""
    async with rehearsal(tmp_path) as (grid, host):
        host.answer = lambda _number, _call: 400
        await post(grid, [cloud_event()], "application/cloudevents-batch+json")
        await grid.drain(10)

    [path] = dead_letter_files(tmp_path)
    [letter] = json.loads(path.read_text())
    assert {name for name in letter if name not in cloud_event()} == {
        "deadletterreason",
        "deliveryattempts",
        "lastdeliveryoutcome",
        "publishtime",
        "lastdeliveryattempttime",
    }
