# SPDX-License-Identifier: GPL-2.0-only
"""Reads the text of the kernel's traces: the driver's events; and allocations, sleeps and waits for
locks in functions of the driver."""

import collections
import dataclasses
import pathlib
import re
from typing import Iterable

from xenfront.errors import Failure

# The trace file of tracefs, trace-cmd report and perf script agree on time and name of an event.
_EVENT = re.compile(r"\s(?P<seconds>\d+)\.(?P<fraction>\d{1,9}):\s+(?:xen_front:)?"
                    r"xen_front_(?P<name>[a-z_]+):\s+(?P<fields>.*)$")
# What tracefs and trace-cmd say when their buffer was too small.
_LOST = re.compile(r"\[LOST \d+ EVENTS\]|CPU:\d+ \[\d+ EVENTS DROPPED\]|\[EVENTS DROPPED\]")

_FIELDS = {
    "request": {"card", "stream", "id", "op", "trigger", "offset", "length"},
    "response": {"card", "stream", "id", "op", "status"},
    "notify": {"card", "stream", "sent"},
    "event": {"card", "stream", "position", "frames"},
    "position": {"card", "stream", "hardware", "shown", "committed"},
    "state": {"card", "frontend", "backend"},
    "stream_state": {"card", "stream", "dir", "run", "link"},
}


@dataclasses.dataclass(frozen=True)
class Event:
    """One event; the time in nanoseconds of the trace's clock."""
    time: int
    name: str
    fields: dict[str, str]

    @property
    def stream(self) -> str:
        """Card, device and stream, as in 0:1/0."""
        return f"{self.fields['card']}:{self.fields['stream']}"

    def number(self, field: str) -> int:
        """A field that is a number."""
        return int(self.fields[field])


@dataclasses.dataclass
class Trace:
    """The driver's events, in the order of the text, and whether others have been lost."""
    events: list[Event]
    is_incomplete: bool


def read(lines: Iterable[str], name: str) -> Trace:
    """The events in the text of the trace called name. Failure if there are none."""
    trace = Trace([], False)
    for number, line in enumerate(lines, 1):
        if _LOST.search(line):
            trace.is_incomplete = True
        found = _EVENT.search(line.rstrip())
        wanted = _FIELDS.get(found["name"]) if found else None
        if found is None or wanted is None:
            continue
        fields = dict(word.partition("=")[::2] for word in found["fields"].split())
        if not wanted <= fields.keys():
            missing = ", ".join(sorted(wanted - fields.keys()))
            raise Failure(f"{name}, line {number}: xen_front_{found['name']} without {missing}; "
                          "was the trace recorded with this version of the driver, and printed "
                          "without -R (raw)?")
        nanoseconds = int(found["seconds"]) * 10**9 + int(found["fraction"].ljust(9, "0"))
        trace.events.append(Event(nanoseconds, found["name"], fields))
    if not trace.events:
        raise Failure(f"{name}: no event of xen_front in it; record with "
                      "'echo 1 > /sys/kernel/tracing/events/xen_front/enable' or "
                      "'trace-cmd record -e xen_front', and print the trace as text")
    return trace


# "  player-123  [000] d..3.  12.345678: sched_switch: prev_comm=..."; the stack follows.
_ANY_EVENT = re.compile(r"\[\d+\] \S+ +[\d.]+: (\w+): ")
_RUNNABLE = "prev_state=R"
_CALLER = " => "
_ALLOCATIONS = ("kmalloc", "kmem_cache_alloc", "mm_page_alloc")


@dataclasses.dataclass(frozen=True)
class Traced:
    """Events in which a function of the driver was being executed."""

    allocations: int
    sleeps: int
    contentions: int
    events: int  # of all kinds, caused by any task

    def __str__(self) -> str:
        return (f"{self.allocations} allocations, {self.sleeps} sleeps, {self.contentions} waits "
                "for a lock")


def read_stacks(path: pathlib.Path, names: pathlib.Path) -> Traced | None:
    """`names`: of the driver's functions. None when there is no trace: the step has none."""
    if not path.exists():
        return None
    functions = set(names.read_text(encoding="utf-8").split())
    if not functions:
        raise Failure(f"{names}: names no function of the driver; was it loaded?")
    events = []
    of_driver: collections.Counter[str] = collections.Counter()
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
        if _LOST.search(line):
            raise Failure(f"{path}: the kernel has lost events; trace fewer periods")
        if match := _ANY_EVENT.search(line):
            # A task that is only preempted does not sleep.
            events.append("preempted" if _RUNNABLE in line else match[1])
            is_counted = False
        elif events and not is_counted and line.removeprefix(_CALLER) in functions:
            of_driver[events[-1]] += 1
            is_counted = True
    return Traced(sum(of_driver[kind] for kind in _ALLOCATIONS), of_driver["sched_switch"],
                  of_driver["contention_begin"], len(events))
