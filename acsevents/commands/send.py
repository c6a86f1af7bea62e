"""`acsevents send`."""

from enum import StrEnum
from typing import Annotated

import typer

from acsevents.commands import command_app, examples
from acsevents.failures import Unusable
from acsevents.local.event_grid import LOCAL_KEY
from acsevents.local.stack import Ports
from acsevents.operating import print_report, run_with_progress
from acsevents.operations.outgoing import Changes, prepared
from acsevents.operations.send import Sent, send
from acsevents.operations.sources import Source, sample_names
from acsevents.output import AsJson, note
from acsevents.publishing import Topic
from acsevents.running import find
from acsevents.subscriptions import load
from shared.events.envelope import Schema

app = command_app()


class SendSchema(StrEnum):
    """The schema to send events in."""

    EVENT_GRID = "eventgrid"
    CLOUD_EVENTS = "cloudevents"

    @property
    def full_name(self) -> Schema:
        """The name that deliveries use for it."""
        return "CloudEventSchemaV1_0" if self is SendSchema.CLOUD_EVENTS else "EventGridSchema"


@app.command(
    "send",
    epilog=examples(
        "send SMSReceived --set data.to=+15555550100 --set 'data.message=Hello'",
        "send 2020/ChatMessageReceived --count 100 --schema cloudevents",
        "send events.jsonl",
    ),
)
def send_events(
    sources: Annotated[
        list[str],
        typer.Argument(
            metavar="TYPE|FILE|-…",
            help="Event types of samples, files of events, or - for stdin.",
            autocompletion=sample_names,
        ),
    ],
    settings: Annotated[
        list[str] | None, typer.Option("--set", metavar="PATH=VALUE", help="Change a field, such as data.to.")
    ] = None,
    *,
    count: Annotated[int, typer.Option(min=1, help="How many of each event; every copy gets its own id.")] = 1,
    schema: Annotated[
        SendSchema | None, typer.Option(help="Send in this schema; by default events are sent as they are.")
    ] = None,
    endpoint: Annotated[
        str | None,
        typer.Option(envvar="EVENT_GRID_ENDPOINT", help="URL of the topic, by default that of `up` in this folder."),
    ] = None,
    key: Annotated[
        str, typer.Option(envvar="EVENT_GRID_KEY", help="Access key of the topic.", show_default=False)
    ] = LOCAL_KEY,
    as_json: AsJson = False,
) -> None:
    """Send events to an Event Grid topic, by default that of `up`.

    A sample gets a new id and the current time. A file may have one event, an array of any size, or JSON Lines; it is
    checked completely before the first event is sent.
    """
    pairs = [_pair(setting) for setting in settings or ()]
    origins = [Source(source) for source in sources]
    changes = Changes(pairs, count, schema.full_name if schema else None)
    running = find()
    address = endpoint or (running.topic if running else f"http://127.0.0.1:{Ports().topic}/api/events")
    sent = Sent()

    async def work() -> None:
        async with Topic(address, key) as topic:
            await send(prepared(origins, changes), load(), topic, sent)

    run_with_progress(work, "sending", lambda: sent.sent)
    if not sent.sent:
        raise Unusable(f"{', '.join(sources)}: no events found")
    print_report(sent, as_json=as_json)
    for event_type, number in sent.unwanted.items():
        note(f"no subscription takes {event_type}: Event Grid drops {number} of them")


def _pair(setting: str) -> tuple[str, str]:
    path, equals, value = setting.partition("=")
    if not path or not equals:
        raise typer.BadParameter(f"{setting!r} is not PATH=VALUE", param_hint="--set")
    return path, value
