"""One event whole: its columns, its drift, its text, its stories, and commands to copy."""

import html
import json
import re
import subprocess
from typing import Any

import pytest

from acsevents.page.json_tree import Node, tree_of
from acsevents.page.site import Local
from acsevents.page.templating import shell_word
from acsevents.samples import as_cloud_event
from shared.storage.account import Account
from tests import samples
from tests.page.visiting import Answer, Visitor, record, visitor

LOCAL = Local("http://127.0.0.1:1/api/events", "http://127.0.0.1:2")


async def shown_event(page: Visitor) -> Answer:
    """Open the newest event of the list."""
    found = re.search(r'href="(/events/\w+)"', (await page.get("/")).text)
    assert found is not None
    return await page.get(found[1])


def copied(text: str) -> list[str]:
    """Return the commands that the buttons of a page copy."""
    return [html.unescape(command) for command in re.findall(r'data-copy="([^"]*)"', text)]


def words(command: str) -> list[str]:
    """Split a command as bash does."""
    script = f"set -- {command}; printf '%s\\0' \"$@\""
    return subprocess.run(["bash", "-c", script], capture_output=True, check=True).stdout.decode().split("\0")[:-1]


async def test_an_event_shows_its_columns_its_drift_and_its_text(account: Account) -> None:
    """What the command `acsevents event` prints."""
    event = samples.event("2025/SMSReceived")
    event["data"]["novelty"] = {"deep": [1.50, True, None]}
    await record(account, event)
    async with visitor(account) as page:
        answer = await shown_event(page)

    assert "$.data.novelty: not in the model" in answer.text
    assert ">MessageId</th><td>6ba7b814-9dad-4fd1-80b4-00c04fd430c8</td>" in answer.text
    for kind, text in (("number", "1.5"), ("literal", "true"), ("literal", "null"), ("name", "&#34;novelty&#34;")):
        assert f'<span class="{kind}">{text}</span>' in answer.text


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("2025/SMSReceived", ["/sms?number=%2B15555550100&message=6ba7b814", "/sms?number=%2B15555550100"]),
        ("2021/ChatMessageReceived", ["/threads?id=19%3A", "/threads?id=19%3A", "/?user=8%3Aacs%3A"]),
        ("2021/ChatMessageReceivedInThread", ["/threads?id=19%3A", "/?user=8%3Aacs%3A"]),
        ("2026/ChatThreadDeleted", ["/threads?id=19%3A"]),
    ],
)
async def test_an_event_leads_to_its_stories(account: Account, name: str, expected: list[str]) -> None:
    """And they are there."""
    await record(account, samples.event(name))
    async with visitor(account) as page:
        answer = await shown_event(page)
        links = [html.unescape(link) for link in re.findall(r'class="button" href="([^"]*)"', answer.text)]
        followed = [(await page.get(link)).status for link in links]

    assert [link for link, begin in zip(links, expected, strict=True) if not link.startswith(begin)] == []
    assert followed == [200] * len(links)


@pytest.mark.parametrize("cloud", [False, True])
async def test_curl_delivers_the_event_again(account: Account, *, cloud: bool) -> None:
    """To the function that takes it, whatever is in the text: one word of the shell, and the same JSON."""
    event = samples.event("2025/SMSReceived")
    event["data"]["message"] = "it's $(touch /tmp/x) `id` \\ \u202e \x1b[201~ \n 😀 é \x7f"
    await record(account, as_cloud_event(event) if cloud else event)
    async with visitor(account, local=LOCAL) as page:
        command, curl = copied((await shown_event(page)).text)[:2]
    name, _, url, *options, _, body = words(curl)

    assert re.fullmatch(r"acsevents event \w{26}", command)
    assert (name, url) == ("curl", "http://127.0.0.1:2/runtime/webhooks/EventGrid?functionName=sms_events")
    assert f"Content-Type: application/{'cloudevents+' if cloud else ''}json; charset=utf-8" in options
    assert json.loads(body) == (as_cloud_event(event) if cloud else [event])
    assert curl.isascii()
    assert curl.isprintable()


@pytest.mark.parametrize(
    "text", ["", "plain", "two words", "it's", "$HOME `id` $(id)", "\\n", "ünï\n\x1b\x00"[:-1], "!!", "~"]
)
def test_a_word_of_the_shell_is_the_text_to_the_letter(text: str) -> None:
    """And nothing in it does anything when it is pasted."""
    word = shell_word(text)

    assert words(word) == [text]
    assert word.isascii()
    assert word.isprintable()


@pytest.mark.parametrize("path", ["/events/none", "/events/" + "0" * 26, "/events/13fmrrfyg9d20pv2cvh56t0kds"])
async def test_an_event_that_is_not_there_is_told(account: Account, path: str) -> None:
    """In words."""
    async with visitor(account) as page:
        answer = await page.get(path)

    assert answer.status == 404
    assert "No such event" in answer.text


async def test_an_event_of_a_megabyte_is_shown(account: Account) -> None:
    """Its long text is folded, and whole when unfolded."""
    event = samples.event("2025/SMSReceived")
    event["data"]["message"] = "<b>" + "x" * 900_000
    await record(account, event)
    async with visitor(account) as page:
        answer = await shown_event(page)

    assert answer.status == 200
    assert "900,005 characters" in answer.text
    assert "&lt;b&gt;" + "x" * 900_000 in answer.text


def marked(node: Node) -> list[str]:
    """Name the marked parts of a tree."""
    own = [node.name or node.kind] if node.marked else []
    return (
        own + ([f"no {node.missing}"] if node.missing else []) + [name for part in node.parts for name in marked(part)]
    )


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("$.data.to", ["no to"]),
        ("$.data.from", ["from"]),
        ("$.DATA.From", ["from"]),
        ("$.data.list[1].x", ["x"]),
        ("$.data.list[2]", ["no 2"]),
        ("$.data.from.rawId", ["from"]),
        ("$.nothing.here", ["no nothing"]),
        ("$", ["object"]),
        ("", []),
        ("no path", []),
    ],
)
def test_the_place_of_a_problem_is_marked(path: str, expected: list[str]) -> None:
    """What is missing is told where it should be."""
    text = json.dumps({"id": 1, "data": {"from": "a", "list": [0, {"x": 1}]}})
    tree = tree_of(text, path)

    assert tree is not None
    assert marked(tree) == expected


def _opened(node: Node, names: list[str]) -> bool:
    if not names:
        return True
    return node.open and _opened(next(part for part in node.parts if part.name == names[0]), names[1:])


def test_what_is_marked_is_unfolded() -> None:
    """However deep it is, and however much stands beside it."""
    beside: dict[str, Any] = {f"n{number}": number for number in range(100)}
    text = json.dumps({"a": {"b": {"c": {"d": {"e": {**beside, "f": {"g": 1}}}}}}})
    tree = tree_of(text, "$.a.b.c.d.e.f.g")

    assert tree is not None
    assert _opened(tree, list("abcdef"))


@pytest.mark.parametrize(
    "text", [None, "", "no JSON", '{"a":', "[" * 100 + "]" * 100, "[" * 10**6, f"[{'0,' * 6000}0]"]
)
def test_what_cannot_be_folded_has_no_tree(text: str | None) -> None:
    """No JSON, too deep or too much: it is shown as it is."""
    assert tree_of(text) is None


def test_numbers_are_shown_as_they_are_spelled() -> None:
    """A float would change them."""
    tree = tree_of('[1.0, 1e400, 12345678901234567890, -0, "\\ud83c"]')

    assert tree is not None
    assert [part.text for part in tree.parts] == ["1.0", "1e400", "12345678901234567890", "-0", '"\ud83c"']
