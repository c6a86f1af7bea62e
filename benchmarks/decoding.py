"""Compare decoding an event and encoding its rows with `json.loads` of the same text."""

import json
import statistics
import timeit
from collections.abc import Callable

import msgspec

from acsevents.samples import sample_files
from shared.decoder import decode
from shared.intake import TEXTS_AT_ONCE
from shared.rows.records import record_rows
from shared.sink import decode_together
from shared.storage.odata import encode_rows

_ROUNDS = 100  # many short turns: other processes did not disturb the best of them


class Decoding(msgspec.Struct):
    """Best times for one sample, in microseconds per text.

    Attributes:
        json_us: `json.loads`.
        decode_us: decoding to the event.
        lone_us: decoding and encoding all rows, as for a lone event.
        together_us: the same as in a burst: step by step for as many texts as the intake decodes together.
    """

    name: str
    json_us: float
    decode_us: float
    lone_us: float
    together_us: float

    @property
    def decode_ratio(self) -> float:
        """Time of decoding to the event, relative to `json.loads`."""
        return self.decode_us / self.json_us

    @property
    def lone_ratio(self) -> float:
        """Time of decoding and encoding all rows of a lone event, relative to `json.loads`."""
        return self.lone_us / self.json_us

    @property
    def together_ratio(self) -> float:
        """Time of decoding and encoding all rows in a burst, relative to `json.loads`."""
        return self.together_us / self.json_us


def compare() -> list[Decoding]:
    """Measure every sample in the form that the host hands over: compact JSON."""
    samples = {f"{path.parent.name}/{path.stem}": json.loads(path.read_text("utf-8"))[0] for path in sample_files()}
    works = [_works(event) for event in samples.values()]
    best = [[float("inf")] * len(of_sample) for of_sample in works]
    for _ in range(_ROUNDS):  # samples in turn, so that a slow moment does not spoil every turn of one sample
        for times, of_sample in zip(best, works, strict=True):
            for number, work in enumerate(of_sample):
                times[number] = min(times[number], timeit.timeit(work, number=1) / TEXTS_AT_ONCE * 1e6)
    return [Decoding(name, *times) for name, times in zip(samples, best, strict=True)]


def over_all(decodings: list[Decoding]) -> Decoding:
    """Return the mean over all samples."""
    times = zip(*(msgspec.structs.astuple(one)[1:] for one in decodings), strict=True)
    return Decoding("all samples", *map(statistics.mean, times))


def _works(event: object) -> tuple[Callable[[], object], ...]:
    texts = [json.dumps(event, separators=(",", ":"), ensure_ascii=False) for _ in range(TEXTS_AT_ONCE)]
    return (
        lambda: [json.loads(text) for text in texts],
        lambda: [decode(text) for text in texts],
        lambda: [encode_rows(record_rows(decode(text))) for text in texts],
        lambda: decode_together(texts),
    )
