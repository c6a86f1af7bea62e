"""The commands in the pages exist and take the options that they are shown with; none is run here.

The walk of docs/deployment.md is run in tests/infra, and with azure-cli itself by `make walk`.
"""

import importlib.util
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from acsevents.cli import SUMMARIES, load

ROOT: Final = Path(__file__).parents[2]
PAGES: Final = sorted(path.relative_to(ROOT) for path in (*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")))
MAKEFILE: Final = (ROOT / "Makefile").read_text(encoding="utf-8")
# Of this project, of Azure, and of every machine.
PROGRAMS: Final = {"acsevents", "make", "python", "az", "azd", "func", "azurite", "git", "cp", "curl", "pip", "export"}
_SHELL: Final = {"for", "do", "done"}


def blocks(page: Path) -> Iterator[list[str]]:
    """Yield the words of each command in the shell blocks of a page, and of examples and sessions."""
    text = (ROOT / page).read_text(encoding="utf-8")
    for block in re.findall(r"^```sh\n(.*?)^```$", text, flags=re.DOTALL | re.MULTILINE):
        for line in block.replace("\\\n", " ").splitlines():
            for command in re.split(r" && | & |; ", line.partition(" #")[0].strip(" &")):
                words = shlex.split(command)
                while words and (words[0] in {".", *_SHELL} or re.fullmatch(r"[A-Z_]+=.*", words[0])):
                    words = [] if words[0] in {".", "for", "done"} else words[1:]
                if words:
                    yield words
    for shown in re.findall(r"^(?:\$ |    (?=acsevents ))(.+)$", text, flags=re.MULTILINE):
        yield shlex.split(re.split(r" [|>] ", shown)[0])


def inline(page: Path) -> list[str]:
    """Return what a page writes as code within its sentences."""
    text = re.sub(r"^```.*?^```$", "", (ROOT / page).read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)
    return re.findall(r"`([^`\n]+)`", text)


def acsevents(words: list[str]) -> list[str] | None:
    """Return the arguments of a call of this project's command line, None for any other command."""
    program = Path(words[0]).name
    if program == "acsevents":
        return words[1:]
    return words[3:] if program.startswith("python") and words[1:3] == ["-m", "acsevents"] else None


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_every_command_is_of_a_program_that_the_reader_has(page: Path) -> None:
    """Of this project, of Azure, or of every machine."""
    programs = {Path(words[0]).name.rstrip("3") for words in blocks(page)}

    assert set() == programs - PROGRAMS


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_every_make_target_exists(page: Path) -> None:
    """In code blocks and in sentences."""
    called = [words[1] for words in blocks(page) if words[0] == "make"]
    called += re.findall(r"^make ([a-z-]+)", "\n".join(inline(page)), flags=re.MULTILINE)

    assert [] == [target for target in called if f"\n{target}:" not in MAKEFILE]


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_every_module_that_is_run_is_there(page: Path) -> None:
    """As `python -m`, in code blocks and in sentences."""
    called = [words[2] for words in blocks(page) if "python" in words[0] and words[1] == "-m"]
    called += re.findall(r"python3? -m ([\w.]+)", "\n".join(inline(page)))

    assert [] == [module for module in called if importlib.util.find_spec(module) is None]


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_the_command_line_takes_every_call(page: Path) -> None:
    """With those arguments and options, read as they would be when it runs."""
    for arguments in filter(None, map(acsevents, blocks(page))):
        name, *rest = arguments
        assert name in SUMMARIES, arguments
        load(name).make_context(name, _expanded(rest))


def _expanded(arguments: list[str]) -> list[str]:
    """Expand file names as the shell does, from the folder of the project."""
    found = [sorted(map(str, ROOT.glob(word))) if "*" in word else [word] for word in arguments]
    assert all(found), arguments
    return [word for words in found for word in words]


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_every_command_that_a_sentence_names_exists(page: Path) -> None:
    """The command, and the command of its group."""
    for words in (code.split() for code in inline(page) if code.startswith("acsevents ")):
        assert words[1] in SUMMARIES, words
        group = getattr(load(words[1]), "commands", {})
        assert not group or len(words) < 3 or not words[2].isalpha() or words[2] in group, words


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_every_file_that_a_command_names_is_there(page: Path) -> None:
    """Those of the repository; what a command makes is named otherwise."""
    folders = "acsevents|benchmarks|docs|infra|samples|scripts|tests"
    named = [word.lstrip("@") for words in blocks(page) for word in words if re.match(rf"@?({folders})/", word)]

    assert [] == [name for name in named if not list(ROOT.glob(name))]
