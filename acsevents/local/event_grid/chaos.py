"""What a delivery service may do at its worst, at will: each switch is a probability, all off by default."""

import random
from dataclasses import dataclass, field
from typing import Literal

Switch = Literal["duplicate", "reorder", "delay", "drop_reply", "split", "merge"]


@dataclass(kw_only=True)
class Chaos:
    """The switches and the one source of chance, which `seed` makes repeatable as far as timing allows.

    Attributes:
        seed: of `random.Random`.
        duplicate: the same batch is delivered twice at the same time.
        reorder: the batch is taken from anywhere in the queue and shuffled.
        delay: the delivery waits up to 10 s, scaled as the retry schedule is, so that later ones overtake it.
        drop_reply: the delivery happens, its answer is thrown away and counted as a time-out.
        split: a batch goes out as two.
        merge: a failed batch is dissolved and goes out again with whatever waits then.
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
        """Sow the seed."""
        self.rng = random.Random(self.seed)

    def strikes(self, switch: Switch) -> bool:
        """Tell whether it happens this time; a switch that is off takes no chance from the others."""
        probability: float = getattr(self, switch)
        return probability > 0 and self.rng.random() < probability
