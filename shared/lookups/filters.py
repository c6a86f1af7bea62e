"""Query filters. Values are parameters that the SDK quotes, so a caller's text never becomes syntax.

https://learn.microsoft.com/rest/api/storageservices/querying-tables-and-entities
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Literal, NamedTuple

Value = str | int | datetime
Operator = Literal["eq", "ne", "gt", "ge", "lt", "le"]


class Filter(NamedTuple):
    """A condition on rows.

    Attributes:
        words: the words of the filter, with `@` in place of each value.
        values: the values, in order.
    """

    words: tuple[str, ...] = ()
    values: tuple[Value, ...] = ()

    def as_query(self) -> tuple[str, dict[str, Value]]:
        """Return the filter as azure-data-tables takes it: the text, and the values by parameter name."""
        names = iter(range(len(self.values)))
        text = " ".join(f"@v{next(names)}" if word == "@" else word for word in self.words)
        return text, {f"v{number}": value for number, value in enumerate(self.values)}


EVERYTHING = Filter()


def where(column: str, operator: Operator, value: Value) -> Filter:
    """Return a filter that compares a column with a value; rows without the column do not match."""
    return Filter((column, operator, "@"), (value,))


def all_of(*filters: Filter) -> Filter:
    """Return the conjunction of filters."""
    return _joined("and", filters)


def any_of(*filters: Filter) -> Filter:
    """Return the disjunction of filters."""
    joined = _joined("or", filters)
    return Filter(("(", *joined.words, ")"), joined.values)


def _joined(operator: str, filters: tuple[Filter, ...]) -> Filter:
    conditions = [one for one in filters if one.words]

    def words() -> Iterator[str]:
        for number, one in enumerate(conditions):
            yield from (operator, *one.words) if number else one.words

    return Filter(tuple(words()), tuple(value for one in conditions for value in one.values))
