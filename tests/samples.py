"""The sample events by name, in every form in which they may be delivered, and their goldens.

A golden `samples/<generation>/rows/<Type>.json` has the rows of its sample, without the raw text. `make goldens`
(`python -m tests.samples`) writes all of them; review the difference before you commit it.
"""

import json
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, Final

from acsevents.samples import as_cloud_event
from shared import catalogue
from shared.catalogue import TIMELINE, EventType
from shared.decoder import decode
from shared.events.event import Event as DecodedEvent
from shared.rows.records import record_rows

FOLDER: Final = Path(__file__).parents[1] / "samples"
PREFIX: Final = "Microsoft.Communication."
NAMES: Final = sorted(path.relative_to(FOLDER).with_suffix("").as_posix() for path in FOLDER.glob("*/*.json"))
"""`<generation>/<Type>` of every sample."""

Event = dict[str, Any]
Row = dict[str, Any]


def event(name: str) -> Event:
    """Load a sample as an event in Event Grid schema; each call returns a new one."""
    try:
        (only,) = json.loads(_text(name))
        return dict(only)
    except (TypeError, ValueError) as error:
        raise AssertionError(f"edit samples/{name}.json: it must be a JSON array of one event ({error})") from None


@cache
def _text(name: str) -> str:
    return (FOLDER / f"{name}.json").read_text("utf-8")


def event_type(name: str) -> EventType:
    """Return the catalogue's row of a sample."""
    found = catalogue.EVENT_TYPES.get(PREFIX + name.partition("/")[2])
    assert found, f"add a row to shared/catalogue.py for samples/{name}.json, or rename the sample"
    return found


FORMS: Final[dict[str, Callable[[Event], Any]]] = {
    "Event Grid object": lambda grid: grid,
    "Event Grid array": lambda grid: [grid],
    "CloudEvents object": as_cloud_event,
    "CloudEvents array": lambda grid: [as_cloud_event(grid)],
}
"""What may be delivered, by its name."""


def golden_path(name: str) -> Path:
    """Return the path of a sample's golden."""
    generation, _, event_type = name.partition("/")
    return FOLDER / generation / "rows" / f"{event_type}.json"


def golden(name: str) -> list[Row]:
    """Load the rows of a sample in Event Grid schema, as `[{"table": …, "entity": {…}}]`."""
    path = golden_path(name)
    assert path.exists(), f"run `make goldens`: it writes {path.relative_to(FOLDER.parent).as_posix()}"
    rows: list[Row] = json.loads(path.read_text("utf-8"))
    return rows


def rows(event: DecodedEvent) -> list[Row]:
    """Return the rows of an event in the form of a golden."""
    return [
        {
            "table": row.table,
            "entity": {name: value for name, value in row.entity.items() if not name.startswith("Raw")},
        }
        for row in record_rows(event)
    ]


def record_entities(event: DecodedEvent) -> list[Any]:
    """Return the rows that hold an event, without the one in `Timeline` that points to them."""
    return [row.entity for row in record_rows(event) if row.table != TIMELINE]


def write_goldens() -> None:
    """Write the golden of every sample, and delete goldens without a sample."""
    paths = set()
    for name in NAMES:
        event_type(name)
        path = golden_path(name)
        path.parent.mkdir(exist_ok=True)
        text = json.dumps(rows(decode(json.dumps(event(name)))), indent=2, ensure_ascii=False)
        path.write_text(f"{text}\n", "utf-8")
        paths.add(path)
    for path in set(FOLDER.glob("*/rows/*.json")) - paths:
        path.unlink()


if __name__ == "__main__":
    write_goldens()
