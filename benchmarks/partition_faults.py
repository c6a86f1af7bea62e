"""Faults of the stand-in: partitions that never answer, and partitions with a limit of rows a second."""

import math

import msgspec

from benchmarks.table_requests import Refusal


class PartitionFaults(msgspec.Struct):
    """The faults of writes, by PartitionKey.

    Attributes:
        hung: the partitions that never answer and store nothing.
        rows_per_second: the rate that a partition accepts in each of its tables.
        busy: whether writes beyond that are refused, as by the service, instead of answered late.
    """

    hung: frozenset[str] = frozenset()
    rows_per_second: dict[str, float] = {}
    busy: bool = False


class Gate:
    """Delays or refuses writes as the faults require."""

    def __init__(self, faults: PartitionFaults) -> None:
        self._faults = faults
        self._free_at: dict[tuple[str, str], float] = {}  # when a partition of a table will have finished its writes

    def enter(self, table: str, partition: str, rows: int, now: float) -> float:
        """Return the seconds to delay a write, infinity if it hangs; or refuse it."""
        if partition in self._faults.hung:
            return math.inf
        rate = self._faults.rows_per_second.get(partition)
        if rate is None:
            return 0.0
        free_at = self._free_at.get((table, partition), now)
        if self._faults.busy and free_at > now:
            raise Refusal("503 Service Unavailable", "ServerBusy", "The server is busy.")
        free_at = self._free_at[table, partition] = max(free_at, now) + rows / rate
        return 0.0 if self._faults.busy else free_at - now
