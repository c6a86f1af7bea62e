"""The partitions of `Timeline`, the table for "what happened recently, over all numbers, users and threads?"."""

from functools import lru_cache
from typing import Final
from zlib import crc32

from shared.events.timestamps import TICKS_PER_SECOND, reverse

SHARDS: Final = 4  # a partition takes 2,000 rows a second
_MINUTE: Final = 60 * TICKS_PER_SECOND

Place = tuple[str, str, str]
"""Table, PartitionKey and RowKey of a row."""


@lru_cache(maxsize=1_024)  # a burst is of few owners and few minutes
def _partition_of_minute(shard: int, minute: int) -> str:
    return f"{shard}~{reverse(minute)}"


def partition_of(shard: int, ticks: int) -> str:
    """Return the PartitionKey of a minute in a shard; newer minutes sort first.

    It is derived from the event's own time, so that a redelivery writes the same row.
    """
    return _partition_of_minute(shard, ticks - ticks % _MINUTE)


@lru_cache(maxsize=1_024)
def shard_of(owner_key: str) -> int:
    """Return the shard of an owner. Events of one owner share it, so a burst of them is written in one transaction."""
    return crc32(owner_key.encode()) % SHARDS
