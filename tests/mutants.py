"""Break shared/ in one place at a time, in a copy of the tree, and print what no test notices: `make mutants`.

The seed decides which places are tried. A mutation that nobody could notice is listed, with the reason, in
equivalent_mutants.toml.

A first run of the tests, without any mutation, measures which tests run which lines. Each mutation then faces some
tests of each folder that run its line; if these pass, all tests that run its line; and if these pass too, all tests.
"""

import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import Annotated, Final, NamedTuple

import typer
from coverage import CoverageData

from tests.mutations import ROOT, Key, Mutation, mutations

EQUIVALENT: Final = Path(__file__).with_name("equivalent_mutants.toml")
TESTS: Final = "tests/core tests/lookups tests/storage"
_FEW: Final = 40
_LONGEST_ID: Final = 1_000  # a command line takes no argument of a megabyte
_LEFT_BEHIND: Final = shutil.ignore_patterns(".*", "node_modules", "__pycache__")
_PYTEST: Final = (sys.executable, "-B", "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", "--hypothesis-seed=0")
_MEASURE: Final = ("--cov=shared", "--cov-context=test", "--cov-report=", "--cov-fail-under=0")
# By a thread, which ends the process: code that hangs may also swallow what a signal raises in it.
_BROKEN: Final = ("-p", "tests.no_shrinking", "--timeout=60", "--timeout-method=thread")
_MOST_SECONDS: Final = 1_800
_FAILED: Final = re.compile(r"^(?:FAILED|ERROR) (\S+)", re.MULTILINE)


class Run(NamedTuple):
    """One run of tests.

    Attributes:
        passed: whether all tests passed.
        failure: the first test that failed, or what else went wrong.
    """

    passed: bool
    failure: str = ""


def equivalents() -> dict[Key, str]:
    """Read which mutations nobody could notice, and why."""
    listed = tomllib.loads(EQUIVALENT.read_text("utf-8")).get("mutant", ())
    return {(one["path"], one["place"], one["before"], one["after"]): one["why"] for one in listed}


def try_out(chosen: Sequence[Mutation], tests: Sequence[str]) -> Iterator[tuple[Mutation, Run]]:
    """Yield each mutation with the result of the tests."""
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        tree, measured = Path(folder) / "tree", Path(folder) / "coverage"
        shutil.copytree(ROOT, tree, ignore=_LEFT_BEHIND)
        if (ROOT / "node_modules").exists():
            (tree / "node_modules").symlink_to(ROOT / "node_modules")
        unbroken = run(tree, [*_MEASURE, *tests], COVERAGE_FILE=str(measured))
        if not unbroken.passed:
            raise SystemExit(f"the tests fail without any mutation: correct them first ({unbroken.failure})")
        coverage = CoverageData(str(measured))
        coverage.read()
        for mutation in chosen:
            file = tree / mutation.path
            source = file.read_bytes()
            nearest = tests_of(mutation, coverage.contexts_by_lineno(str(file)))
            by_folder = [[test for test in nearest if test.startswith(f"{folder}/")] for folder in tests]
            some = [few(group) for group in sorted(by_folder, key=len, reverse=True)]
            file.write_bytes(mutation.applied_to(source))
            results = (run(tree, [*_BROKEN, *choice]) for choice in (*some, nearest, tests) if choice)
            yield mutation, next((result for result in results if not result.passed), Run(passed=True))
            file.write_bytes(source)


def tests_of(mutation: Mutation, contexts: dict[int, list[str]]) -> list[str]:
    """Return the ids of the tests that run a line of a mutation, given the coverage contexts of each line of its file.

    What runs on import has no tests of its own: all that run any line of the file are returned instead.
    """
    lines = range(mutation.line, mutation.line + mutation.before.count("\n") + 1)
    own = {context for line in lines for context in contexts.get(line, ()) if context}
    ids = {context.rpartition("|")[0] for context in own or chain(*contexts.values())}
    return sorted(test for test in ids if 0 < len(test) < _LONGEST_ID)


def few(tests: Sequence[str]) -> Sequence[str]:
    """Return at most a few tests, evenly chosen."""
    return tests[:: len(tests) // _FEW + 1]


def run(tree: Path, arguments: Sequence[str], **environment: str) -> Run:
    """Run tests of a tree until the first one fails."""
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(
            [*_PYTEST, *arguments],
            cwd=tree,
            env={**os.environ, **environment},
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
        try:
            passed = process.wait(_MOST_SECONDS) == 0
        except subprocess.TimeoutExpired:
            return Run(passed=False, failure="tests that do not end")
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        output.seek(0)
        printed = output.read().decode("utf-8", "replace")
        failed = _FAILED.search(printed)
        other = "a test that hangs" if "+ Timeout +" in printed else "tests that cannot start"
        return Run(passed, "" if passed else failed[1] if failed else other)


def main(
    paths: Annotated[list[str] | None, typer.Argument(help="files or folders to break; shared/ if none")] = None,
    count: Annotated[int, typer.Option(help="how many mutations to try")] = 150,
    seed: Annotated[int, typer.Option(help="which ones")] = 1,
    tests: Annotated[str, typer.Option(help="which tests must notice them")] = TESTS,
) -> None:
    """Try mutations of shared/ and print which of them no test notices."""
    os.nice(10)
    known = equivalents()
    possible = mutations(*(paths or ["shared"]))
    chosen = random.Random(seed).sample(possible, min(count, len(possible)))
    noticed = survivors = 0
    for number, (mutation, result) in enumerate(try_out(chosen, tests.split()), start=1):
        outcome = f"noticed by {result.failure}"
        if result.passed:
            outcome = "equivalent" if mutation.key in known else "SURVIVED"
        noticed += not result.passed
        survivors += outcome == "SURVIVED"
        change = f"{mutation.before!r} -> {mutation.after!r}"
        typer.echo(f"{number:4} {mutation.path}:{mutation.line} {mutation.place}: {change}: {outcome}")
    typer.echo(
        f"{len(chosen)} of {len(possible)} mutations tried with seed {seed}: {noticed} noticed, {survivors} survived"
    )
    raise typer.Exit(min(survivors, 1))


if __name__ == "__main__":
    typer.run(main)
