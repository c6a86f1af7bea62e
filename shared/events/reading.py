"""Read JSON values into msgspec models tolerantly: refuse nothing, note every deviation from the model.

msgspec alone matches field names exactly and stops at the first error. Here field names match in any case, unknown
fields are noted, and a value of the wrong type is left out and noted. A value that matches its model exactly, as
nearly all events do, is converted by msgspec in one step; only the others pay for the tolerance.
"""

from collections.abc import Callable, Iterable
from functools import cache
from types import NoneType
from typing import Any, Final, Generic, Protocol, Self, TypeVar, cast, get_args, get_origin

import msgspec


class Tolerant(msgspec.Struct, rename="camel", forbid_unknown_fields=True, gc=False):
    """Base class of all models. msgspec refuses unknown field names, so that each one can be noted."""


class Scalar(Protocol):
    """A type that parses a JSON value, such as a time.

    Attributes:
        note: what is unusual about the value; None if nothing is.
    """

    @property
    def note(self) -> str | None: ...  # noqa: D102  see above

    @classmethod
    def parse(cls, value: object) -> Self:
        """Parse a JSON value; raise ValueError with the problem, without quoting the value."""
        ...


Model = TypeVar("Model", bound=Tolerant)

_MOST_SPELLINGS: Final = 100  # learned per model; only an attacker would send more


class Reading(msgspec.Struct, Generic[Model], gc=False):
    """A model with the deviations of the value that it was read from.

    Attributes:
        model: the model; fields of the wrong type have their defaults.
        notes: `path: problem` for every deviation from the model.
        rejected: JSON names of the fields that were left out, whole or in part, because of their type.
    """

    model: Model
    notes: list[str]
    rejected: frozenset[str] = frozenset()


class _Shape(msgspec.Struct):
    names: dict[str, str]
    types: dict[str, tuple[str, Any]]
    nested: tuple[tuple[str, "_Shape"], ...]
    closed: bool
    respelled: dict[tuple[str, ...], type[Tolerant]]

    def is_spelled(self, value: object) -> bool:
        """Return whether there is nothing to respell: no object, or one whose names are all the model's own."""
        return not isinstance(value, dict) or (not self.nested and self.types.keys() >= value.keys())


def read_model(value: dict[str, Any], model: type[Model], path: str) -> Reading[Model]:
    """Read a JSON object into a model; `path` is the JSON path of the object, such as `$.data`."""
    shape = _shape_of(model)
    learned = shape.respelled.get(tuple(value)) if shape.respelled else None
    if learned is not None or shape.closed or not _is_respelled(value, shape):
        try:
            return Reading(msgspec.convert(value, cast("type[Model]", learned or model), dec_hook=_exact), [])
        except (msgspec.ValidationError, UnicodeEncodeError):  # the latter for an unknown name with a lone surrogate
            pass
    reading = _TolerantReader().read(value, model, path)
    # Only known names in other casings are learned: invented names must not fill the memory, and one odd event whose
    # names are right must not slow down the ordinary ones after it.
    has_only_known = not reading.notes and all(name.lower() in shape.names for name in value)
    if has_only_known and _is_respelled(value, shape) and len(shape.respelled) < _MOST_SPELLINGS:
        shape.respelled[tuple(value)] = _respelled(model, value)
    return reading


def _is_respelled(value: Iterable[str], shape: _Shape) -> bool:
    """Return whether a known name is in another case; in an open model msgspec would take it for an extension."""
    return any(name not in shape.types and name.lower() in shape.names for name in value)


def _respelled(model: type[Tolerant], value: dict[str, Any]) -> type[Tolerant]:
    """Return a subclass of a model with the field names of a value, so that msgspec reads the next one in one step."""
    shape = _shape_of(model)
    fields: list[tuple[str, Any, Any]] = []
    for name, part in value.items():
        attribute, annotation = shape.types[shape.names[name.lower()]]
        inner = _model_in(annotation)
        example = next(iter(part), None) if isinstance(part, list) else part
        if inner is not None and isinstance(example, dict):
            spelled: Any = _respelled(inner, example)
            annotation = list[spelled] if get_origin(annotation) is list else spelled
        fields.append((attribute, annotation | None, msgspec.field(default=None, name=name)))
    return cast("type[Tolerant]", msgspec.defstruct(model.__name__, fields, bases=(model,), module=model.__module__))


def _exact(scalar: type[Scalar], value: object) -> Scalar:
    """Parse a scalar and raise if it has a note; msgspec turns the ValueError into its own error."""
    parsed = scalar.parse(value)
    if parsed.note is not None:
        raise ValueError(parsed.note)
    return parsed


class _TolerantReader:
    """Reads one value that deviates from its model, and collects the deviations."""

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
        """Return the object with only the field names of its model, at every depth."""
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
        spelled = {name: part for name, part in value.items() if name in shape.types}
        others = sorted(value.keys() - shape.types.keys())  # sorted, so that key order does not change the result
        for name in others:
            meant = shape.names.get(name.lower())
            if meant is None:
                if shape.closed:
                    self._notes.append(f"{path}.{name}: not in the model")
            elif meant in spelled:
                self._notes.append(f"{path}.{name}: ignored, since {meant} is there too")
            else:
                spelled[meant] = value[name]
        return spelled

    def _fields(self, value: dict[str, Any], model: type[Tolerant], path: str) -> tuple[dict[str, Any], set[str]]:
        """Read an object field by field; also return the names of fields that were left out, whole or in part."""
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
        """Read the value of one field; return None if nothing of it can be kept."""
        if get_origin(annotation) is list and isinstance(value, list):
            (element,) = get_args(annotation)
            parts = [self._part(item, element, f"{path}[{index}]") for index, item in enumerate(value)]
            return [part for part in parts if part is not None]
        if isinstance(annotation, type) and issubclass(annotation, Tolerant) and isinstance(value, dict):
            return annotation(**self._fields(value, annotation, path)[0])
        parse = _parser_of(annotation)
        if parse is not None:
            return self._scalar(value, parse, path)
        try:
            return msgspec.convert(value, annotation)
        except msgspec.ValidationError as error:
            problem, _, where = str(error).partition(" - at `$")
            self._notes.append(f"{path}{where.rstrip('`')}: {problem}")
            return None

    def _scalar(self, value: object, parse: Callable[[object], Any], path: str) -> Any:
        try:
            parsed = parse(value)
        except ValueError as error:
            self._notes.append(f"{path}: {error}")
            return None
        note = getattr(parsed, "note", None)
        if note is not None:
            self._notes.append(f"{path}: {note}")
        return parsed


def _parser_of(annotation: Any) -> Callable[[object], Any] | None:
    """Return what parses a scalar: its own `parse`, or that of a constrained type such as `Int32`; None for others."""
    for constraint in getattr(annotation, "__metadata__", ()):
        parse: Callable[[object], Any] = constraint.extra["parse"]
        return parse
    return getattr(annotation, "parse", None)


@cache
def _shape_of(model: type[Tolerant]) -> _Shape:
    types = {field.encode_name: (field.name, _without_none(field.type)) for field in msgspec.structs.fields(model)}
    nested = [(name, _model_in(annotation)) for name, (_, annotation) in types.items()]
    return _Shape(
        names={name.lower(): name for name in types},
        types=types,
        nested=tuple((name, _shape_of(inner)) for name, inner in nested if inner is not None),
        closed=model.__struct_config__.forbid_unknown_fields,
        respelled={},
    )


def _without_none(annotation: Any) -> Any:
    """Return `X` for the annotation `X | None`."""
    parts = [part for part in get_args(annotation) if part is not NoneType]
    return parts[0] if NoneType in get_args(annotation) and len(parts) == 1 else annotation


def _model_in(annotation: Any) -> type[Tolerant] | None:
    """Return the model in an annotation `Model` or `list[Model]`, None for others."""
    (element,) = get_args(annotation) if get_origin(annotation) is list else (annotation,)
    return element if isinstance(element, type) and issubclass(element, Tolerant) else None
