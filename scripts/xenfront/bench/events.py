# SPDX-License-Identifier: GPL-2.0-only
"""What the kernel has traced: who allocates memory, goes to sleep, or waits for a lock."""

import collections
import dataclasses
import pathlib
import re

from xenfront.bench.errors import BenchError

# "  player-123  [000] d..3.  12.345678: sched_switch: prev_comm=..."; the stack follows.
_EVENT = re.compile(r"\[\d+\] \S+ +[\d.]+: (\w+): ")
_RUNNABLE = "prev_state=R"
_CALLER = " => "
_ALLOCATIONS = ("kmalloc", "kmem_cache_alloc", "mm_page_alloc")


@dataclasses.dataclass(frozen=True)
class Traced:
    """Events in which a function of the driver was being executed."""

    allocations: int
    sleeps: int
    contentions: int
    events: int  # of all kinds, whoever caused them

    def __str__(self) -> str:
        return (f"{self.allocations} allocations, {self.sleeps} sleeps, {self.contentions} waits "
                "for a lock")


def read(path: pathlib.Path, names: pathlib.Path) -> Traced | None:
    """`names`: of the driver's functions. None when there is no trace: the step has none."""
    if not path.exists():
        return None
    functions = set(names.read_text(encoding="utf-8").split())
    if not functions:
        raise BenchError(f"{names}: names no function of the driver; was it loaded?")
    events = []
    of_driver: collections.Counter[str] = collections.Counter()
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
        if "LOST" in line:
            raise BenchError(f"{path}: the kernel has lost events; trace fewer periods")
        if match := _EVENT.search(line):
            # Somebody who is only preempted does not sleep.
            events.append("preempted" if _RUNNABLE in line else match[1])
            is_counted = False
        elif events and not is_counted and line.removeprefix(_CALLER) in functions:
            of_driver[events[-1]] += 1
            is_counted = True
    return Traced(sum(of_driver[kind] for kind in _ALLOCATIONS), of_driver["sched_switch"],
                  of_driver["contention_begin"], len(events))
