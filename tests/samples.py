"""The sample events by name, in every form in which they may be delivered, and the goldens beside them.

A golden `samples/<generation>/rows/<Type>.json` holds the rows that the sample becomes, without its raw text.
`python -m tests.samples` writes all of them anew; read the difference before you keep it.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from acsevents.samples import as_cloud_event
from shared.catalogue import TIMELINE
from shared.decoder import decode
from shared.events.event import Event as DecodedEvent
from shared.rows.records import record_rows

FOLDER: Final = Path(__file__).parents[1] / "samples"
NAMES: Final = sorted(path.relative_to(FOLDER).with_suffix("").as_posix() for path in FOLDER.glob("*/*.json"))
"""`<generation>/<Type>` of every sample."""

Event = dict[str, Any]
Row = dict[str, Any]


def event(name: str) -> Event:
    """Load a sample as one event in Event Grid schema, the caller's own to change."""
    (only,) = json.loads((FOLDER / f"{name}.json").read_text("utf-8"))
    return dict(only)


FORMS: Final[dict[str, Callable[[Event], Any]]] = {
    "Event Grid object": lambda grid: grid,
    "Event Grid array": lambda grid: [grid],
    "CloudEvents object": as_cloud_event,
    "CloudEvents array": lambda grid: [as_cloud_event(grid)],
}
"""What may be delivered, by its name."""


def golden_path(name: str) -> Path:
    """Tell where the golden of a sample stands."""
    generation, _, event_type = name.partition("/")
    return FOLDER / generation / "rows" / f"{event_type}.json"


def golden(name: str) -> list[Row]:
    """Load the rows that a sample in Event Grid schema becomes, as `[{"table": …, "entity": {…}}]`."""
    rows: list[Row] = json.loads(golden_path(name).read_text("utf-8"))
    return rows


def rows(event: DecodedEvent) -> list[Row]:
    """Write the rows of an event as a golden has them."""
    return [
        {
            "table": row.table,
            "entity": {name: value for name, value in row.entity.items() if not name.startswith("Raw")},
        }
        for row in record_rows(event)
    ]


def record_entities(event: DecodedEvent) -> list[Any]:
    """Return the rows that keep an event whole; its row in the time line is only a pointer to them."""
    return [row.entity for row in record_rows(event) if row.table != TIMELINE]


def write_goldens() -> None:
    """Write every golden anew from what the decoder does now."""
    for name in NAMES:
        text = json.dumps(rows(decode(json.dumps(event(name)))), indent=2, ensure_ascii=False)
        golden_path(name).write_text(f"{text}\n", "utf-8")


if __name__ == "__main__":
    write_goldens()
