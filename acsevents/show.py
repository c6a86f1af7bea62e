"""Print query results for people. Control characters in stored texts are escaped."""

import json
from collections.abc import Sequence

from rich import box
from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from acsevents.tables import console, fields_table, safe
from shared.lookups import DeadLetter, RecordedEvent, SmsReport
from shared.stories import Attempt, Message, SmsStory, Transcript

__all__ = ["console", "dead_letter", "dead_letters", "event", "sms", "sms_report", "thread"]

_BAR = 30  # characters of the longest bar
_WIDTH_BESIDE_BAR = 16  # width of a report's line without the bar: the counts, and the gaps between columns


def sms(console: Console, story: SmsStory | None) -> None:
    """Print the state of one SMS."""
    if story is None:
        console.print("no such SMS is recorded")
        return
    table = Table(*_columns("", ""), show_header=False, title="One SMS")
    for name, value in (
        ("message", story.message_id),
        ("from → to", f"{story.sender or 'unknown'} → {story.recipient or 'unknown'} ({story.direction})"),
        ("status", f"{story.status or 'unknown'}{f': {story.details}' if story.details else ''}"),
        ("text", story.text),
        ("tag", story.tag),
        ("last event", story.last_event),
        *((f"attempt {number}", _attempt(attempt)) for number, attempt in enumerate(story.attempts, 1)),
    ):
        if value is not None:
            table.add_row(safe(name), safe(value))
    console.print(table)
    _gaps(console, story.gaps)


def sms_report(console: Console, report: SmsReport) -> None:
    """Print the delivery report of a number, with bars in proportion to the counts."""
    console.print(safe(f"{report.number}: {report.received} received, {report.sent} sent"))
    bar = "#" if console.encoding.lower() in {"ascii", "us-ascii"} else "█"
    for title, counts in (("status", report.statuses), ("not delivered because", report.reasons)):
        if not counts:
            continue
        table = Table(*_columns(title, "messages", ""), box=box.SIMPLE_HEAD, pad_edge=False)
        longest = max(1, min(_BAR, console.width - _WIDTH_BESIDE_BAR - max(map(len, (title, *counts)))))
        most = max(counts.values())
        for name, count in counts.items():
            table.add_row(safe(name), str(count), bar * max(1, round(longest * count / most)))
        console.print(table)
    if report.seconds is not None:
        seconds = report.seconds
        console.print(
            f"seconds from the first attempt to the report: p50 {seconds.p50:.3g}, p90 {seconds.p90:.3g}, "
            f"p99 {seconds.p99:.3g}, longest {seconds.longest:.3g} (of {seconds.messages} delivered)"
        )


def thread(console: Console, transcript: Transcript | None) -> None:
    """Print the transcript of one thread."""
    if transcript is None:
        console.print("no such thread is recorded")
        return
    table = Table(
        *_columns("sent", "by", "message"), title=safe(f"One thread: {transcript.topic or transcript.thread_id}")
    )
    for message in transcript.messages:
        by = message.sender_name or message.sender_id or ""
        table.add_row((message.composed_at or "")[:19], safe(by), _body(message))
    console.print(table)
    names = [participant.display_name or participant.id for participant in transcript.participants]
    console.print(Text.assemble("participants: ", safe(", ".join(names) or "none known"), overflow="fold"))
    if transcript.deleted_at:
        console.print(f"deleted at {transcript.deleted_at}")
    _gaps(console, transcript.gaps)


def event(console: Console, found: RecordedEvent) -> None:
    """Print one event: its columns, its drift, the places of its rows, and its text."""
    console.print(fields_table({"handle": found.handle, "time": found.time, **found.columns}))
    for note in found.drift:
        console.print(safe(f"drift: {note}"))
    for place in found.rows:
        missing = "" if place.found else " (not there)"
        console.print(safe(f"row: {place.table}  {place.partition_key}  {place.row_key}{missing}"))
    _print_text(console, found.text)


def dead_letter(console: Console, letter: DeadLetter) -> None:
    """Print one dead letter with its text."""
    fields = letter.readable()
    text = fields.pop("raw")
    console.print(fields_table(fields))
    _print_text(console, text)


def dead_letters(console: Console, letters: Sequence[DeadLetter]) -> None:
    """Print dead letters without their text."""
    table = Table(*_columns("function", "reason", "detail", "event"), title="Dead letters")
    for letter in letters:
        table.add_row(letter.function, letter.reason, safe(letter.detail), safe(letter.event_id or ""))
    console.print(table)


def _columns(*headings: str) -> list[Column]:
    """Return columns that wrap long values; by default rich cuts them."""
    return [Column(heading, overflow="fold") for heading in headings]


def _gaps(console: Console, gaps: Sequence[str]) -> None:
    for gap in gaps:
        console.print(Text.assemble("gap: ", safe(gap), overflow="fold"))


def _body(message: Message) -> Text:
    if message.deleted_at:
        return Text(f"(deleted at {message.deleted_at[:19]})", style="dim", overflow="fold")
    if message.text is None:
        return Text("(text not known)", style="dim", overflow="fold")
    return Text.assemble(safe(message.text), " (edited)" if message.edits else "", overflow="fold")


def _attempt(attempt: Attempt) -> str:
    sent, failed = _count(attempt.segments_succeeded), _count(attempt.segments_failed)
    return f"{attempt.timestamp or 'at no known time'}: {sent} segments sent, {failed} failed"


def _count(segments: int | None) -> str:
    return "an unknown number of" if segments is None else str(segments)


def _print_text(console: Console, text: str | None) -> None:
    """Print an event's text as indented JSON; the terminal wraps long lines, so that they copy as one line."""
    if text is None:
        console.print("\nits text is missing or cannot be read")
        return
    try:
        pretty = json.dumps(json.loads(text), indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        pretty = text
    console.print(safe(f"\n{pretty}"), soft_wrap=True)
