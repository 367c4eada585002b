# SPDX-License-Identifier: GPL-2.0-only
"""How long it takes from one domain to the other, by the clock that they have in common."""

import bisect
import dataclasses

import numpy

from xenfront import audio
from xenfront.errors import Failure
from xenfront.traces.backend import Entry


@dataclasses.dataclass(frozen=True)
class Moment:
    """The same moment by a domain's own clock, in nanoseconds, and by the processor's counter."""

    monotonic: int
    ticks: int


def clock_offset(guest: Moment, dom0: tuple[Moment, Moment]) -> int:
    """What to add to Dom0's time for the guest's. The two moments of Dom0 give the counter's rate."""
    first, last = dom0
    ticks = last.ticks - first.ticks
    if ticks <= 0:
        raise Failure("the processor's counter stood still in Dom0; is it emulated? See tsc_mode "
                      "in xl.cfg(5)")
    nanoseconds_per_tick = (last.monotonic - first.monotonic) / ticks
    return round(guest.monotonic - first.monotonic
                 - (guest.ticks - first.ticks) * nanoseconds_per_tick)


def until_woken(events: list[int], waits: list[tuple[int, int]]) -> list[int]:
    """From each event to the end of the wait it ended. Both by the same clock. An event that finds
    no player waiting wakes none; of several, the first is what the player was woken for."""
    begins = [begin for begin, _ in waits]
    delays: dict[int, int] = {}
    for event in events:
        at = bisect.bisect_right(begins, event) - 1
        if at >= 0 and event <= waits[at][1]:
            delays.setdefault(at, waits[at][1] - event)
    return list(delays.values())


def until_noticed(wakes: list[int], notices: list[int]) -> list[int]:
    """From each moment at which the application was woken to the backend's next wake-up, unless the
    application was woken again before."""
    delays = []
    for at, wake in enumerate(wakes):
        following = bisect.bisect_left(notices, wake)
        if following == len(notices):
            break
        if at + 1 == len(wakes) or notices[following] < wakes[at + 1]:
            delays.append(notices[following] - wake)
    return delays


# As much silence is between two sounds, at least, in seconds; and of their samples this part of the
# largest tells them from what a server's filter does before.
_SILENCE, _LOUD = 0.1, 0.25


def begins(recording: audio.Recording) -> list[int]:
    """The frames at which a sound begins after silence."""
    level = numpy.abs(recording.samples.astype(numpy.int64)).max(axis=1)
    loud = numpy.flatnonzero(level > _LOUD * level.max())
    gaps = numpy.diff(loud, prepend=-recording.frames) > _SILENCE * recording.rate
    return [int(frame) for frame in loud[gaps]]


def until_heard(reads: list[int], trace: list[Entry], recording: audio.Recording) -> list[int]:
    """From each moment at which a player has read its first frames to that at which the backend,
    whose clock counts here, has played them."""
    heard = begins(recording)
    if len(heard) != len(reads):
        raise Failure(f"{len(reads)} players were heard {len(heard)} times; see the recording among "
                      "Dom0's files")
    # What is recorded was played since the last time that the stream was opened and played.
    events: list[tuple[int, int]] = []
    frame_bytes = recording.samples.shape[1] * recording.samples.itemsize
    for entry in trace:
        if entry["type"] == "event":
            if events and entry["pos"] < events[-1][0]:
                events = []
            events.append((entry["pos"], entry["t"]))
    delays = []
    for read, frame in zip(reads, heard):
        at = bisect.bisect_left(events, (frame * frame_bytes, 0))
        if at == len(events):
            raise Failure(f"frame {frame}, at which a player was heard, was not reported as played")
        position, time = events[at]
        played = time - (position // frame_bytes - frame) * 1_000_000_000 // recording.rate
        delays.append(played - read)
    return delays
