"""Assign the cores: one to the measured process alone, the others to everything else."""

import os
from pathlib import Path

_CAN_PIN = hasattr(os, "sched_setaffinity")
ALL = frozenset(os.sched_getaffinity(0)) if _CAN_PIN else frozenset[int]()
MEASURED = frozenset(sorted(ALL)[-1:])
OTHERS = ALL - MEASURED or ALL


def pin(process: int, cores: frozenset[int]) -> None:
    """Keep all threads of a process on some cores; do nothing if the platform cannot."""
    if _CAN_PIN:
        for thread in Path(f"/proc/{process}/task").iterdir():
            os.sched_setaffinity(int(thread.name), cores)
