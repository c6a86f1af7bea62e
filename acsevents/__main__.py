"""Run the command line: `python -m acsevents`."""

import signal


def main() -> None:
    """Run a command; Ctrl-C ends it without a traceback, even during imports and shutdown."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    from acsevents.cli import main as command  # noqa: PLC0415  # a slow import, during which Ctrl-C is common

    command()


if __name__ == "__main__":
    main()
