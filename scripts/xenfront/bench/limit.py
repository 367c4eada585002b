# SPDX-License-Identifier: GPL-2.0-only
"""What no driver can do without, measured without one: a process of the guest that an event channel
wakes once a period, and that copies the samples of a period."""

import dataclasses

from xenfront.bench.figures import Findings
from xenfront.bench.plan import APART, IN_TREE, NONE, OURS, TOGETHER
from xenfront.bench.workload import COPY, IDLE, LATENCY_PERIOD, PING, PLAY, RATE, RECORD, Workload


def of(findings: Findings, workload: Workload) -> float | None:
    """Processor time of the guest, in milliseconds for each second of sound, for any stream that is
    woken once a period. None for others, and when it was not measured."""
    if (workload.direction not in (PLAY, RECORD) or workload.streams != 1 or workload.chunk
            or workload.is_timed):
        return None
    # As long, at the rate of the pings.
    ping = Workload(PING, workload.period * RATE // workload.rate)
    copy = dataclasses.replace(workload, direction=COPY)
    waking, copying = (findings.mean(NONE, TOGETHER, one.name, "guest_ms") for one in (ping, copy))
    return waking + copying if waking is not None and copying is not None else None


def of_each(findings: Findings, driver: str, work: Workload, count: int, field: str,
            idle: Workload = Workload(IDLE)) -> float | None:
    """Processor time of a domain for each of so many streams or guests that play at once, without
    that of an idle one."""
    whole = findings.mean(driver, TOGETHER, work.name, field)
    without = findings.mean(NONE, TOGETHER, idle.name, field)
    return (whole - without) / count if whole is not None and without is not None else None


def remarks(findings: Findings) -> list[str]:
    """What a period of playback costs, and of that what cannot be saved."""
    return _processor_time(findings) + _switches(findings)


def _switches(findings: Findings) -> list[str]:
    name = f"play-{LATENCY_PERIOD}"
    ours, theirs = (findings.mean(driver, APART, f"{name}-rw", "switches")
                    for driver in (OURS, IN_TREE))
    traced = next((one.traced for one in findings.of(IN_TREE, APART, f"{name}-rw-traced")), None)
    wake = next((one.wake for one in findings.of(IN_TREE, APART, f"{name}-poll")), None)
    if ours is None or theirs is None or traced is None or wake is None:
        return []
    in_writes = traced.sleeps * LATENCY_PERIOD / RATE
    return [
        f"a player that is woken for each period switches once, with this driver {ours:.2f} times; "
        f"of the {theirs:.2f} of the in-tree driver {in_writes:.2f} are in its writes, which wait "
        f"for the backend's answer, and {theirs - in_writes:.2f} are for room in the buffer, of "
        f"which the player learns {wake.p50 / 1000:.1f} ms after the event: periods that end on "
        "their boundary are reported with the next"]


def _processor_time(findings: Findings) -> list[str]:
    """Of the guest, in milliseconds for each second of sound. For periods of the latency period: to
    be woken from a short sleep costs less than from a long one."""
    idle, pinged, copying = (
        findings.mean(NONE, TOGETHER, name, "guest_ms")
        for name in (IDLE, f"ping-{LATENCY_PERIOD}", f"copy-{LATENCY_PERIOD}"))
    ours, theirs = (findings.mean(driver, TOGETHER, f"play-{LATENCY_PERIOD}-rw", "guest_ms")
                    for driver in (OURS, IN_TREE))
    if idle is None or pinged is None or copying is None or ours is None or theirs is None:
        return []
    least = pinged + copying
    wakes = RATE / LATENCY_PERIOD
    return [
        f"limit, periods of {LATENCY_PERIOD}: {least:.2f} ms of the guest's processor for a second "
        f"of sound: {pinged - idle:.2f} to wake a process {wakes:.0f} times by an event channel, "
        f"{copying:.2f} to copy the samples, {idle:.2f} for an idle guest; that is "
        f"{least / theirs:.2f} of what the in-tree driver takes",
        f"above that limit are {ours - least:.2f} ms with this driver, {theirs - least:.2f} ms with "
        f"the in-tree one: ratio {(ours - least) / (theirs - least):.2f}; that is "
        f"{1000 * (ours - least) / wakes:.1f} and {1000 * (theirs - least) / wakes:.1f} us a period",
    ]
