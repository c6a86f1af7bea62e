"""Whole numbers of 64 and 32 bits, the integer types of Table Storage, read from every form that events use."""

from decimal import Decimal
from typing import ClassVar, Self


class Int64(int):
    """A whole number of 64 bits. Events contain it as a number, as a string, or as a number such as `1.0`."""

    bits: ClassVar[int] = 64
    note: ClassVar[None] = None  # every accepted form is exact

    @classmethod
    def parse(cls, value: object) -> Self:
        """Read a JSON value.

        Raises:
            ValueError: not a whole number, or out of range.
        """
        number = cls(value if type(value) is int else _whole(value))
        if number.bit_length() >= cls.bits:
            raise ValueError(f"not within {cls.bits} bits")
        return number


class Int32(Int64):
    """A whole number of 32 bits."""

    bits = 32


def _whole(value: object) -> int:
    try:
        if isinstance(value, str) and value.isdecimal():
            return int(value)
        exact = Decimal(value) if isinstance(value, str) else value
        if isinstance(exact, Decimal) and exact == (number := int(exact)):
            return number
    except (ArithmeticError, ValueError):
        pass
    raise ValueError("not a whole number")
