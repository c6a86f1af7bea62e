"""The part of a store that is the same in every fake."""


class Room:
    """A store's room, of which there is always enough."""

    async def reserve(self, size: int) -> int:
        """Reserve nothing."""
        return size

    def release(self, size: int) -> None:
        """Release nothing."""
