"""The local stack: Azurite, and stand-ins for the Functions host and Event Grid."""


class LocalStackError(Exception):
    """A part of the local stack cannot start or has failed; the message says what to do."""
