"""Handles: a short id for one event, from which its row in `Timeline` is found with one query."""

from typing import Final, NamedTuple, Self

from shared.events.timestamps import reverse
from shared.rows.keys import newest_first, ticks_and_digest
from shared.rows.timeline import SHARDS, partition_of, shard_of

# Crockford's base 32, which has no letters that look alike. 26 of them hold 128 bits, as in a ULID.
_ALPHABET: Final = "0123456789abcdefghjkmnpqrstvwxyz"
_LENGTH: Final = 26
_DIGEST_BITS: Final = 64
_SHARD_BITS: Final = 2
_NO_HANDLE: Final = "a handle has 26 letters and digits, as `acsevents events` shows them"
_READ_AS: Final = str.maketrans("oil", "011")


class Handle(NamedTuple):
    """The shard, ticks and digest of an event, from which the keys of its row in `Timeline` are built.

    Attributes:
        shard: the shard of the event's owner.
        ticks: the event's time; handles sort by it.
        digest: the event's digest.
    """

    shard: int
    ticks: int
    digest: str

    def __str__(self) -> str:
        """Return 26 letters and digits."""
        number = self.ticks << _SHARD_BITS | self.shard
        number = number << _DIGEST_BITS | int(self.digest, 16)
        return "".join(_ALPHABET[number >> 5 * place & 31] for place in reversed(range(_LENGTH)))

    @classmethod
    def parse(cls, text: str) -> Self:
        """Parse a handle, in upper or lower case.

        Raises:
            ValueError: not a handle.
        """
        written = text.strip().lower().translate(_READ_AS)
        if len(written) != _LENGTH or not set(written) <= set(_ALPHABET):
            raise ValueError(_NO_HANDLE)
        number = 0
        for character in written:
            number = number << 5 | _ALPHABET.index(character)
        number, content = divmod(number, 1 << _DIGEST_BITS)
        ticks, shard = divmod(number, 1 << _SHARD_BITS)
        if reverse(ticks).startswith("-"):  # after the year 9999
            raise ValueError(_NO_HANDLE)
        return cls(shard, ticks, f"{content:016x}")

    @classmethod
    def of_record(cls, partition_key: str, row_key: str) -> Self:
        """Return the handle of the event of a record row; raise ValueError if the keys are not of this app."""
        return cls(shard_of(partition_key), *ticks_and_digest(row_key))

    @classmethod
    def of_timeline(cls, partition_key: str, row_key: str) -> Self:
        """Return the handle of the event of a row in `Timeline`; raise ValueError if the keys are not of this app."""
        shard = int(partition_key.partition("~")[0])
        if not 0 <= shard < SHARDS:
            raise ValueError("not a shard of Timeline")
        return cls(shard, *ticks_and_digest(row_key))

    @property
    def key(self) -> tuple[str, str]:
        """PartitionKey and RowKey of the event's row in `Timeline`."""
        return partition_of(self.shard, self.ticks), newest_first(self.ticks, self.digest)
