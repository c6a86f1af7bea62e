"""The part of a store that is the same in every fake."""

from collections.abc import Sequence

from shared.errors import StorageError
from shared.storage.lane import Write
from shared.storage.odata import Row


class UnlimitedRoom:
    """A store with room for everything, which writes at once."""

    def try_reserve(self, size: int) -> bool:  # noqa: ARG002  there is always room
        """Reserve nothing."""
        return True

    async def reserve(self, size: int, *, deadline: float) -> int:
        """Never be asked."""
        raise NotImplementedError

    def release(self, size: int) -> None:
        """Release nothing."""

    def begin(self, rows: Sequence[Row], write: Write) -> None:
        """Write rows, and settle at once."""
        write.expect(1)
        try:
            self.keep(rows)
        except StorageError as error:
            write.settle(error)
        else:
            write.settle(None)

    def keep(self, rows: Sequence[Row]) -> None:
        """Keep rows, or raise `StorageError`."""
