"""Compare decoding an event and encoding its rows with `json.loads` of the same text."""

import json
import statistics
import timeit
from collections.abc import Callable

import msgspec

from acsevents.samples import sample_files
from shared.decoder import decode
from shared.rows.records import record_rows
from shared.storage.odata import encode_rows

# Many short turns: other processes did not disturb the best of them.
_ROUNDS = 100
_REPEATS = 10


class Decoding(msgspec.Struct):
    """Best times for one sample, in microseconds."""

    name: str
    json_us: float
    decode_us: float
    rows_us: float

    @property
    def decode_ratio(self) -> float:
        """Time of decoding to the event, relative to `json.loads`."""
        return self.decode_us / self.json_us

    @property
    def rows_ratio(self) -> float:
        """Time of decoding and of encoding all rows for the wire, relative to `json.loads`."""
        return self.rows_us / self.json_us


def compare() -> list[Decoding]:
    """Measure every sample in the form that the host hands over: compact JSON."""
    samples = {f"{path.parent.name}/{path.stem}": json.loads(path.read_text("utf-8"))[0] for path in sample_files()}
    works = [_works(json.dumps(event, separators=(",", ":"), ensure_ascii=False)) for event in samples.values()]
    best = [[float("inf")] * len(of_sample) for of_sample in works]
    for _ in range(_ROUNDS):  # samples in turn, so that a slow moment does not spoil every turn of one sample
        for times, of_sample in zip(best, works, strict=True):
            for number, work in enumerate(of_sample):
                times[number] = min(times[number], timeit.timeit(work, number=_REPEATS) / _REPEATS * 1e6)
    return [Decoding(name, *times) for name, times in zip(samples, best, strict=True)]


def over_all(decodings: list[Decoding]) -> Decoding:
    """Return the mean over all samples."""
    times = zip(*((one.json_us, one.decode_us, one.rows_us) for one in decodings), strict=True)
    return Decoding("all samples", *map(statistics.mean, times))


def _works(text: str) -> tuple[Callable[[], object], ...]:
    return lambda: json.loads(text), lambda: decode(text), lambda: encode_rows(record_rows(decode(text)))
