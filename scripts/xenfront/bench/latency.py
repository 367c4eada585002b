# SPDX-License-Identifier: GPL-2.0-only
"""How long it takes from one domain to the other, by the clock that they have in common."""

import bisect
import dataclasses

from xenfront.errors import Failure


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
    nobody waiting wakes nobody; of several, the first is what somebody was woken for."""
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
