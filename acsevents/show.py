"""Print what was looked up as people read it. Texts of strangers are shown, never obeyed."""

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from acsevents.text import shown
from shared.lookups import DeadLetter
from shared.stories import Message, SmsStory, Transcript


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
            table.add_row(name, _safe(value))
    console.print(table)


def thread(console: Console, transcript: Transcript | None) -> None:
    """Print the transcript of one thread."""
    if transcript is None:
        console.print("no such thread is recorded")
        return
    table = Table("sent", "by", "message", title=_safe(f"One thread: {transcript.topic or transcript.thread_id}"))
    for message in transcript.messages:
        table.add_row((message.composed_at or "")[:19], _safe(message.sender_name or ""), _body(message))
    console.print(table)
    names = [participant.display_name or participant.id for participant in transcript.participants]
    console.print(Text.assemble("participants: ", _safe(", ".join(names) or "none known")))
    if transcript.deleted_at:
        console.print(f"deleted at {transcript.deleted_at}")
    for gap in transcript.gaps:
        console.print(Text.assemble("gap: ", _safe(gap)))


def dead_letters(console: Console, letters: Sequence[DeadLetter]) -> None:
    """Print dead letters without their text."""
    table = Table("function", "reason", "detail", "event", title="Dead letters")
    for letter in letters:
        table.add_row(letter.function, letter.reason, _safe(letter.detail), _safe(letter.event_id or ""))
    console.print(table)


def _body(message: Message) -> Text:
    if message.deleted_at:
        return Text(f"(deleted at {message.deleted_at[:19]})", style="dim")
    if message.text is None:
        return Text("(text not recorded)", style="dim")
    return Text.assemble(_safe(message.text), " (edited)" if message.edits else "")


def _safe(text: str) -> Text:
    return Text(shown(text))
