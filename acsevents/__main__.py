"""Runs the command line: `python -m acsevents`."""

from acsevents.cli import main

main()
