"""The fields of the payload models by JSON name, with their types."""

from collections.abc import Iterator
from functools import cache
from typing import Final

from msgspec import Struct, inspect

from shared import catalogue


@cache
def fields_of(model: type[Struct]) -> dict[str, inspect.Type]:
    """Return the types of a model's fields, without None and without notes for the tolerant reader."""
    info = inspect.type_info(model)
    assert isinstance(info, inspect.StructType)
    return {field.encode_name: _without_null(field.type) for field in info.fields}


def _without_null(field_type: inspect.Type) -> inspect.Type:
    if not isinstance(field_type, inspect.UnionType):
        return field_type
    (only,) = [part for part in field_type.types if not isinstance(part, inspect.NoneType)]
    return only.type if isinstance(only, inspect.Metadata) else only


def _maps_in(model: type[Struct]) -> Iterator[str]:
    for name, field_type in fields_of(model).items():
        inner = field_type.item_type if isinstance(field_type, inspect.ListType) else field_type
        if isinstance(inner, inspect.StructType):
            yield from _maps_in(inner.cls)
        elif isinstance(inner, inspect.DictType):
            yield name


MAPS: Final = frozenset(name for row in catalogue.EVENT_TYPES.values() for name in _maps_in(row.payload))
"""JSON names of the fields whose content is the sender's own affair, such as `metadata`: no model looks into them."""
