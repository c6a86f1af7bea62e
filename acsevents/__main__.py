"""Runs the command line: `python -m acsevents`."""

import signal

# Until the command runs, Ctrl-C ends the process without a traceback of imports.
signal.signal(signal.SIGINT, signal.SIG_DFL)

from acsevents.cli import main  # noqa: E402  see above

main()
