"""Runs the command line: `python -m acsevents`."""

import signal


def main() -> None:
    """Run a command; Ctrl-C ends it without a traceback, even while modules are loaded and when it has ended."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    from acsevents.cli import main as command  # noqa: PLC0415  # takes a while, in which Ctrl-C is common

    command()


if __name__ == "__main__":
    main()
