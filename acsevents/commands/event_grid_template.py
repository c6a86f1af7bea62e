"""`acsevents event-grid-template`."""

import json

from acsevents.commands import command_app, examples
from acsevents.deployment import template
from acsevents.local.stack import SUBSCRIPTIONS

app = command_app()


@app.command(epilog=examples("event-grid-template > event-grid.json"))
def event_grid_template() -> None:
    """Print the ARM template that subscribes the deployed functions to an ACS resource's events."""
    print(json.dumps(template(SUBSCRIPTIONS), indent=2))
