"""Read JSON values into msgspec models the tolerant way: nothing is refused, everything odd is noted.

msgspec alone is exact about spelling and stops at the first error. Here field names match without regard to case,
fields that the model does not know are noted, and a field of the wrong type is left out and noted. What is exactly as
the model has it, as nearly all events are, is converted by msgspec in one step; only the rest pays for tolerance.
"""

from functools import cache
from typing import Any, Generic, TypeVar, get_args

import msgspec


class Tolerant(msgspec.Struct, rename="camel", forbid_unknown_fields=True):
    """Base of all models that are read here; the two settings make msgspec notice whatever is odd."""


Model = TypeVar("Model", bound=Tolerant)

_MOST_SPELLINGS = 1_000  # of known names in other casings; more than exist outside of attacks


class Reading(msgspec.Struct, Generic[Model]):
    """What was read.

    Attributes:
        model: the model, with wrong-typed fields at their defaults.
        drift: `path: what` of everything that is not as the model has it.
        rejected: the JSON names of the fields left out for their type, whole or in part.
    """

    model: Model
    drift: list[str]
    rejected: frozenset[str] = frozenset()


class _Shape(msgspec.Struct):
    names: dict[str, str]
    nested: tuple[tuple[str, "_Shape"], ...]
    spellings: dict[tuple[str, ...], tuple[str, ...]]


def read(value: dict[str, Any], model: type[Model], path: str) -> Reading[Model]:
    """Read a JSON object into a model; `path` is where the object stands, such as `$.data`."""
    try:
        return Reading(msgspec.convert(value, model, strict=False), [])
    except (msgspec.ValidationError, UnicodeEncodeError):  # the latter for an unknown name with half an emoji in it
        return _read_odd(value, model, path)


def _read_odd(value: dict[str, Any], model: type[Model], path: str) -> Reading[Model]:
    drift: list[str] = []
    spelled = _as_spelled(value, _shape_of(model), path, drift)
    try:
        return Reading(msgspec.convert(spelled, model, strict=False), drift)
    except msgspec.ValidationError:
        return _read_field_by_field(spelled, model, path, drift)


def _read_field_by_field(value: dict[str, Any], model: type[Model], path: str, drift: list[str]) -> Reading[Model]:
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
                fields[field.name] = _read_field_by_field(value[name], inner, f"{path}.{name}", drift).model
                continue
            problem, _, where = str(error).partition(" - at `$")
            drift.append(f"{path}.{name}{where.rstrip('`')}: {problem}")
    return Reading(model(**fields), drift, frozenset(rejected))


def _as_spelled(value: Any, shape: _Shape, path: str, drift: list[str]) -> Any:
    """Give a value with the field names of the model and no others, all the way down."""
    if isinstance(value, list):
        return [_as_spelled(item, shape, f"{path}[{index}]", drift) for index, item in enumerate(value)]
    if not isinstance(value, dict):
        return value
    spelled = _respelled(value, shape, path, drift)
    for name, inner in shape.nested:
        part = spelled.get(name)
        if part is not None:
            spelled[name] = _as_spelled(part, inner, f"{path}.{name}", drift)
    return spelled


def _respelled(value: dict[str, Any], shape: _Shape, path: str, drift: list[str]) -> dict[str, Any]:
    names = tuple(value)
    known = shape.spellings.get(names)
    if known is not None:
        return dict(zip(known, value.values(), strict=True))
    exact = frozenset(shape.names.values())
    spelled = {name: part for name, part in value.items() if name in exact}
    noted = len(drift)
    for name in sorted(value.keys() - exact):  # sorted: the same outcome whatever the order of arrival
        meant = shape.names.get(name.lower())
        if meant is None:
            drift.append(f"{path}.{name}: not in the model")
        elif meant in spelled:
            drift.append(f"{path}.{name}: stands beside {meant}, which is used")
        else:
            spelled[meant] = value[name]
    # Only known names are remembered: what strangers make up must not fill the memory.
    if len(drift) == noted and len(shape.spellings) < _MOST_SPELLINGS:
        shape.spellings[names] = tuple(shape.names[name.lower()] for name in names)
    return spelled


@cache
def _shape_of(model: type[Tolerant]) -> _Shape:
    fields = msgspec.structs.fields(model)
    nested = [(field.encode_name, _model_in(field.type)) for field in fields]
    return _Shape(
        names={field.encode_name.lower(): field.encode_name for field in fields},
        nested=tuple((name, _shape_of(inner)) for name, inner in nested if inner is not None),
        spellings={},
    )


def _model_in(annotation: Any) -> type[Tolerant] | None:
    """Find the model inside `Model | None` or `list[Model] | None`."""
    if isinstance(annotation, type) and issubclass(annotation, Tolerant):
        return annotation
    return next((model for part in get_args(annotation) if (model := _model_in(part)) is not None), None)
