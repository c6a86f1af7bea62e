"""Write the pages made from the catalogue and the samples, docs/events.md and events.http: `python -m tests.pages`.

events.http is for the REST clients of VS Code and JetBrains: https://github.com/Huachao/vscode-restclient
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from acsevents.samples import as_cloud_event
from shared.catalogue import EVENT_TYPES, EventType
from tests import samples

ROOT: Final = Path(__file__).parents[1]
EVENTS: Final = ROOT / "docs" / "events.md"
REQUESTS: Final = ROOT / "events.http"
_KEYS: Final = ("PartitionKey", "RowKey")
_WIDEST: Final = 120  # characters of a value that a table of the page still shows whole


def generations(event_type: EventType) -> list[str]:
    """Return the names of the samples of a type, oldest first."""
    short = event_type.name.rpartition(".")[2]
    return [name for name in samples.NAMES if name.rpartition("/")[2] == short]


def events_page() -> str:
    """Return docs/events.md."""
    rows = list(EVENT_TYPES.values())
    overview = [
        f"| [{_short(row)}](#{_short(row).lower()}) | `{row.kind}` | `{row.family.function}` | `{row.family.table}` |"
        for row in rows
    ]
    lines = [
        "# Events",
        "",
        "Written by `python -m tests.pages` from the catalogue and the samples.",
        "",
        "Every event type that is recorded, its newest sample, and the row that it becomes.",
        "Types begin with `Microsoft.Communication.`; [records.md](records.md) explains the columns.",
        "",
        "| type | kind | function | table |",
        "| --- | --- | --- | --- |",
        *overview,
    ]
    for row in rows:
        lines += ["", *_section(row)]
    return "\n".join(lines) + "\n"


def requests_page() -> str:
    """Return events.http: each type in both schemas, one batch, and one event that cannot be recorded."""
    requests = [
        request
        for row in EVENT_TYPES.values()
        for event in (samples.event(generations(row)[-1]),)
        for request in (
            _request(f"{_short(row)}, Event Grid schema", row, [event]),
            _request(f"{_short(row)}, CloudEvents", row, as_cloud_event(event)),
        )
    ]
    sms = next(row for row in EVENT_TYPES.values() if row.family.function == "sms_events")
    batch = [samples.event(name) for name in samples.NAMES if "/SMS" in name]
    poison = samples.event(generations(sms)[-1])
    del poison["data"]["to"]
    requests += [
        _request("A batch: one delivery, one invocation for each event", sms, batch),
        _request("Poison: acknowledged, and kept in DeadLetters", sms, [{**poison, "id": "an-sms-to-nobody"}]),
    ]
    head = [
        "# Written by `python -m tests.pages` from the samples.",
        "# Needs a host on port 7071: `make up`, or `func start` with Azurite. Each answer is 202 without a body.",
        "",
        "@host = http://127.0.0.1:7071",
    ]
    return "\n".join([*head, *requests]) + "\n"


def _section(row: EventType) -> Iterator[str]:
    names = generations(row)
    links = ", ".join(f"[{name.partition('/')[0]}](../samples/{name}.json)" for name in names)
    tables = ", ".join(dict.fromkeys(f"`{one['table']}`" for one in samples.golden(names[-1])))
    yield f"## {_short(row)}"
    yield ""
    yield f"`{row.name}`, to `{row.family.function}`, recorded in {tables}. Samples: {links}."
    yield ""
    yield "```json"
    yield json.dumps(samples.event(names[-1]), indent=2, ensure_ascii=False)
    yield "```"
    yield ""
    yield "| column | value |"
    yield "| --- | --- |"
    entity = next(one["entity"] for one in samples.golden(names[-1]) if one["table"] == row.family.table)
    for column in (*_KEYS, *sorted(set(entity) - set(_KEYS))):
        yield f"| `{column}` | {_cell(entity[column])} |"


def _request(title: str, row: EventType, body: Any) -> str:
    return "\n".join(
        [
            "",
            f"### {title}",
            f"POST {{{{host}}}}/runtime/webhooks/EventGrid?functionName={row.family.function}",
            "aeg-event-type: Notification",
            "Content-Type: application/json",
            "",
            json.dumps(body, indent=2, ensure_ascii=False),
        ]
    )


def _cell(value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(value)
    shown = text if len(text) <= _WIDEST else f"{text[:_WIDEST]}…"
    return f"`{shown}`".replace("|", "\\|").replace("\n", " ")


def _short(row: EventType) -> str:
    return row.name.rpartition(".")[2]


if __name__ == "__main__":
    EVENTS.write_text(events_page(), encoding="utf-8")
    REQUESTS.write_text(requests_page(), encoding="utf-8")
