"""Whole numbers of 64 and 32 bits, the integer types of Table Storage, read from every form that events use."""

from decimal import Decimal
from typing import Annotated, ClassVar, Final, Self

import msgspec


class Int64(int):
    """A whole number of 64 bits. Events contain it as a number, as a string, or as a number such as `1.0`."""

    note: ClassVar[None] = None  # every accepted form is exact

    @classmethod
    def parse(cls, value: object) -> Self:
        """Read a JSON value.

        Raises:
            ValueError: not a whole number, or out of range.
        """
        return cls(_within(64, value))


def _int32(value: object) -> int:
    return _within(32, value)


_MOST_DIGITS: Final = 20  # more than 64 bits have
_LARGEST_INT32: Final = 2**31 - 1

Int32 = Annotated[int, msgspec.Meta(ge=-_LARGEST_INT32, le=_LARGEST_INT32, extra={"parse": _int32})]
"""A whole number of 32 bits. Events contain it as a number, which msgspec reads by itself; other forms are parsed."""


def _within(bits: int, value: object) -> int:
    number = value if type(value) is int else _whole(value)
    if number.bit_length() >= bits:
        raise ValueError(f"not within {bits} bits")
    return number


def _whole(value: object) -> int:
    try:
        if isinstance(value, str) and value.isdecimal():
            return int(value)
        exact = Decimal(value) if isinstance(value, str) else value
        if isinstance(exact, Decimal) and exact.adjusted() > _MOST_DIGITS:
            return 1 << 64  # out of range, too; int() would write out all digits, which takes hours for 1e999999999
        if isinstance(exact, Decimal) and exact == (number := int(exact)):
            return number
    except (ArithmeticError, ValueError):
        pass
    raise ValueError("not a whole number")
