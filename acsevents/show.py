"""Print what was looked up: readable on a terminal, JSON when asked for. Texts of strangers are shown, never obeyed."""

import json
from collections.abc import Sequence

import msgspec
from rich.console import Console
from rich.table import Table
from rich.text import Text

from shared.lookups import DeadLetter
from shared.stories import Message, SmsStory, Transcript

# Cursor movement, colours and right-to-left overrides would let a message rewrite the terminal it is shown on.
_UNSAFE = {code: f"\\x{code:02x}" for code in (*range(0x20), *range(0x7F, 0xA0)) if code not in {0x09, 0x0A}}
_UNSAFE |= {code: f"\\u{code:04x}" for code in (*range(0x202A, 0x202F), *range(0x2066, 0x206A), 0x200E, 0x200F)}


def as_json(console: Console, answer: object) -> None:
    """Print an answer as one line of JSON, in ASCII: nothing in it can be taken for a command by a terminal."""
    console.file.write(json.dumps(msgspec.to_builtins(answer)) + "\n")


def sms(console: Console, story: SmsStory | None) -> None:
    """Print the state of one SMS."""
    if story is None:
        console.print("no such SMS is recorded")
        return
    table = Table(show_header=False, title="One SMS")
    for name, value in (
        ("message", story.message_id),
        ("from → to", f"{story.sender} → {story.recipient} ({story.direction})"),
        ("status", f"{story.status or 'unknown'}{f': {story.details}' if story.details else ''}"),
        ("text", story.text),
        ("tag", story.tag),
        ("last event", story.last_event),
        *(
            (
                f"attempt {number}",
                f"{attempt.timestamp}: {attempt.segments_succeeded} segments sent, {attempt.segments_failed} failed",
            )
            for number, attempt in enumerate(story.attempts, 1)
        ),
    ):
        if value is not None:
            table.add_row(name, safe(value))
    console.print(table)
    _gaps(console, story.gaps)


def thread(console: Console, transcript: Transcript | None) -> None:
    """Print the transcript of one thread."""
    if transcript is None:
        console.print("no such thread is recorded")
        return
    table = Table("sent", "by", "message", title=safe(f"One thread: {transcript.topic or transcript.thread_id}"))
    for message in transcript.messages:
        table.add_row((message.composed_at or "")[:19], safe(message.sender_name or ""), _body(message))
    console.print(table)
    names = [participant.display_name or participant.id for participant in transcript.participants]
    console.print(Text.assemble("participants: ", safe(", ".join(names) or "none known")))
    if transcript.deleted_at:
        console.print(f"deleted at {transcript.deleted_at}")
    _gaps(console, transcript.gaps)


def dead_letters(console: Console, letters: Sequence[DeadLetter]) -> None:
    """Print dead letters without their text."""
    table = Table("function", "reason", "detail", "event", title="Dead letters")
    for letter in letters:
        table.add_row(letter.function, letter.reason, safe(letter.detail), safe(letter.event_id or ""))
    console.print(table)


def _gaps(console: Console, gaps: Sequence[str]) -> None:
    for gap in gaps:
        console.print(Text.assemble("gap: ", safe(gap)))


def _body(message: Message) -> Text:
    if message.deleted_at:
        return Text(f"(deleted at {message.deleted_at[:19]})", style="dim")
    if message.text is None:
        return Text("(text not known)", style="dim")
    return Text.assemble(safe(message.text), " (edited)" if message.edits else "")


def safe(text: str) -> Text:
    """Make a stranger's text harmless to a terminal: control characters are shown, not obeyed."""
    return Text(text.translate(_UNSAFE))
