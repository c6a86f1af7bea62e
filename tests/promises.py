"""The promises of the README and the tests that prove them; `python -m tests.promises` writes docs/promises.md.

A test that proves a promise has the marker `@pytest.mark.promise("Kept")`; its docstring says how.
"""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple

ROOT: Final = Path(__file__).parents[1]
PAGE: Final = ROOT / "docs" / "promises.md"
PROMISES: Final = {
    "Kept": "When a function reports success, the event is in its tables or in `DeadLetters`. There is no third place.",
    "Once": "Any number of deliveries of one event, in any number of workers, leaves the same rows as one delivery.",
    "Whole": (
        "The event's JSON text as handed to the function is kept and can be read back equal, up to Event Grid's 1 MB, "
        "until it is pruned or erased; a redacted row says so."
    ),
    "Order-free": (
        "Any order of arrival gives the same tables and the same answers. Of two deliveries of one event that differ, "
        "`Raw`, `EnvelopeSchema`, `ResourceId` (its casing), `Subject` and `Drift` show the later one."
    ),
    "Never silently merged": (
        "Two events that differ in type, resource, id, time or anything in `data` are both kept. Subject and unknown "
        "envelope fields do not tell events apart: of two deliveries that differ only there, the row shows the later "
        "one."
    ),
    "No poison loop": (
        "No content makes Event Grid retry: bad events are dead-lettered with a reason and acknowledged. "
        "Only storage trouble makes a function fail, and then Event Grid redelivers."
    ),
    "Crash-safe": "Killed at any instruction, the next delivery repairs everything.",
    "Bounded": (
        "A call answers within 20 s in the worst storage weather (Event Grid gives up at 30 s); memory does not grow: "
        "beyond a budget of texts calls are refused. Nobody starves: inside a worker, one owner's slow, refusing or "
        "hung partition delays no other owner's calls; under overload what is written is acknowledged, what cannot be "
        "is refused early."
    ),
    "Quiet": "No message text, phone number or user id in logs or errors.",
    "Tolerant": (
        "Unknown fields are kept and noted, missing optional fields are absent, unknown types are dead-lettered, "
        "never lost."
    ),
}


class Proof(NamedTuple):
    """A test that fails when a promise is broken."""

    promise: str
    path: str
    line: int
    name: str
    how: str


@cache
def proofs() -> list[Proof]:
    """Return every test with the marker, in order of files and lines."""
    found = []
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
                how = " ".join((ast.get_docstring(node) or "").split())
                place = path.relative_to(ROOT).as_posix()
                found += [Proof(promise, place, node.lineno, node.name, how) for promise in _marked(node)]
    return sorted(found, key=lambda proof: (proof.path, proof.line))


def page() -> str:
    """Return the page."""
    by_promise = {promise: [proof for proof in proofs() if proof.promise == promise] for promise in PROMISES}
    lines = ["# Promises and the tests that prove them", "", "Written by `python -m tests.promises` from the tests."]
    for promise, tests in by_promise.items():
        lines += ["", f"## {promise}", "", PROMISES[promise], ""]
        lines += [f"* [`{proof.name}`](../{proof.path}): {proof.how}" for proof in tests]
    return "\n".join(lines) + "\n"


def _marked(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> Iterator[str]:
    for decorator in node.decorator_list:
        if isinstance(decorator, ast.Call) and ast.unparse(decorator.func) == "pytest.mark.promise":
            yield from (str(ast.literal_eval(argument)) for argument in decorator.args)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
