"""`acsevents demo`."""

from rich.console import Console

from acsevents.commands import command_app, examples
from acsevents.demo import demonstrate
from acsevents.loop import run

app = command_app()


@app.command(epilog=examples("demo"))
def demo() -> None:
    """Send every sample event through a local Event Grid and the function app, and show what was stored."""
    run(lambda: demonstrate(Console()))
