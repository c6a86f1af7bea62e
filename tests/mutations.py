"""All mutations of a source file: one operator, constant or condition changed, or one statement removed."""

import ast
import copy
from itertools import chain
from pathlib import Path
from typing import Final, NamedTuple

ROOT: Final = Path(__file__).parents[1]
_PAIRS: Final[tuple[tuple[type[ast.AST], type[ast.AST]], ...]] = (
    (ast.Eq, ast.NotEq),
    (ast.Is, ast.IsNot),
    (ast.In, ast.NotIn),
    (ast.Lt, ast.LtE),
    (ast.Gt, ast.GtE),
    (ast.And, ast.Or),
    (ast.Add, ast.Sub),
    (ast.Mult, ast.FloorDiv),
    (ast.BitOr, ast.BitAnd),
)
_OTHER: Final = {**dict(_PAIRS), **{other: one for one, other in _PAIRS}, ast.Mod: ast.Mult}
_LEFT_OUT: Final = (ast.Assign, ast.AugAssign, ast.Raise, ast.Delete, ast.Return, ast.Expr)

Key = tuple[str, str, str, str]


class Mutation(NamedTuple):
    """One change of one place.

    Attributes:
        path: the file, from the root of the tree.
        line: where in it.
        place: the function or class, with those around it.
        before: the code that is changed.
        after: what it becomes.
        start: where the code begins, in bytes.
        end: where it ends.
    """

    path: str
    line: int
    place: str
    before: str
    after: str
    start: int
    end: int

    @property
    def key(self) -> Key:
        """What stays the same when other lines move."""
        return self.path, self.place, self.before, self.after

    def applied_to(self, source: bytes) -> bytes:
        """Return the source with this change."""
        return source[: self.start] + self.after.encode() + source[self.end :]


def mutations(*paths: str) -> list[Mutation]:
    """Return every mutation of some files or folders, in order."""
    found: list[Mutation] = []
    for path in paths:
        place = ROOT / path
        for file in sorted(place.rglob("*.py")) if place.is_dir() else [place]:
            source = file.read_bytes()
            finder = _Finder(file.relative_to(ROOT).as_posix(), source)
            finder.visit(ast.parse(source))
            found += finder.found
    return found


class _Finder(ast.NodeVisitor):
    """Finds every mutation of one file; leaves out annotations, docstrings and the content of f-strings."""

    def __init__(self, path: str, source: bytes) -> None:
        self.found: list[Mutation] = []
        self._path = path
        self._source = source
        lengths = [len(line) for line in source.splitlines(keepends=True)]
        self._starts = [sum(lengths[:number]) for number in range(len(lengths) + 1)]
        self._places: list[str] = []

    def _add(self, node: ast.expr | ast.stmt, after: str) -> None:
        start = self._starts[node.lineno - 1] + node.col_offset
        end = self._starts[(node.end_lineno or 0) - 1] + (node.end_col_offset or 0)
        before = self._source[start:end].decode()
        self.found.append(Mutation(self._path, node.lineno, ".".join(self._places), before, after, start, end))

    def _add_changed(self, node: ast.expr, **changes: object) -> None:
        changed = copy.copy(node)
        for name, value in changes.items():
            setattr(changed, name, value)
        self._add(node, f"({ast.unparse(changed)})")

    def visit(self, node: ast.AST) -> None:
        """Remove a statement of a function or class.

        Statements of a module are left out, since imports would fail without them.
        """
        if isinstance(node, _LEFT_OUT):
            is_text = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
            if is_text or (isinstance(node, ast.Return) and node.value is None):
                return
            if self._places:
                self._add(node, "pass")
        super().visit(node)

    def _visit_scope(self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> None:
        self._places.append(node.name)
        if isinstance(node, ast.ClassDef):
            values = [keyword.value for keyword in node.keywords]
        else:
            values = [default for default in chain(node.args.defaults, node.args.kw_defaults) if default is not None]
        for part in (*values, *node.decorator_list, *node.body):
            self.visit(part)
        self._places.pop()

    visit_FunctionDef = visit_AsyncFunctionDef = visit_ClassDef = _visit_scope  # noqa: N815  the visitor's names

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        """Visit the value only."""
        if node.value is not None:
            self.visit(node.value)

    def visit_Subscript(self, node: ast.Subscript) -> None:
        """Skip a `Literal[...]`, which is a type."""
        if not (isinstance(node.value, ast.Name) and node.value.id == "Literal"):
            self.generic_visit(node)

    def visit_JoinedStr(self, node: ast.JoinedStr) -> None:
        """Skip f-strings, since Python 3.11 does not know the positions of their parts."""

    def visit_Compare(self, node: ast.Compare) -> None:
        """Change each operator."""
        for number, operator in enumerate(node.ops):
            self._add_changed(node, ops=[*node.ops[:number], _OTHER[type(operator)](), *node.ops[number + 1 :]])
        self.generic_visit(node)

    def _visit_operation(self, node: ast.BinOp | ast.BoolOp) -> None:
        if type(node.op) in _OTHER:
            self._add_changed(node, op=_OTHER[type(node.op)]())
        self.generic_visit(node)

    visit_BinOp = visit_BoolOp = _visit_operation  # noqa: N815  the visitor's names

    def visit_UnaryOp(self, node: ast.UnaryOp) -> None:
        """Remove the `not` or the minus."""
        self._add(node, f"({ast.unparse(node.operand)})")
        self.generic_visit(node)

    def visit_Constant(self, node: ast.Constant) -> None:
        """Change numbers, booleans and names, but not the wording of sentences."""
        if isinstance(node.value, bool):
            self._add(node, str(not node.value))
        elif isinstance(node.value, int):
            self._add(node, str(node.value + 1))
        elif isinstance(node.value, bytes):
            self._add(node, repr(node.value + b"x"))
        elif isinstance(node.value, str) and len(node.value.split()) == 1:
            self._add(node, repr(f"{node.value}x"))

    def _visit_condition(self, node: ast.If | ast.While | ast.IfExp) -> None:
        self._add(node.test, f"(not ({ast.unparse(node.test)}))")
        self.generic_visit(node)

    visit_If = visit_While = visit_IfExp = _visit_condition  # noqa: N815  the visitor's names

    def visit_comprehension(self, node: ast.comprehension) -> None:
        """Negate each condition."""
        for test in node.ifs:
            self._add(test, f"(not ({ast.unparse(test)}))")
        self.generic_visit(node)
