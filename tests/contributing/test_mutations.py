"""`make mutants`: the mutations that it tries, and its list of equivalent ones."""

import ast
from pathlib import Path

import pytest

from tests import mutations
from tests.mutants import equivalents
from tests.mutations import ROOT


@pytest.mark.parametrize(
    ("code", "becomes"),
    [
        ("a == b", {"(a != b)"}),
        ("a < b <= c", {"(a <= b <= c)", "(a < b < c)"}),
        ("a + b", {"(a - b)"}),
        ("a or b", {"(a and b)"}),
        ("not a", {"(a)"}),
        ("7", {"8"}),
        ("'name'", {"'namex'"}),
        ("b'name'", {"b'namex'"}),
        ("True", {"False"}),
        ("'two words'", set()),
        ("f'{a + b}'", set()),
        ("Literal['name', 7]", set()),
        ("a if b else c", {"(not (b))"}),
        ("[a for a in b if c]", {"(not (c))"}),
    ],
)
def test_each_operator_constant_and_condition_is_changed(
    code: str, becomes: set[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In its place, and nothing else on the line."""
    monkeypatch.setattr(mutations, "ROOT", tmp_path)
    source = f'"""Some text."""\n\nä: "x | y" = {code}\n'.encode()
    (tmp_path / "module.py").write_bytes(source)
    found = mutations.mutations("module.py")

    assert {mutation.after for mutation in found} == becomes
    assert {mutation.line for mutation in found} <= {3}
    for mutation in found:
        assert mutation.applied_to(source).decode() == source.decode().replace(mutation.before, mutation.after)


def test_each_statement_of_a_function_is_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """But not its docstring, its annotations, or a bare `return`."""
    monkeypatch.setattr(mutations, "ROOT", tmp_path)
    source = '''
class C:
    """Some text."""

    def f(a: "int | None" = None) -> "str":
        """Some text."""
        b = a
        call(b)
        if b:
            return
        raise Problem
'''
    (tmp_path / "module.py").write_text(source, "utf-8")
    found = mutations.mutations("module.py")

    assert [(mutation.place, mutation.before, mutation.after) for mutation in found] == [
        ("C.f", "b = a", "pass"),
        ("C.f", "call(b)", "pass"),
        ("C.f", "b", "(not (b))"),
        ("C.f", "raise Problem", "pass"),
    ]


def test_every_mutation_of_the_app_is_a_program() -> None:
    """One that does not compile would be noticed without any test."""
    for mutation in mutations.mutations("shared/rows"):
        ast.parse(mutation.applied_to((ROOT / mutation.path).read_bytes()))


def test_every_mutation_that_nobody_can_notice_is_one_of_those_tried() -> None:
    """No entry outlives its code, and each has a reason."""
    known = equivalents()
    tried = {mutation.key for mutation in mutations.mutations("shared")}

    assert known.keys() - tried == set(), "delete these from tests/equivalent_mutants.toml"
    assert [key for key, why in known.items() if not why.strip()] == []
