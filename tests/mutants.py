"""Breaks shared/ in one place at a time, in a copy of the tree, and prints what no test notices: `make mutants`.

The seed decides which places are tried. Mutations that change nothing anybody could see are listed, with the reason,
in equivalent_mutants.toml.
"""

import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Final

import typer

from tests.mutations import ROOT, Key, Mutation, mutations

EQUIVALENT: Final = Path(__file__).with_name("equivalent_mutants.toml")
_LEFT_BEHIND: Final = shutil.ignore_patterns(".*", "node_modules", "__pycache__")
_PYTEST: Final = (sys.executable, "-B", "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", "--hypothesis-seed=0")


def equivalents() -> dict[Key, str]:
    """Read which mutations nobody could notice, and why."""
    listed = tomllib.loads(EQUIVALENT.read_text("utf-8")).get("mutant", ())
    return {(one["path"], one["place"], one["before"], one["after"]): one["why"] for one in listed}


def try_out(chosen: Sequence[Mutation], tests: Sequence[str]) -> Iterator[tuple[Mutation, bool]]:
    """Yield each mutation with whether the tests notice it."""
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        tree = Path(folder) / "tree"
        shutil.copytree(ROOT, tree, ignore=_LEFT_BEHIND)
        if (ROOT / "node_modules").exists():
            (tree / "node_modules").symlink_to(ROOT / "node_modules")
        started = time.monotonic()
        if not _pass(tree, tests, None):
            raise SystemExit("the tests fail without any mutation: mend them first")
        limit = 60 + 5 * (time.monotonic() - started)
        for mutation in chosen:
            file = tree / mutation.path
            source = file.read_bytes()
            file.write_bytes(mutation.applied_to(source))
            yield mutation, not _pass(tree, tests, limit)
            file.write_bytes(source)


def _pass(tree: Path, tests: Sequence[str], limit: float | None) -> bool:
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen([*_PYTEST, *tests], cwd=tree, stdout=output, stderr=output, start_new_session=True)
        try:
            return process.wait(limit) == 0
        except subprocess.TimeoutExpired:
            return False  # it hangs, which everybody notices
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


def main(
    paths: Annotated[list[str] | None, typer.Argument(help="files or folders to break; shared/ if none")] = None,
    count: Annotated[int, typer.Option(help="how many mutations to try")] = 150,
    seed: Annotated[int, typer.Option(help="which ones")] = 1,
    tests: Annotated[str, typer.Option(help="who must notice them")] = "tests/core tests/storage",
) -> None:
    """Try mutations of shared/ and print which of them no test notices."""
    os.nice(10)
    known = equivalents()
    possible = mutations(*(paths or ["shared"]))
    chosen = random.Random(seed).sample(possible, min(count, len(possible)))
    survivors = 0
    for number, (mutation, noticed) in enumerate(try_out(chosen, tests.split()), start=1):
        outcome = "noticed" if noticed else "equivalent" if mutation.key in known else "SURVIVED"
        survivors += outcome == "SURVIVED"
        change = f"{mutation.before!r} -> {mutation.after!r}"
        typer.echo(f"{number:4} {outcome:10} {mutation.path}:{mutation.line} {mutation.place}: {change}")
    typer.echo(f"{len(chosen)} of {len(possible)} mutations tried with seed {seed}; {survivors} survived")
    raise typer.Exit(min(survivors, 1))


if __name__ == "__main__":
    typer.run(main)
