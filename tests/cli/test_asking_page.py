"""docs/asking.md shows the output of commands: `python -m tests.cli.test_asking_page` writes it."""

import asyncio
import json
import re
import shlex
from pathlib import Path

from acsevents.local.azurite import Azurite
from acsevents.samples import events
from tests.cli.conftest import record
from tests.cli.running import on_a_terminal

PAGE = Path(__file__).parents[2] / "docs" / "asking.md"
COLUMNS = 110
_STYLE = re.compile(r"\x1b\[[0-9;]*m")
_BLOCK = re.compile(r"(?<=```text\n)\$ acsevents (.*?)\n(.*?)(?=```)", re.DOTALL)


def shown(command: str, tables: str) -> str:
    """Run a command on a terminal and return its output without styles."""
    out = on_a_terminal(*shlex.split(command), columns=COLUMNS, EventTables=tables).out
    return "\n".join(line.rstrip() for line in _STYLE.sub("", out).strip("\n").splitlines()) + "\n"


def written(page: str, tables: str) -> str:
    """Return the page with the current output of each of its commands."""
    return _BLOCK.sub(lambda block: f"$ acsevents {block[1]}\n{shown(block[1], tables)}", page)


def test_the_page_shows_what_the_commands_print(tables: str) -> None:
    """On a terminal of 110 columns, for the sample events."""
    page = PAGE.read_text(encoding="utf-8")

    assert page.count("$ acsevents") == len(_BLOCK.findall(page)) > 5
    assert written(page, tables) == page, "run `make picture` and read the difference"


if __name__ == "__main__":
    with Azurite.start() as azurite:
        asyncio.run(record(azurite.connection_string, *(json.dumps(event) for event in events())))
        PAGE.write_text(written(PAGE.read_text(encoding="utf-8"), azurite.connection_string), encoding="utf-8")
