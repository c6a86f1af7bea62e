"""Typed models of the events' `data`: one per event shape, for both generations of payload at once."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

import msgspec

from shared.events.reading import Tolerant

Int32 = Annotated[int, msgspec.Meta(ge=-(2**31), le=2**31 - 1)]
Int64 = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]

Sources = Mapping[str, tuple[str, ...]]


class Payload(Tolerant):
    """What every payload model can tell.

    Attributes:
        occurred: JSON name of the time of the thing itself.
        sources: JSON names that the columns used in keys are read from, first choice first.
    """

    occurred: ClassVar[str]
    sources: ClassVar[Sources]

    def columns(self) -> dict[str, Any]:
        """Tell the columns of this payload; None is for absent."""
        raise NotImplementedError
