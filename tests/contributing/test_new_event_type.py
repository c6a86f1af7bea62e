"""Follow CONTRIBUTING.md in a copy of the tree: add a new event type, and another one with a new column.

The types are invented, so the copy's tests run with a vendor's list that is extended by them.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest

ROOT: Final = Path(__file__).parents[2]
STEPS: Final = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
MAKEFILE: Final = (ROOT / "Makefile").read_text("utf-8")
STARRED: Final = "ChatMessageStarredInThread"
PINNED: Final = "ChatMessagePinnedInThread"
# The tests that a newcomer's next step is told by; the rest of the core takes longer.
GUIDES: Final = ("tests/core/test_shape.py", "tests/core/test_columns.py", "tests/core/test_decoder.py")
# The tests of what is made from the catalogue and the samples, beside those of the core.
GENERATED: Final = ("tests/docs/test_documentation.py", "tests/docs/test_pages.py", "tests/infra/test_declarations.py")
_LEFT_BEHIND: Final = shutil.ignore_patterns(".*", "node_modules", "__pycache__")
_VENDORS_LIST: Final = """
from enum import Enum
import azure.eventgrid
names = {member.name: member.value for member in azure.eventgrid.SystemEventNames}
names |= {name: f"Microsoft.Communication.{name}" for name in %r}
azure.eventgrid.SystemEventNames = Enum("SystemEventNames", names, type=str)
"""
_MODEL: Final = '''

class ChatMessagePinned(ChatMessageEdited):
    """A message that was pinned."""

    feeds: ClassVar[Feeds] = {**ChatMessageEdited.feeds, "pin_time": ("pinned_until",)}

    pin_time: Instant | None = None

    def facts(self) -> Facts:
        """Return the facts of this payload."""
        facts = ChatMessageEdited.facts(self)
        facts.pinned_until = self.pin_time
        return facts
'''
# The copy is no part of what is measured, and measuring takes some of the stack that a test of depth counts on.
UNMEASURED = {name: value for name, value in os.environ.items() if not name.startswith("COV")}


class Newcomer:
    """Someone who changes a copy of the tree and runs its tests."""

    def __init__(self, tree: Path) -> None:
        self.tree = tree
        self.type = ""
        self._types: list[str] = []

    def learn_of(self, event_type: str) -> None:
        """Add a type to the vendor's list and work on it from now on."""
        self.type = event_type
        self._types.append(event_type)
        (self.tree / "vendors_list.py").write_text(_VENDORS_LIST % self._types, "utf-8")

    def edit(self, file: str, before: str, after: str) -> None:
        """Replace the first occurrence of a text in a file."""
        path = self.tree / file
        text = path.read_text("utf-8")
        assert before in text
        path.write_text(text.replace(before, after, 1), "utf-8")

    def add_row(self, model: str) -> None:
        """Add a row to the catalogue."""
        row = f'    EventType("Microsoft.Communication.{self.type}", CHAT_THREAD, Kind.MESSAGE_EDITED, {model}),\n'
        self.edit("shared/catalogue.py", "_ROWS = (\n", f"_ROWS = (\n{row}")

    def add_sample(self, **more: Any) -> None:
        """Add a sample of a new generation."""
        (event,) = json.loads((self.tree / "samples/2025/ChatMessageEditedInThread.json").read_text("utf-8"))
        event |= {"eventType": f"Microsoft.Communication.{self.type}", "data": {**event["data"], **more}}
        (self.tree / "samples/2027").mkdir(exist_ok=True)
        (self.tree / f"samples/2027/{self.type}.json").write_text(json.dumps([event]), "utf-8")

    def make_goldens(self) -> dict[str, Any]:
        """Run the commands of `make goldens`; return the record of the new sample."""
        recipe = MAKEFILE.partition("\ngoldens: ")[2].partition("\n\n")[0]
        for module in re.findall(r"^\t@\$\(PY\) -m (\S+)$", recipe, re.MULTILINE):
            subprocess.run([sys.executable, "-B", "-m", module], cwd=self.tree, env=UNMEASURED, check=True, timeout=60)
        record, _ = json.loads((self.tree / f"samples/2027/rows/{self.type}.json").read_text("utf-8"))
        entity: dict[str, Any] = record["entity"]
        return entity

    def failures_of(self, *tests: str) -> list[str]:
        """Run tests; return the first line of each failure."""
        options = ("-q", "-p", "vendors_list", "-p", "no:cacheprovider", "--tb=line")
        ran = subprocess.run(
            [sys.executable, "-B", "-m", "pytest", *options, *tests],
            cwd=self.tree,
            env=UNMEASURED,
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )
        failures = re.findall(r"^(?:/.*:\d+: |E   )(\w+: .*)$", ran.stdout, re.MULTILINE)
        assert bool(failures) == bool(ran.returncode), ran.stdout + ran.stderr
        return failures


@pytest.fixture(name="newcomer")
def _newcomer(tmp_path: Path) -> Newcomer:
    """Return a newcomer with a fresh copy."""
    shutil.copytree(ROOT, tmp_path / "copy", ignore=_LEFT_BEHIND)
    return Newcomer(tmp_path / "copy")


def _assert_all_say(cure: str, failures: list[str]) -> None:
    assert failures
    assert [failure for failure in failures if cure not in failure] == []


@pytest.mark.timeout(900)  # it runs all tests of the core
def test_a_new_event_type_is_one_row_and_one_sample_and_a_new_column_two_lines_more(newcomer: Newcomer) -> None:
    """After each step, every failure names the next step. After the last step, the tests of the core pass."""
    newcomer.learn_of(STARRED)
    _assert_all_say("add a row to shared/catalogue.py", newcomer.failures_of(*GUIDES))
    newcomer.add_row("chat_messages.ChatMessageEdited")
    _assert_all_say(f"add samples/<generation>/{STARRED}.json", newcomer.failures_of(*GUIDES))
    newcomer.add_sample()
    _assert_all_say("run `make goldens`", newcomer.failures_of(*GUIDES))
    assert newcomer.make_goldens()["Kind"] == "message.edited"
    assert newcomer.failures_of(*GUIDES) == []

    newcomer.learn_of(PINNED)
    field = "    composed_at: Instant | None = None\n"
    newcomer.edit("shared/events/facts.py", field, f"{field}    pinned_until: Instant | None = None\n")
    _assert_all_say("docs/records.md", newcomer.failures_of("tests/core/test_columns.py"))
    line = "| `PinnedUntil` | DateTime, 100 ns | pinned messages: `pinTime` |\n"
    newcomer.edit("docs/records.md", "| `ComposedAt` ", f"{line}| `ComposedAt` ")
    models = newcomer.tree / "shared/events/payloads/chat_messages.py"
    models.write_text(models.read_text("utf-8") + _MODEL, "utf-8")
    newcomer.add_row("chat_messages.ChatMessagePinned")
    newcomer.add_sample(pinTime="2027-05-06T09:12:41.464+02:00")
    assert newcomer.make_goldens()["PinnedUntil"] == "2027-05-06T07:12:41.4640000Z"
    assert newcomer.failures_of("tests/core", *GENERATED) == []


@pytest.mark.parametrize(
    "step",
    ["shared/catalogue.py", "samples/<generation>/", "make goldens", "shared/events/facts.py", "docs/records.md"],
)
def test_the_steps_above_are_those_of_the_page(step: str) -> None:
    """The page names every file and command that the test uses."""
    assert f"`{step}" in STEPS


@pytest.mark.parametrize(
    ("mistake", "cure"),
    [
        pytest.param(
            lambda newcomer: newcomer.add_sample(), "add a row to shared/catalogue.py", id="a sample without a row"
        ),
        pytest.param(
            lambda newcomer: newcomer.edit(
                "samples/2025/ChatMessageEditedInThread.json", '"editTime"', '"unheardOf": 1, "editTime"'
            ),
            "edit shared/events/payloads/chat_messages.py",
            id="a property that no model has",
        ),
        pytest.param(
            lambda newcomer: newcomer.edit("samples/2025/ChatThreadCreated.json", "[", ""),
            "edit samples/2025/ChatThreadCreated.json",
            id="a sample that is no event",
        ),
        pytest.param(
            lambda newcomer: (newcomer.tree / "samples/2025/ChatThreadParticipantAdded.json").unlink(),
            "run `make goldens`",
            id="a golden without its sample",
        ),
    ],
)
def test_a_mistake_is_told_with_its_cure(newcomer: Newcomer, mistake: Callable[[Newcomer], Any], cure: str) -> None:
    """At least one failure names the file to edit or the command to run."""
    newcomer.learn_of(PINNED)
    mistake(newcomer)

    assert [failure for failure in newcomer.failures_of(*GUIDES) if cure in failure]
