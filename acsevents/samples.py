"""The sample events, one of each type and generation, in both schemas."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

SAMPLES = Path(__file__).parents[1] / "samples"


def sample_files() -> list[Path]:
    """Return the sample files, oldest generation first."""
    return sorted(SAMPLES.glob("*/*.json"))


def events() -> Iterator[dict[str, Any]]:
    """Yield every sample event in Event Grid schema."""
    for path in sample_files():
        yield from json.loads(path.read_text(encoding="utf-8"))


def as_cloud_event(event: Mapping[str, Any]) -> dict[str, Any]:
    """Return an event in Event Grid schema as CloudEvents 1.0, with only the fields that it has.

    https://learn.microsoft.com/azure/event-grid/cloud-event-schema
    """
    renamed = {"topic": "source", "eventType": "type", "eventTime": "time"}
    kept = ("id", "topic", "subject", "eventType", "eventTime", "data")
    return {**{renamed.get(name, name): event[name] for name in kept if name in event}, "specversion": "1.0"}
