# SPDX-License-Identifier: GPL-2.0-only
"""What a run of the lab says about interrupts, underruns and latency.

Times are those of Dom0's clock inside the emulated machine, in milliseconds.
"""

import bisect
import dataclasses
import re
from typing import Iterable

from xenfront.errors import Failure
from xenfront.traces import backend
from xenfront.traces.spread import Spread

MILLISECOND = 1e6 # in nanoseconds

_INTERRUPT_LINE = re.compile(r"\s*(\d+):((?:\s+\d+)+)\s.*\b(xen-front\S*)\s*$", re.MULTILINE)


@dataclasses.dataclass(frozen=True)
class Playback:
    """What the backend's trace says about the stream that was played."""

    writes: int
    events: int
    underruns: int
    # Notifications that reached the backend while the stream was open.
    notifications: int
    # Interrupts that answers to requests made: those that set up, start and end the stream.
    control_interrupts: int
    # From the arrival of a WRITE to the event that says its last frame was played.
    write_to_played: Spread | None
    # From an event to the arrival of the WRITE that it made room for.
    event_to_write: Spread | None
    # From the arrival of the first WRITE to the first event.
    start: Spread | None


def interrupts(before: str, after: str) -> dict[str, int]:
    """The growth of each of the driver's lines between two copies of /proc/interrupts."""
    old, new = _interrupt_counts(before), _interrupt_counts(after)
    if not new:
        raise Failure("/proc/interrupts of the guest has no line of xen-front; the driver bound "
                      "no event channel, see the guest's dmesg")
    return {name: count - old.get(name, 0) for name, count in new.items()}


def _interrupt_counts(text: str) -> dict[str, int]:
    counts: dict[str, int] = {}
    for match in _INTERRUPT_LINE.finditer(text):
        counts[match[3]] = counts.get(match[3], 0) + sum(map(int, match[2].split()))
    return counts


def aplay_underruns(stderr: str) -> int:
    return len(re.findall(r"^underrun", stderr, re.MULTILINE))


@dataclasses.dataclass
class _Run:
    """Between an OPEN and the next; positions count from the OPEN. Times in nanoseconds."""

    # When each WRITE arrived and the position behind its last octet.
    writes: list[tuple[int, int]] = dataclasses.field(default_factory=list)
    # When each event was sent and its position.
    events: list[tuple[int, int]] = dataclasses.field(default_factory=list)


def playback(entries: Iterable[backend.Entry]) -> Playback:
    """Follows the one stream that plays; after an underrun it is opened anew."""
    runs: list[_Run] = []
    underruns = notifications = control = 0
    is_open = False
    arrived: dict[int, tuple[int, int]] = {}
    for entry in (entry for entry in entries if entry.get("dir") == "p"):
        kind, operation, time = entry["type"], entry.get("op"), entry["t"]
        if kind == "request" and operation == "OPEN":
            is_open = True
            runs.append(_Run())
        elif kind == "request" and operation == "WRITE":
            arrived[entry["id"]] = (time, entry["length"])
        elif kind == "response":
            control += bool(entry["notify"])
            is_open = is_open and operation != "CLOSE"
            if operation == "WRITE" and "pos" in entry and runs:
                since, length = arrived.pop(entry["id"])
                runs[-1].writes.append((since, entry["pos"] + length))
        elif kind == "event" and entry["notify"] and runs:
            runs[-1].events.append((time, entry["pos"]))
        elif kind == "underrun":
            underruns += 1
        elif kind == "wakeup":
            notifications += is_open
    first = next((run for run in runs if run.writes and run.events), None)
    return Playback(
        writes=sum(len(run.writes) for run in runs), events=sum(len(run.events) for run in runs),
        underruns=underruns, notifications=notifications, control_interrupts=control,
        write_to_played=Spread.of((delay for run in runs for delay in _until_played(run)),
                                  MILLISECOND),
        event_to_write=Spread.of((delay for run in runs for delay in _until_written(run)),
                                 MILLISECOND),
        start=Spread.of([first.events[0][0] - first.writes[0][0]] if first else [],
                        MILLISECOND))


def _until_played(run: _Run) -> list[int]:
    """From the arrival of each WRITE to the event that says that all of it was played."""
    positions = [position for _, position in run.events]
    firsts = ((since, bisect.bisect_left(positions, end)) for since, end in run.writes)
    return [run.events[first][0] - since for since, first in firsts if first < len(positions)]


def _until_written(run: _Run) -> list[int]:
    """From each event to the arrival of the WRITE after it. Where a further event came first, the
    guest answered both at once: the earlier one waited longest."""
    times = [time for time, _ in run.events]
    delays, answered = [], 0
    for since, _ in run.writes:
        sent = bisect.bisect_right(times, since)
        if sent > answered:
            delays.append(since - times[answered])
            answered = sent
    return delays
