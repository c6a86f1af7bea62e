"""The digest that distinguishes events: 16 hex digits."""

from hashlib import blake2b


def digest(content: bytes) -> str:
    """Return 64 bits of BLAKE2b as hex digits.

    The digest distinguishes rows of the same partition and tick. The probability that any two collide is 3 in
    100 million among a million such rows, and 2.7 % among a billion.
    """
    return blake2b(content, digest_size=8).hexdigest()
