"""Sixteen hex digits that tell contents apart."""

from hashlib import blake2b


def digest(content: bytes) -> str:
    """Return 64 bits of BLAKE2b as hex digits.

    They tell rows apart that share a partition and a tick. Among a million such rows two collide with a probability
    of 3 in 100 million, among a billion with 2.7 %.
    """
    return blake2b(content, digest_size=8).hexdigest()
