"""Decode, normalize and make rows, beside `json.loads` of the same text."""

import json
import timeit
from collections.abc import Callable
from typing import Any

import msgspec

from acsevents.samples import events
from shared.decoder import decode
from shared.rows.records import record_rows

_ROUNDS = 15
_REPEATS = 200


class Decoding(msgspec.Struct):
    """Best times for one event type, in microseconds."""

    name: str
    json_us: float
    decode_us: float

    @property
    def ratio(self) -> float:
        """How often `json.loads` fits into decoding."""
        return self.decode_us / self.json_us


def compare() -> list[Decoding]:
    """Measure every sample as the host hands it over: compact JSON."""
    return [_compare(event) for event in events()]


def _compare(event: dict[str, Any]) -> Decoding:
    text = json.dumps(event, separators=(",", ":"), ensure_ascii=False)
    loads: list[float] = []
    decodes: list[float] = []
    for _ in range(_ROUNDS):  # by turns: a slow moment hits both
        loads.append(_time(lambda: json.loads(text)))
        decodes.append(_time(lambda: list(record_rows(decode(text)))))
    return Decoding(event["eventType"].rpartition(".")[2], min(loads), min(decodes))


def _time(work: Callable[[], object]) -> float:
    return timeit.timeit(work, number=_REPEATS) / _REPEATS * 1e6
