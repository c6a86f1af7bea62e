"""README.md and docs/asking.md show the output of commands: `python -m tests.cli.test_asking_page` writes it."""

import asyncio
import json
import re
import shlex
from pathlib import Path

import pytest

from acsevents.local.azurite import Azurite
from acsevents.samples import events
from tests.cli.conftest import record
from tests.cli.running import on_a_terminal

ROOT = Path(__file__).parents[2]
PAGES = {ROOT / "README.md": 2, ROOT / "docs" / "asking.md": 8}
"""The pages, each with the number of commands at least."""

COLUMNS = 110
_STYLE = re.compile(r"\x1b\[[0-9;]*m")
_BLOCK = re.compile(r"(?<=```text\n)\$ acsevents (.*?)\n(.*?)(?=```)", re.DOTALL)


def escaped(command: str, tables: str) -> str:
    """Run a command on a terminal and return its output without styles."""
    out = on_a_terminal(*shlex.split(command), columns=COLUMNS, EventTables=tables).out
    return "\n".join(line.rstrip() for line in _STYLE.sub("", out).strip("\n").splitlines()) + "\n"


def written(page: str, tables: str) -> str:
    """Return the page with the current output of each of its commands."""
    return _BLOCK.sub(lambda block: f"$ acsevents {block[1]}\n{escaped(block[1], tables)}", page)


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_the_page_shows_what_the_commands_print(path: Path, tables: str) -> None:
    """On a terminal of 110 columns, for the sample events."""
    page = path.read_text(encoding="utf-8")

    assert page.count("$ acsevents") == len(_BLOCK.findall(page)) >= PAGES[path]
    assert written(page, tables) == page, "run `make picture` and read the difference"


if __name__ == "__main__":
    with Azurite.start() as azurite:
        asyncio.run(record(azurite.connection_string, *(json.dumps(event) for event in events())))
        for path in PAGES:
            path.write_text(written(path.read_text(encoding="utf-8"), azurite.connection_string), encoding="utf-8")
