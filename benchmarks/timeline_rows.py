"""A time line of any length that needs no memory, because its rows are generated when they are read."""

from benchmarks.table_requests import decode as decode_json
from benchmarks.table_requests import timestamp
from benchmarks.table_rows import Partition, Row, Table, encode
from shared.decoder import decode
from shared.events.timestamps import TICKS_PER_SECOND
from shared.rows.keys import newest_first
from shared.rows.records import record_rows
from shared.rows.timeline import SHARDS, partition_of
from shared.storage.odata import encode_rows

_MINUTE = 60 * TICKS_PER_SECOND
_KEYS = "PartitionKey", "RowKey"


class GeneratedTimeline(Table):
    """Rows of one and the same event, spread evenly over minutes and shards.

    Args:
        text: the event.
        newest: ticks of the last minute.
        minutes: how many minutes there are.
        per_minute: how many events in each minute of each shard.
    """

    def __init__(self, text: str, newest: int, minutes: int, per_minute: int) -> None:
        super().__init__()
        (pointer,) = [row for row in encode_rows(record_rows(decode(text))) if row.table == "Timeline"]
        columns = {name: value for name, value in decode_json(pointer.body).items() if name not in _KEYS}
        self._columns = encode(columns)
        self._stamp = timestamp()
        self._per_minute = per_minute
        last = newest - newest % _MINUTE
        self._minutes = {
            partition_of(shard, last - minute * _MINUTE): last - minute * _MINUTE
            for shard in range(SHARDS)
            for minute in range(minutes)
        }
        self._ordered = sorted(self._minutes)

    def ordered(self) -> list[str]:
        """Return all PartitionKeys in order."""
        return self._ordered

    def __missing__(self, key: str) -> Partition:
        """Generate the rows of a minute in a shard."""
        partition = Partition()
        for number in range(self._per_minute):
            ticks = self._minutes[key] + number * (_MINUTE // self._per_minute)
            row_key = newest_first(ticks, f"{number:016x}")
            keys = encode(dict(zip(_KEYS, (key, row_key), strict=True)))
            partition.rows[row_key] = Row(self._stamp, b"%s,%s" % (keys, self._columns))
        partition.keys = sorted(partition.rows)
        return partition
