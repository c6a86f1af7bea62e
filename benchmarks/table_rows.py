"""The stand-in's rows, stored as the JSON of answers, so that a page is joined instead of encoded."""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterator
from typing import Any, NamedTuple

import msgspec

from benchmarks.table_requests import decode

Comparison = tuple[str, str, str]
"""The name of a key, an operator and a value."""

_INFERRED = ("Edm.String", "Edm.Int32", "Edm.Boolean")  # JSON's own types, which answers do not annotate


class Row(NamedTuple):
    """A stored row: its Timestamp, and its columns as the members of a JSON object."""

    stamp: str
    columns: bytes

    def json(self, names: set[str] | None = None) -> bytes:
        """Return the row as the service writes it, with the named columns or all."""
        head = b'{"odata.etag":"W/\\"datetime\'%s\'\\"",' % self.stamp.replace(":", "%3A").encode()
        if names is None:
            return b'%s%s,"Timestamp":"%s"}' % (head, self.columns, self.stamp.encode())
        columns = decode(b'{%s,"Timestamp":"%s"}' % (self.columns, self.stamp.encode()))
        chosen = {name: value for name, value in columns.items() if name.partition("@")[0] in names}
        return head.rstrip(b",") + b"}" if not chosen else head + msgspec.json.encode(chosen)[1:]


class Partition:
    """The rows of one partition, in RowKey order."""

    def __init__(self) -> None:
        self.keys: list[str] = []
        self.rows: dict[str, Row] = {}

    def put(self, rows: dict[str, Row]) -> None:
        """Write rows, and sort only once for all of them."""
        new = rows.keys() - self.rows.keys()
        self.rows.update(rows)
        if len(new) > len(self.keys):
            self.keys = sorted(self.rows)
        else:
            for key in new:
                insort(self.keys, key)


class Table(dict[str, Partition]):
    """The partitions of a table."""

    def __init__(self) -> None:
        super().__init__()
        self._ordered: list[str] = []

    def ordered(self) -> list[str]:
        """Return all PartitionKeys in order."""
        if len(self._ordered) != len(self):
            self._ordered = sorted(self)
        return self._ordered

    def between(self, comparisons: list[Comparison]) -> Iterator[tuple[str, Partition]]:
        """Yield the partitions whose keys satisfy all comparisons, in order."""
        ordered = self.ordered()
        for key in ordered[slice(*within(ordered, comparisons))]:
            yield key, self[key]


def within(keys: list[str], comparisons: list[Comparison]) -> tuple[int, int]:
    """Return the range of the ordered keys that satisfies all comparisons."""
    start, stop = 0, len(keys)
    for _, operator, value in comparisons:
        left, right = bisect_left(keys, value), bisect_right(keys, value)
        if operator in ("eq", "ge", "gt"):
            start = max(start, right if operator == "gt" else left)
        if operator in ("eq", "le", "lt"):
            stop = min(stop, left if operator == "lt" else right)
    return start, max(start, stop)


def encode(columns: dict[str, Any]) -> bytes:
    """Return the columns that the service keeps, as the members of a JSON object."""
    kept = {
        name: value
        for name, value in columns.items()
        if name != "Timestamp"
        and not name.startswith("odata.")
        and not (name.endswith("@odata.type") and value in _INFERRED)
    }
    return msgspec.json.encode(kept)[1:-1]
