"""Reads Bicep files as far as tests need: declarations, and literals as Python values. Nothing is compiled.

https://learn.microsoft.com/azure/azure-resource-manager/bicep/file
"""

import functools
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple

import tree_sitter_bicep
from tree_sitter import Language, Node, Parser

INFRA: Final = Path(__file__).parents[2] / "infra"
FILES: Final = sorted(INFRA.rglob("*.bicep"))
_PARSER: Final = Parser(Language(tree_sitter_bicep.language()))


class Expression(str):
    """The source text of a value that only Azure can compute."""

    __slots__ = ()


class Declaration(NamedTuple):
    """A resource, module, parameter, variable or output.

    Attributes:
        kind: `resource`, `module`, `parameter`, `variable` or `output`.
        name: its symbol.
        text: the first string after it: type and version of a resource, path of a module, default of a parameter.
        existing: it is only referred to.
        has_default: of a parameter, that it need not be given.
        body: what it consists of, for resources and modules without loop and condition.
    """

    kind: str
    name: str
    text: str
    existing: bool
    has_default: bool
    body: dict[str, Any]


@functools.cache
def tree(path: Path) -> Node:
    """Parse a file."""
    return _PARSER.parse(path.read_bytes()).root_node


def declarations(path: Path, kind: str) -> list[Declaration]:
    """List the declarations of a kind in a file, nested resources as well."""
    return [
        Declaration(
            kind,
            _text(_first(node, "identifier")),
            _string(node),
            any(child.type == "existing" for child in node.children),
            any(child.type == "=" for child in node.children),
            next((_object(inner) for inner in nodes(node, "object")), {}),
        )
        for node in nodes(tree(path), f"{kind}_declaration")
    ]


def variable(path: Path, name: str) -> Any:
    """Return the value of a variable."""
    for node in nodes(tree(path), "variable_declaration"):
        if _text(_first(node, "identifier")) == name:
            return value(node.named_children[-1])
    raise AssertionError(f"{path.name} has no variable {name}")


def nodes(node: Node, kind: str) -> Iterator[Node]:
    """Yield the node and those below it that are of a kind, from top to bottom."""
    if node.type == kind:
        yield node
    for child in node.children:
        yield from nodes(child, kind)


def value(node: Node) -> Any:
    """Return a literal as a Python value, anything else as its text."""
    match node.type:
        case "object":
            return _object(node)
        case "array":
            return [value(child) for child in node.named_children if child.type != "comment"]
        case "string" if not any(nodes(node, "interpolation")):
            return _text(node)[1:-1]
        case "number":
            return int(_text(node))
        case "boolean":
            return _text(node) == "true"
    return Expression(_text(node))


def _object(node: Node) -> dict[str, Any]:
    found = {}
    for pair in node.named_children:
        if pair.type == "object_property" and len(parts := pair.named_children) > 1:
            found[_text(parts[0]).strip("'")] = value(parts[-1])
    return found


def _string(node: Node) -> str:
    found = _first(node, "string")
    return "" if found is None else _text(found)[1:-1]


def _first(node: Node, kind: str) -> Node | None:
    return next((child for child in node.children if child.type == kind), None)


def _text(node: Node | None) -> str:
    return "" if node is None or node.text is None else node.text.decode()
