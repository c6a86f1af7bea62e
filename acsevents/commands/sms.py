"""`acsevents sms`."""

from typing import Annotated, Final

import typer

from acsevents.asking import ask
from acsevents.commands import command_app, examples
from acsevents.failures import NotFound
from acsevents.output import AsJson, in_json, json_line, note, rows
from acsevents.times import Since

app = command_app()

_COLUMNS: Final = {
    "last_event": 19,
    "sender": 16,
    "recipient": 16,
    "status": 9,
    "details": None,
    "text": None,
    "message_id": 36,
}
_LIMIT: Final = 20


@app.command(
    epilog=examples(
        "sms '+1 555-555-0100'",
        "sms +15555550100 0f8fad5b-d9cb-469f-a165-70867728950e",
        "sms --report +15555550100 --since 7d",
    )
)
def sms(
    number: Annotated[
        str, typer.Argument(metavar="NUMBER", help="Your own number or the other party's, in any spelling.")
    ],
    message_id: Annotated[
        str | None, typer.Argument(metavar="[MESSAGE_ID]", help="The id that ACS gave the message.", show_default=False)
    ] = None,
    since: Since = None,
    limit: Annotated[int, typer.Option(min=0, help="How many messages, 0 for all.")] = _LIMIT,
    *,
    report: Annotated[bool, typer.Option("--report", help="Show how well your own number delivers.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show what became of one SMS, of a number's latest ones, or how well a number delivers."""
    if report and message_id is not None:
        raise typer.BadParameter("--report is about a number: remove the message id")
    if report:
        _report(number, since, as_json=as_json)
    elif message_id is None:
        _conversation(number, since, limit, as_json=as_json)
    else:
        _message(number, message_id, as_json=as_json)


def _message(number: str, message_id: str, *, as_json: bool) -> None:
    story = ask(lambda lookups: lookups.sms(number, message_id), counted=True)
    if story is None:
        raise NotFound("no such SMS is recorded")
    if in_json(as_json):
        print(json_line(story))
        return
    from acsevents import show  # noqa: PLC0415  imports rich, which pipes can do without

    show.sms(show.console(), story)


def _conversation(number: str, since: int | None, limit: int, *, as_json: bool) -> None:
    count = ask(lambda lookups: rows(lookups.conversation(number, since, limit or None), _COLUMNS, as_json=as_json))
    if not count:
        raise NotFound("no SMS of that number is recorded")
    if count == limit:
        note(f"these are the newest {limit} messages: --limit 0 shows all")


def _report(number: str, since: int | None, *, as_json: bool) -> None:
    report = ask(lambda lookups: lookups.sms_report(number, since), counted=True)
    if report is None:
        raise NotFound("no SMS is recorded under that number: --report takes your own numbers, see `acsevents numbers`")
    if in_json(as_json):
        print(json_line(report))
        return
    from acsevents import show  # noqa: PLC0415  imports rich, which pipes can do without

    show.sms_report(show.console(), report)
