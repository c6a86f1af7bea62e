"""The app's surroundings on one machine: Azurite and stand-ins for the Functions host and Event Grid."""


class LocalStackError(Exception):
    """A part of the local stack cannot start; the message names the cure."""
