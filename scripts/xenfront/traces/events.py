# SPDX-License-Identifier: GPL-2.0-only
"""Reads the driver's events from the text of a trace."""

import dataclasses
import re
from collections.abc import Iterable, Iterator

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


class BadTrace(Exception):
    """The text is not a trace that can be used."""


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


def _parse(lines: Iterable[str], name: str, lost: list[int]) -> Iterator[Event]:
    for number, line in enumerate(lines, 1):
        if _LOST.search(line):
            lost.append(number)
        found = _EVENT.search(line.rstrip())
        if not found:
            continue
        fields = dict(word.partition("=")[::2] for word in found["fields"].split())
        wanted = _FIELDS.get(found["name"])
        if wanted is None:
            continue
        if not wanted <= fields.keys():
            missing = ", ".join(sorted(wanted - fields.keys()))
            raise BadTrace(f"{name}, line {number}: xen_front_{found['name']} without {missing}; "
                           "was the trace recorded with this version of the driver, and printed "
                           "without -R (raw)?")
        nanoseconds = int(found["seconds"]) * 10**9 + int(found["fraction"].ljust(9, "0"))
        yield Event(nanoseconds, found["name"], fields)


def read(lines: Iterable[str], name: str) -> Trace:
    """The events in the text of the trace called name. BadTrace if there are none."""
    lost: list[int] = []
    events = list(_parse(lines, name, lost))
    if not events:
        raise BadTrace(f"{name}: no event of xen_front in it; record with "
                       "'echo 1 > /sys/kernel/tracing/events/xen_front/enable' or "
                       "'trace-cmd record -e xen_front', and print the trace as text")
    return Trace(events, bool(lost))
