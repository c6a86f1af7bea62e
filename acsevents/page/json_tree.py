"""The JSON text of an event as a collapsible tree, with the place of a problem marked."""

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any, Final, NamedTuple

from acsevents.operations import exact_json

_MOST_NODES: Final = 5_000
_DEEPEST: Final = 60
_LONG: Final = 600  # characters of a text that are shown while it is collapsed
_FEW: Final = 30  # parts of an expanded object or array
_OPEN_DEPTH: Final = 4
_STEP: Final = re.compile(r"\.([^.\[\]]+)|\[(\d+)\]")
_LITERALS: Final = {None: "null", True: "true", False: "false"}


class Node(NamedTuple):
    """One JSON value.

    Attributes:
        name: of the member that it is; empty for the root and in arrays.
        kind: `object`, `array`, `string`, `number` or `literal`.
        text: of a leaf, as JSON spells it.
        parts: of an object or array.
        marked: whether the problem is here.
        missing: the name of a missing member.
        open: whether it is expanded.
    """

    name: str
    kind: str
    text: str = ""
    parts: Sequence["Node"] = ()
    marked: bool = False
    missing: str = ""
    open: bool = True

    @property
    def head(self) -> str:
        """The beginning of a text that is too long to show whole, else nothing."""
        return f"{self.text[:_LONG]}…" if len(self.text) > _LONG else ""


class _Unshowable(Exception):  # noqa: N818  no error: such texts are shown as plain text
    """The text is nested too deeply or has too many parts."""


def tree_of(text: str | None, problem: str = "") -> Node | None:
    """Return the tree of a text; None if it is no JSON, nested too deeply or too large.

    Args:
        text: the text.
        problem: JSON path of the problem, such as `$.data.to`; names are case-insensitive, as in decoding.
    """
    try:
        value = exact_json.parse(text or "")
        return _Builder().node("", value, _steps(problem), 0)
    except (ValueError, RecursionError, _Unshowable):
        return None


def _steps(path: str) -> list[str] | None:
    """Return the names and indexes of a path; None for no path."""
    if not path.startswith("$"):
        return None
    return [name or index for name, index in _STEP.findall(path)]


class _Builder:
    def __init__(self) -> None:
        self._count = 0

    def node(self, name: str, value: Any, problem: list[str] | None, depth: int) -> Node:
        self._count += 1
        if depth > _DEEPEST or self._count > _MOST_NODES:
            raise _Unshowable
        if not isinstance(value, (dict, list)):
            return Node(name, *_leaf(value), marked=problem is not None)
        parts, step = _parts(value), problem[0].casefold() if problem else None
        known = step is not None and any(step == key.casefold() for key, _ in parts)
        rest = problem[1:] if problem and known else None
        return Node(
            name,
            "object" if isinstance(value, dict) else "array",
            parts=[
                self.node(
                    key if isinstance(value, dict) else "",
                    part,
                    rest if step is not None and key.casefold() == step else None,
                    depth + 1,
                )
                for key, part in parts
            ],
            marked=problem == [],
            missing=problem[0] if problem and not known else "",
            open=problem is not None or (len(parts) <= _FEW and depth < _OPEN_DEPTH),
        )


def _parts(value: Any) -> list[tuple[str, Any]]:
    named: Iterator[tuple[Any, Any]] = iter(value.items()) if isinstance(value, dict) else enumerate(value)
    return [(str(name), part) for name, part in named]


def _leaf(value: Any) -> tuple[str, str]:
    if isinstance(value, exact_json.Number):
        return "number", str(value)
    if isinstance(value, str):
        return "string", json.dumps(value, ensure_ascii=False)
    return "literal", _LITERALS[value]
