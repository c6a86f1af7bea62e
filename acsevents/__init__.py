"""The command line for operators and developers, and the local stack; not deployed."""

__version__ = "1.0.0"
