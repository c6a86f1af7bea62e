"""Read JSON values into msgspec models the tolerant way: nothing is refused, everything odd is noted.

msgspec alone is exact about spelling and stops at the first error. Here field names match without regard to case,
fields that the model does not know are noted, and a part of the wrong type is left out and noted. What is exactly as
the model has it, as nearly all events are, is converted by msgspec in one step; only the rest pays for tolerance.
"""

from collections.abc import Iterable
from functools import cache
from types import NoneType
from typing import Any, Final, Generic, Protocol, Self, TypeVar, get_args, get_origin

import msgspec


class Tolerant(msgspec.Struct, rename="camel", forbid_unknown_fields=True):
    """Base of all models; its settings make msgspec refuse every unknown name, so that none passes unnoticed."""


class Scalar(Protocol):
    """A type that reads itself from a JSON value, such as a time.

    Attributes:
        note: what is odd about the value, None for an exact reading.
    """

    @property
    def note(self) -> str | None: ...  # noqa: D102  see above

    @classmethod
    def parse(cls, value: object) -> Self:
        """Read a JSON value; raise ValueError with the problem, quoting nothing of the value."""
        ...


Model = TypeVar("Model", bound=Tolerant)

_MOST_SPELLINGS: Final = 1_000  # of known names in other casings; more than exist outside of attacks


class Reading(msgspec.Struct, Generic[Model]):
    """A model as it was read, with what is odd about it.

    Attributes:
        model: the model, with wrong-typed fields at their defaults.
        notes: `path: what` of everything that is not as the model has it.
        rejected: the JSON names of the fields left out for their type, whole or in part.
    """

    model: Model
    notes: list[str]
    rejected: frozenset[str] = frozenset()


class _Shape(msgspec.Struct):
    names: dict[str, str]
    types: dict[str, tuple[str, Any]]
    nested: tuple[tuple[str, "_Shape"], ...]
    closed: bool
    spellings: dict[tuple[str, ...], tuple[str, ...]]

    def is_spelled(self, value: object) -> bool:
        """Return whether there is nothing to respell: no object, or one whose names are all the model's own."""
        return not isinstance(value, dict) or (not self.nested and self.types.keys() >= value.keys())


def read(value: dict[str, Any], model: type[Model], path: str) -> Reading[Model]:
    """Read a JSON object into a model; `path` is where the object stands, such as `$.data`."""
    shape = _shape_of(model)
    known = not shape.spellings or tuple(value) not in shape.spellings
    if known and (shape.closed or not _is_respelled(value, shape)):
        try:
            return Reading(msgspec.convert(value, model, dec_hook=_exact), [])
        except (msgspec.ValidationError, UnicodeEncodeError):  # the latter for an unknown name with half an emoji
            pass
    return _TolerantReader().read(value, model, path)


def _is_respelled(value: Iterable[str], shape: _Shape) -> bool:
    """Return whether a field of an open model stands there in another casing; msgspec takes it for an extension."""
    return any(name not in shape.types and name.lower() in shape.names for name in value)


def _exact(scalar: type[Scalar], value: object) -> Scalar:
    """Read a scalar and raise where something is odd about it; msgspec turns a ValueError into its own error."""
    parsed = scalar.parse(value)
    if parsed.note is not None:
        raise ValueError(parsed.note)
    return parsed


class _TolerantReader:
    """Reads one value that is not exactly as its model has it, and collects what is odd."""

    def __init__(self) -> None:
        self._notes: list[str] = []

    def read(self, value: dict[str, Any], model: type[Model], path: str) -> Reading[Model]:
        spelled = self._respelled(value, _shape_of(model), path)
        try:
            return Reading(msgspec.convert(spelled, model, dec_hook=_exact), self._notes)
        except msgspec.ValidationError:
            fields, rejected = self._fields(spelled, model, path)
            return Reading(model(**fields), self._notes, frozenset(rejected))

    def _respelled(self, value: dict[str, Any], shape: _Shape, path: str) -> dict[str, Any]:
        """Return an object with the field names of the model and no others, at every depth."""
        spelled = self._with_known_names(value, shape, path)
        for name, inner in shape.nested:
            part = spelled.get(name)
            if isinstance(part, dict):
                spelled[name] = self._respelled(part, inner, f"{path}.{name}")
            elif isinstance(part, list):
                spelled[name] = [
                    item if inner.is_spelled(item) else self._respelled(item, inner, f"{path}.{name}[{index}]")
                    for index, item in enumerate(part)
                ]
        return spelled

    def _with_known_names(self, value: dict[str, Any], shape: _Shape, path: str) -> dict[str, Any]:
        names = tuple(value)
        known = shape.spellings.get(names)
        if known is not None:
            return dict(zip(known, value.values(), strict=True))
        spelled = {name: part for name, part in value.items() if name in shape.types}
        others = sorted(value.keys() - shape.types.keys())  # sorted: the same outcome whatever the order of arrival
        for name in others:
            meant = shape.names.get(name.lower())
            if meant is None:
                if shape.closed:
                    self._notes.append(f"{path}.{name}: not in the model")
            elif meant in spelled:
                self._notes.append(f"{path}.{name}: stands beside {meant}, which is used")
            else:
                spelled[meant] = value[name]
        # Only known names are remembered: what strangers make up must not fill the memory.
        if len(spelled) == len(names) and len(shape.spellings) < _MOST_SPELLINGS:
            shape.spellings[names] = tuple(shape.names[name.lower()] for name in names)
        return spelled

    def _fields(self, value: dict[str, Any], model: type[Tolerant], path: str) -> tuple[dict[str, Any], set[str]]:
        """Read an object field by field; also return the names of the fields that lost a part."""
        fields: dict[str, Any] = {}
        rejected: set[str] = set()
        for name, (attribute, annotation) in _shape_of(model).types.items():
            noted = len(self._notes)
            if value.get(name) is not None:
                fields[attribute] = self._part(value[name], annotation, f"{path}.{name}")
            if len(self._notes) > noted:
                rejected.add(name)
        return fields, rejected

    def _part(self, value: object, annotation: Any, path: str) -> Any:
        """Read the value of one field; return None where nothing of it can be kept."""
        if get_origin(annotation) is list and isinstance(value, list):
            (element,) = get_args(annotation)
            parts = [self._part(item, element, f"{path}[{index}]") for index, item in enumerate(value)]
            return [part for part in parts if part is not None]
        if isinstance(annotation, type) and issubclass(annotation, Tolerant) and isinstance(value, dict):
            return annotation(**self._fields(value, annotation, path)[0])
        if hasattr(annotation, "parse"):
            return self._scalar(value, annotation, path)
        try:
            return msgspec.convert(value, annotation)
        except msgspec.ValidationError as error:
            problem, _, where = str(error).partition(" - at `$")
            self._notes.append(f"{path}{where.rstrip('`')}: {problem}")
            return None

    def _scalar(self, value: object, scalar: type[Scalar], path: str) -> Scalar | None:
        try:
            parsed = scalar.parse(value)
        except ValueError as error:
            self._notes.append(f"{path}: {error}")
            return None
        if parsed.note is not None:
            self._notes.append(f"{path}: {parsed.note}")
        return parsed


@cache
def _shape_of(model: type[Tolerant]) -> _Shape:
    types = {field.encode_name: (field.name, _without_none(field.type)) for field in msgspec.structs.fields(model)}
    nested = [(name, _model_in(annotation)) for name, (_, annotation) in types.items()]
    return _Shape(
        names={name.lower(): name for name in types},
        types=types,
        nested=tuple((name, _shape_of(inner)) for name, inner in nested if inner is not None),
        closed=model.__struct_config__.forbid_unknown_fields,
        spellings={},
    )


def _without_none(annotation: Any) -> Any:
    """Return what a field holds beside None."""
    parts = [part for part in get_args(annotation) if part is not NoneType]
    return parts[0] if NoneType in get_args(annotation) and len(parts) == 1 else annotation


def _model_in(annotation: Any) -> type[Tolerant] | None:
    """Return the model that a field holds, alone or in a list."""
    (element,) = get_args(annotation) if get_origin(annotation) is list else (annotation,)
    return element if isinstance(element, type) and issubclass(element, Tolerant) else None
