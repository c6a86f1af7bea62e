"""The part of a store that is the same in every fake."""


class Room:
    """A store's room, of which there is always enough."""

    async def reserve(self, size: int, *, deadline: float) -> int:  # noqa: ARG002  nobody waits
        """Reserve nothing."""
        return size

    def release(self, size: int) -> None:
        """Release nothing."""
