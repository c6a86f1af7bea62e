"""Runs the command line: `python -m acsevents`."""

import signal


def main() -> None:
    """Run a command; Ctrl-C ends it without a traceback, even while modules are loaded and when it has ended."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    from acsevents.cli import main as command  # noqa: PLC0415  # takes most of a second, in which Ctrl-C is common

    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        command()
    finally:
        signal.signal(signal.SIGINT, signal.SIG_DFL)


if __name__ == "__main__":
    main()
