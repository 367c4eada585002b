# SPDX-License-Identifier: GPL-2.0-only
"""What the backend's trace says about a stretch of playing or recording."""

import dataclasses
import pathlib
from typing import Any, Iterable

from xenfront.errors import explained
from xenfront.traces.backend import Entry, is_sent_event


@dataclasses.dataclass(frozen=True)
class Traffic:
    """Between the first position event of a stream and its last."""

    periods: float = 0
    requests: int = 0  # WRITE and READ
    notifications: int = 0  # received by the backend
    xruns: int = 0  # seen by the backend

    def __add__(self, other: "Traffic") -> "Traffic":
        return Traffic(*(ours + theirs for ours, theirs in
                         zip(dataclasses.astuple(self), dataclasses.astuple(other))))


def read_marks(path: pathlib.Path) -> list[tuple[str, float]]:
    """Names of steps, and the seconds of Dom0's clock at which they ended."""
    marks = []
    with explained(path, "measure again, without --evaluate",
                   "this run of the lab did not end, or was never begun"):
        text = path.read_text(encoding="utf-8")
    for line in text.splitlines():
        time, name = line.split()
        marks.append((name, float(time)))
    return marks


def divide(entries: Iterable[Entry], marks: list[tuple[str, float]]) -> dict[str, list[Entry]]:
    """The entries of each step. Nothing happens near a mark."""
    parts: dict[str, list[Entry]] = {name: [] for name, _ in marks}
    at = 0
    for entry in sorted(entries, key=lambda one: one["t"]):
        while at < len(marks) and entry["t"] / 1e9 > marks[at][1]:
            at += 1
        if at == len(marks):
            break
        parts[marks[at][0]].append(entry)
    return parts


def xruns(entries: Iterable[Entry]) -> int:
    """That the backend has seen."""
    return sum(entry["type"] in ("underrun", "overrun") for entry in entries)


def traffic(entries: Iterable[Entry]) -> Traffic:
    """Of all streams of all guests together."""
    streams: dict[tuple[Any, ...], list[Entry]] = {}
    for entry in entries:
        of = tuple(entry.get(member) for member in ("dom", "stream", "dir"))
        streams.setdefault(of, []).append(entry)
    return sum((_of_stream(entries) for entries in streams.values()), Traffic())


def _of_stream(entries: list[Entry]) -> Traffic:
    """After an xrun a stream is opened anew; each opening counts by itself."""
    total = Traffic()
    run: list[Entry] = []
    period = 0
    for entry in entries:
        if entry["type"] == "request" and entry["op"] == "OPEN":
            total += _between_events(run, period)
            run, period = [], entry["period"]
        run.append(entry)
    return total + _between_events(run, period)


def _between_events(run: list[Entry], period: int) -> Traffic:
    events = [at for at, entry in enumerate(run) if is_sent_event(entry)]
    if len(events) < 2 or period == 0:
        return Traffic(xruns=xruns(run))
    first, last = events[0], events[-1]
    between = run[first + 1:last + 1]
    return Traffic(
        periods=(run[last]["pos"] - run[first]["pos"]) / period, xruns=xruns(run),
        requests=sum(entry["type"] == "request" and entry["op"] in ("WRITE", "READ")
                     for entry in between),
        notifications=sum(entry["type"] == "wakeup" for entry in between))
