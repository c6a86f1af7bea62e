"""Read JSON values into msgspec models the tolerant way: nothing is refused, everything odd is noted.

msgspec alone is exact about spelling and stops at the first error. Here field names match without regard to case,
fields that the model does not know are noted, and a field of the wrong type is left out and noted.
"""

from functools import cache
from typing import Any, Generic, NamedTuple, TypeVar, get_args

import msgspec

Model = TypeVar("Model", bound=msgspec.Struct)


class Reading(NamedTuple, Generic[Model]):
    """What was read.

    Attributes:
        model: the model, with wrong-typed fields at their defaults.
        drift: `path: what` of everything that is not as the model has it.
        rejected: the JSON names of the fields left out for their type, whole or in part.
    """

    model: Model
    drift: list[str]
    rejected: frozenset[str]


class _Shape(NamedTuple):
    names: frozenset[str]
    by_lower: dict[str, str]
    nested: tuple[tuple[str, "_Shape"], ...]


def read(value: dict[str, Any], model: type[Model], path: str) -> Reading[Model]:
    """Read a JSON object into a model; `path` is where the object stands, such as `$.data`."""
    drift: list[str] = []
    spelled = _as_spelled(value, _shape_of(model), path, drift)
    try:
        return Reading(msgspec.convert(spelled, model, strict=False), drift, frozenset())
    except msgspec.ValidationError:
        return _field_by_field(spelled, model, path, drift)


def _field_by_field(value: dict[str, Any], model: type[Model], path: str, drift: list[str]) -> Reading[Model]:
    fields: dict[str, object] = {}
    rejected: set[str] = set()
    for field in msgspec.structs.fields(model):
        name = field.encode_name
        if name not in value:
            continue
        try:
            fields[field.name] = msgspec.convert(value[name], field.type, strict=False)
        except msgspec.ValidationError as error:
            rejected.add(name)
            inner = _model_in(field.type)
            if isinstance(value[name], dict) and inner is not None and inner in get_args(field.type):
                fields[field.name] = _field_by_field(value[name], inner, f"{path}.{name}", drift).model
                continue
            problem, _, where = str(error).partition(" - at `$")
            drift.append(f"{path}.{name}{where.rstrip('`')}: {problem}")
    return Reading(model(**fields), drift, frozenset(rejected))


def _as_spelled(value: Any, shape: _Shape, path: str, drift: list[str]) -> Any:
    """Give a value with its field names spelled as in the model, all the way down; itself where it is so already."""
    if isinstance(value, list):
        return [_as_spelled(item, shape, f"{path}[{index}]", drift) for index, item in enumerate(value)]
    if not isinstance(value, dict):
        return value
    if not value.keys() <= shape.names:
        value = _respelled(value, shape, path, drift)
    for name, inner in shape.nested:
        part = value.get(name)
        if part is not None:
            spelled = _as_spelled(part, inner, f"{path}.{name}", drift)
            if spelled is not part:
                value = {**value, name: spelled}
    return value


def _respelled(value: dict[str, Any], shape: _Shape, path: str, drift: list[str]) -> dict[str, Any]:
    spelled = {name: part for name, part in value.items() if name in shape.names}
    for name in sorted(value.keys() - shape.names):  # sorted: the same outcome whatever the order of arrival
        known = shape.by_lower.get(name.lower())
        if known is None:
            drift.append(f"{path}.{name}: not in the model")
        elif known in spelled:
            drift.append(f"{path}.{name}: stands beside {known}, which is used")
        else:
            spelled[known] = value[name]
    return spelled


@cache
def _shape_of(model: type[msgspec.Struct]) -> _Shape:
    fields = msgspec.structs.fields(model)
    names = [field.encode_name for field in fields]
    nested = [(field.encode_name, _model_in(field.type)) for field in fields]
    return _Shape(
        names=frozenset(names),
        by_lower={name.lower(): name for name in names},
        nested=tuple((name, _shape_of(inner)) for name, inner in nested if inner is not None),
    )


def _model_in(annotation: Any) -> type[msgspec.Struct] | None:
    """Find the model inside `Model | None` or `list[Model] | None`."""
    if isinstance(annotation, type) and issubclass(annotation, msgspec.Struct):
        return annotation
    return next((model for part in get_args(annotation) if (model := _model_in(part)) is not None), None)
