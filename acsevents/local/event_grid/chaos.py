"""Switches for the worst behaviour of a delivery service; each is a probability, and all are off by default."""

import random
from dataclasses import dataclass, field
from typing import Literal

Switch = Literal["duplicate", "reorder", "delay", "drop_reply", "split", "merge"]


@dataclass(kw_only=True)
class Chaos:
    """The switches, and the only source of random numbers. `seed` makes a run repeatable as far as timing allows.

    Attributes:
        seed: seed of `random.Random`.
        duplicate: the same batch is delivered twice at the same time.
        reorder: the batch is taken from anywhere in the queue and shuffled.
        delay: the delivery waits up to 10 s, scaled like the retry schedule, so that later ones overtake it.
        drop_reply: the batch is delivered, but the response is dropped and counts as a time-out.
        split: a batch is delivered as two.
        merge: the events of a failed batch are queued again one by one, and may join other batches.
    """

    seed: int = 0
    duplicate: float = 0.0
    reorder: float = 0.0
    delay: float = 0.0
    drop_reply: float = 0.0
    split: float = 0.0
    merge: float = 0.0
    rng: random.Random = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Seed the random numbers."""
        self.rng = random.Random(self.seed)

    def strikes(self, switch: Switch) -> bool:
        """Return whether a switch acts this time; a switch that is off draws no random number."""
        probability: float = getattr(self, switch)
        return probability > 0 and self.rng.random() < probability
