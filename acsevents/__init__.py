"""The operator's and developer's command line, with the local stack; not deployed."""

__version__ = "1.0.0"
