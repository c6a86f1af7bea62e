"""The rows of the stand-in: kept as the JSON that answers show, so that a page is joined and not encoded."""

from bisect import bisect_left, bisect_right, insort
from typing import Any, NamedTuple

import msgspec

from benchmarks.table_requests import decode

_INFERRED = ("Edm.String", "Edm.Int32", "Edm.Boolean")  # JSON's own types: answers do not annotate them


class Row(NamedTuple):
    """A stored row: its Timestamp, and its columns as the inside of a JSON object."""

    stamp: str
    columns: bytes

    def json(self, names: set[str] | None = None) -> bytes:
        """Return the row as the service shows it, with the named columns or all."""
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
        """Write rows, many of them at the price of one sort."""
        new = rows.keys() - self.rows.keys()
        self.rows.update(rows)
        if len(new) > len(self.keys):
            self.keys = sorted(self.rows)
        else:
            for key in new:
                insort(self.keys, key)

    def select(self, comparisons: list[tuple[str, str, str]]) -> tuple[int, int]:
        """Return the range of keys that satisfies all comparisons."""
        start, stop = 0, len(self.keys)
        for _, operator, value in comparisons:
            left, right = bisect_left(self.keys, value), bisect_right(self.keys, value)
            if operator in ("eq", "ge", "gt"):
                start = max(start, right if operator == "gt" else left)
            if operator in ("eq", "le", "lt"):
                stop = min(stop, left if operator == "lt" else right)
        return start, stop


def encode(columns: dict[str, Any]) -> bytes:
    """Return the columns that the service keeps, as the inside of a JSON object."""
    kept = {
        name: value
        for name, value in columns.items()
        if name != "Timestamp"
        and not name.startswith("odata.")
        and not (name.endswith("@odata.type") and value in _INFERRED)
    }
    return msgspec.json.encode(kept)[1:-1]
