"""Bad weather for the stand-in: partitions that never answer, and partitions that take only so many rows a second."""

import math

import msgspec

from benchmarks.table_requests import Refusal


class Weather(msgspec.Struct):
    """What befalls writes, by PartitionKey.

    Attributes:
        hung: the partitions that never answer and keep nothing.
        rows_per_second: what a partition takes in each of its tables.
        busy: whether rows beyond that are refused, as the service does, or else answered late.
    """

    hung: frozenset[str] = frozenset()
    rows_per_second: dict[str, float] = {}
    busy: bool = False


class Gate:
    """Lets writes through as the weather has it."""

    def __init__(self, weather: Weather) -> None:
        self._weather = weather
        self._free_at: dict[tuple[str, str], float] = {}  # when a partition of a table has done all it was given

    def enter(self, table: str, partition: str, rows: int, now: float) -> float:
        """Return how many seconds a write takes beyond the usual, infinitely many if it hangs, or refuse it."""
        if partition in self._weather.hung:
            return math.inf
        rate = self._weather.rows_per_second.get(partition)
        if rate is None:
            return 0.0
        free_at = self._free_at.get((table, partition), now)
        if self._weather.busy and free_at > now:
            raise Refusal("503 Service Unavailable", "ServerBusy", "The server is busy.")
        free_at = self._free_at[table, partition] = max(free_at, now) + rows / rate
        return 0.0 if self._weather.busy else free_at - now
