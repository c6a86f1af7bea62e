"""Compare decoding an event and encoding its rows with `json.loads` of the same text."""

import json
import statistics
import timeit
from collections.abc import Callable

import msgspec

from acsevents.samples import sample_files
from shared.decoder import decode
from shared.intake import CHARACTERS_AT_ONCE, TEXTS_AT_ONCE
from shared.rows.records import record_rows
from shared.sink import decode_together
from shared.storage.odata import encode_rows

_ROUNDS = 100  # many short turns: other processes did not disturb the best of them


class Decoding(msgspec.Struct):
    """Best times for one sample, in microseconds per text; the texts of a sample are equal.

    Attributes:
        json_us: `json.loads`.
        decode_us: decoding to the event.
        each_us: decoding and encoding all rows, each text on its own.
        together_us: the same step by step, for as many texts as the intake decodes together.
    """

    name: str
    json_us: float
    decode_us: float
    each_us: float
    together_us: float

    @property
    def decode_ratio(self) -> float:
        """Time of decoding to the event, relative to `json.loads`."""
        return self.decode_us / self.json_us

    @property
    def each_ratio(self) -> float:
        """Time of decoding and encoding all rows, each text on its own, relative to `json.loads`."""
        return self.each_us / self.json_us

    @property
    def together_ratio(self) -> float:
        """Time of decoding and encoding all rows, step by step, relative to `json.loads`."""
        return self.together_us / self.json_us


def compare() -> list[Decoding]:
    """Measure every sample in the form that the host hands over: compact JSON."""
    samples = {f"{path.parent.name}/{path.stem}": json.loads(path.read_text("utf-8"))[0] for path in sample_files()}
    texts = [_texts(event) for event in samples.values()]
    works = [_works(of_sample) for of_sample in texts]
    best = [[float("inf")] * len(of_sample) for of_sample in works]
    for _ in range(_ROUNDS):  # samples in turn, so that a slow moment does not spoil every turn of one sample
        for times, of_sample, count in zip(best, works, map(len, texts), strict=True):
            for number, work in enumerate(of_sample):
                times[number] = min(times[number], timeit.timeit(work, number=1) / count * 1e6)
    return [Decoding(name, *times) for name, times in zip(samples, best, strict=True)]


def over_all(decodings: list[Decoding]) -> Decoding:
    """Return the mean over all samples."""
    times = zip(*(msgspec.structs.astuple(one)[1:] for one in decodings), strict=True)
    return Decoding("all samples", *map(statistics.mean, times))


def _texts(event: object) -> list[str]:
    """Return as many equal texts as the intake decodes together."""
    text = json.dumps(event, separators=(",", ":"), ensure_ascii=False)
    count = min(TEXTS_AT_ONCE, max(1, CHARACTERS_AT_ONCE // len(text)))
    return ["".join(text) for _ in range(count)]  # each of them in memory of its own


def _works(texts: list[str]) -> tuple[Callable[[], object], ...]:
    return (
        lambda: [json.loads(text) for text in texts],
        lambda: [decode(text) for text in texts],
        lambda: [encode_rows(record_rows(decode(text))) for text in texts],
        lambda: decode_together(texts),
    )
