# SPDX-License-Identifier: GPL-2.0-only
"""What this driver shall achieve, and whether it does."""

import dataclasses
from typing import Callable

from xenfront.bench import limit, plan
from xenfront.bench.figures import Figures, Findings
from xenfront.bench.plan import (APART, BY_16, BY_16_PACED, CARD, FIELD, IN_TREE, LATE,
                                 LATE_MICROSECONDS, NONE, OURS, RECORDING, TOGETHER)
from xenfront.bench.workload import (HEAR, IDLE, LATENCY_PERIOD, OUTLIVE, PERIODS_PER_BUFFER,
                                     PLAY, RATE, RECORD, REST, SERVE, Workload)
from xenfront.traces.spread import Spread


@dataclasses.dataclass(frozen=True)
class Verdict:
    """One target and what was measured for it."""

    target: str
    measured: str
    is_met: bool | None  # None: cannot be told from what was measured

    @property
    def word(self) -> str:
        return {None: "unknown", True: "met", False: "not met"}[self.is_met]


@dataclasses.dataclass(frozen=True)
class _Limit:
    """A figure, or its ratio to the in-tree driver's, that is not to be exceeded."""

    target: str
    place: str
    workload: str
    field: str
    unit: str
    most: float
    is_ratio: bool
    backend: str = ""

    def judge(self, findings: Findings) -> Verdict:
        ours, theirs = (findings.mean(driver, self.place, self.workload, self.field, self.backend)
                        for driver in (OURS, IN_TREE))
        if ours is None or self.is_ratio and not theirs:
            return Verdict(self.target, "was not measured", None)
        text = f"{ours:.2f}{self.unit}"
        if theirs:
            text += f", in-tree {theirs:.2f}{self.unit}: ratio {ours / theirs:.2f}"
        value = ours / theirs if self.is_ratio and theirs else ours
        return Verdict(self.target, text, value <= self.most)


_INTERRUPTS = tuple(
    _Limit(f"{title}, periods of 480: at most 1.05 interrupts per period", APART,
           Workload(direction).name, "interrupts", "", 1.05, False)
    for direction, title in ((PLAY, "playback"), (RECORD, "capture")))
# On a backend that reports at the boundaries only, where each wakes its player once, the limit is
# above this; neither snd-aloop nor a timer ticks there.
_OF_OTHER_BACKENDS = tuple(
    dataclasses.replace(one, target=f"{what}: {one.target}", backend=backend)
    for backend, what in ((FIELD, "positions by a timer"), (CARD, "into a sound card"))
    for one in (
        _INTERRUPTS[0],
        _Limit("playback, periods of 480: at most 0.45 of the in-tree driver's guest processor "
               "time", TOGETHER, "play-480-rw", "guest_ms", " ms/s", 0.45, True),
        _Limit("playback, periods of 480: at most 0.45 of the in-tree driver's context switches "
               "of the player", APART, "play-480-rw", "switches", "", 0.45, True)))
_LIMITS = (*_INTERRUPTS, *_OF_OTHER_BACKENDS)

# The most that these take of the guest's processor, as a multiple of the limit.
_OF_THE_LIMIT = (("playback by read and write", Workload(PLAY), 1.04),
                 ("playback by mmap", Workload(PLAY, access="mmap"), 1.10),
                 ("capture by read and write", Workload(RECORD), 1.10),
                 ("capture by mmap", Workload(RECORD, access="mmap"), 1.10))


def _near_the_limit(findings: Findings) -> list[Verdict]:
    verdicts = []
    for title, work, most in _OF_THE_LIMIT:
        target = (f"{title}, periods of {work.period}: at most {most:.2f} times the limit of the "
                  "guest's processor time")
        ours = findings.mean(OURS, TOGETHER, work.name, "guest_ms")
        verdicts.append(_compared(target, ours, limit.of(findings, work), most, "limit"))
    return verdicts


def _compared(target: str, ours: float | None, other: float | None, most: float,
              what: str) -> Verdict:
    """Processor time, as a multiple of another."""
    if ours is None or not other:
        return Verdict(target, "was not measured", None)
    return Verdict(target, f"{ours:.2f} ms/s, {what} {other:.2f} ms/s: ratio {ours / other:.2f}",
                   ours <= most * other)


SMALLEST_WANTED = 32


def _smallest(findings: Findings) -> list[Verdict]:
    verdicts = []
    late = LATE_MICROSECONDS / 1000
    for periods, backend, where in ((PERIODS_PER_BUFFER, "", ""), (2, "", ""),
                                    (PERIODS_PER_BUFFER, LATE, f", answers {late:g} ms late"),
                                    (PERIODS_PER_BUFFER, CARD, ", into a sound card")):
        ours = findings.smallest_clean(OURS, PLAY, periods, backend)
        theirs = findings.smallest_clean(IN_TREE, PLAY, periods, backend)
        what = f"smallest clean period of playback, {periods} to the buffer{where}"
        text = f"{ours or 'none'} frames, in-tree {theirs or 'none'}"
        if not backend:
            verdicts.append(Verdict(f"{what}: {SMALLEST_WANTED} frames or fewer", text,
                                    ours is not None and ours <= SMALLEST_WANTED))
        # With these the in-tree driver is clean at 16 frames, and nothing is below this driver's 32.
        if (periods, backend) == (PERIODS_PER_BUFFER, ""):
            continue
        verdicts.append(Verdict(f"{what}: at most 1/4 of the in-tree driver's", text,
                                ours is not None and (theirs is None or 4 * ours <= theirs)))
    return verdicts


_STREAMS, _GROWTH = 32, 1.1


def _many(findings: Findings) -> list[Verdict]:
    verdicts = []
    for domain, field in (("", "guest_ms"), (" Dom0", "dom0_ms")):
        target = f"{_STREAMS} streams: each costs{domain} at most {_GROWTH} times what one costs"
        one, each = (limit.of_each_stream(findings, OURS, count, field)
                     for count in (1, _STREAMS))
        if not one or each is None:
            verdicts.append(Verdict(target, "was not measured", None))
            continue
        theirs = limit.of_each_stream(findings, IN_TREE, _STREAMS, field)
        verdicts.append(Verdict(target, f"one {one:.2f} ms/s, each of {_STREAMS} {each:.2f}: ratio "
                                        f"{each / one:.2f}; in-tree each of {_STREAMS} "
                                        f"{_number(theirs)}", each <= _GROWTH * one))
    return verdicts


def _number(value: float | None) -> str:
    return "not measured" if value is None else f"{value:.2f}"


_WRITES_PER_NOTIFICATION = 4


def _by_16(findings: Findings) -> list[Verdict]:
    slow = "writes of 16 frames, backend slower than the writer: at least " \
           f"{_WRITES_PER_NOTIFICATION} writes for a notification"
    idle = "writes of 16 frames, idle backend: each is requested at once, none waits for another"
    verdicts = []
    late = [one for one in findings.of(OURS, APART, BY_16.name, LATE) if not one.failure]
    if not late or not late[0].notifications:
        verdicts.append(Verdict(slow, "was not measured", None))
    else:
        writes = late[0].calls / late[0].notifications
        verdicts.append(Verdict(slow, f"{late[0].calls:.1f} writes and "
                                      f"{late[0].notifications:.1f} notifications a period: "
                                      f"{writes:.1f}", writes >= _WRITES_PER_NOTIFICATION))
    calls, requests = (findings.mean(OURS, APART, BY_16_PACED.name, field)
                       for field in ("calls", "requests"))
    if calls is None or requests is None:
        return [*verdicts, Verdict(idle, "was not measured", None)]
    return [*verdicts, Verdict(idle, f"{calls:.1f} writes and {requests:.1f} requests a period",
                               requests >= 0.99 * calls)]


def _idle(findings: Findings) -> list[Verdict]:
    interrupts = findings.mean(OURS, APART, IDLE, "interrupts")
    calls = findings.mean(OURS, APART, IDLE, "module_calls")
    if interrupts is None or calls is None:
        return [Verdict("idle card: no interrupt, no wake-up", "was not measured", None)]
    own = findings.mean(OURS, APART, IDLE, "guest_switches") or 0.0
    without = findings.mean(NONE, APART, IDLE, "guest_switches") or 0.0
    return [Verdict("idle card: no interrupt, no wake-up",
                    f"{interrupts:.0f} interrupts, {calls:.0f} calls of a function of the driver; "
                    f"the guest switches {own:.1f} times a second, without driver {without:.1f}",
                    interrupts == 0 and calls == 0)]


def _traced(findings: Findings) -> list[Verdict]:
    verdicts = []
    for direction, title in ((PLAY, "playback"), (RECORD, "capture")):
        name = Workload(direction, is_traced=True).name
        target = f"a period of {title}: no allocation, no sleep, no lock waited for"
        ours, theirs = (next((one.traced for one in findings.of(driver, APART, name)), None)
                        for driver in (OURS, IN_TREE))
        if ours is None or ours.events == 0:
            verdicts.append(Verdict(target, "was not measured", None))
            continue
        verdicts.append(Verdict(
            target, f"{ours} in a second of periods of {LATENCY_PERIOD}, by the kernel's trace "
                    f"({ours.events} events); in-tree {theirs or 'not measured'}",
            ours.allocations + ours.sleeps + ours.contentions == 0))
    return verdicts


_WAKE_RATIO = 1.25


def _worst(findings: Findings, driver: str, name: str) -> Spread | None:
    """Of the rounds that with the largest p99."""
    spreads = [figures.wake for figures in findings.of(driver, APART, name) if figures.wake]
    return max(spreads, key=lambda spread: spread.p99, default=None)


def _wake(findings: Findings) -> list[Verdict]:
    target = (f"event to application's wake-up, p99: at most {_WAKE_RATIO} times that of a process "
              "that only waits for an event channel")
    ours, bare = (_worst(findings, driver, name)
                  for driver, name in ((OURS, "play-480-poll"), (NONE, "ping-480")))
    if ours is None or bare is None:
        return [Verdict(target, "was not measured", None)]
    theirs = _worst(findings, IN_TREE, "play-480-poll")
    return [Verdict(target, f"p50 / p99 / max: {ours.percentiles('us')}, bare "
                            f"{bare.percentiles('us')}, in-tree "
                            f"{theirs.percentiles('us') if theirs else 'not measured'}: ratio "
                            f"{ours.p99 / bare.p99:.2f}",
                    ours.p99 <= _WAKE_RATIO * bare.p99)]


_SERVED_NULL, _SERVED_IN_TREE = 1.15, 0.5


def _pipewire(findings: Findings) -> list[Verdict]:
    serve = plan.served(plan.PIPEWIRE, SERVE).name
    rounds = findings.of(OURS, TOGETHER, serve)
    if not rounds:
        return [Verdict("PipeWire: cheaper, and not interrupted", "was not measured", None)]
    own, null, theirs = (findings.mean(driver, TOGETHER, serve, "guest_ms")
                         for driver in (OURS, NONE, IN_TREE))
    interrupts = max(one.interrupts for one in rounds)
    missed = sum(one.xruns + one.backend_xruns for one in rounds)
    return [
        Verdict("PipeWire plays: no interrupt", f"{interrupts:.1f} a second, in-tree "
                f"{_number(findings.mean(IN_TREE, TOGETHER, serve, 'interrupts'))}",
                interrupts == 0),
        Verdict("PipeWire plays: no xrun", f"{missed}", missed == 0),
        _compared(f"PipeWire plays: guest's processor at most {_SERVED_NULL} times that of its null "
                  "sink", own, null, _SERVED_NULL, "null sink"),
        _compared(f"PipeWire plays: guest's processor at most {_SERVED_IN_TREE} of the in-tree "
                  "driver's", own, theirs, _SERVED_IN_TREE, "in-tree"),
        *_outlives(findings), *_rests(findings)]


def _outlives(findings: Findings) -> list[Verdict]:
    work = plan.served(plan.PIPEWIRE, OUTLIVE)
    target = f"PipeWire plays for {work.seconds:.0f} s, in which its backend starts anew: no xrun"
    return [Verdict(target, one.failure or f"{one.xruns} of PipeWire, {one.backend_xruns} of the "
                                           "backend", one.is_clean)
            for one in findings.of(OURS, TOGETHER, work.name)] or [
                Verdict(target, "was not measured", None)]


def _rests(findings: Findings) -> list[Verdict]:
    rounds = findings.of(OURS, TOGETHER, plan.served(plan.PIPEWIRE, REST).name)
    return [Verdict("PipeWire's sink idle but open: no interrupt, no event",
                    f"{one.interrupts:.1f} interrupts and {one.events:.1f} events a second",
                    one.interrupts == one.events == 0) for one in rounds]


def _hearing(findings: Findings, server: str) -> Figures | None:
    """How soon a new player of that server is heard."""
    return next((one for one in findings.of(OURS, APART, plan.served(server, HEAR).name, RECORDING)
                 if one.heard), None)


def _heard(findings: Findings) -> list[Verdict]:
    target = "PipeWire: a new player is heard at least a period sooner than with BATCH"
    ours, batch = (_hearing(findings, server) for server in (plan.PIPEWIRE, plan.PIPEWIRE_BATCH))
    if ours is None or batch is None or ours.heard is None or batch.heard is None:
        return [Verdict(target, "was not measured", None)]
    period_ms = 1000 * (batch.period or 0) / RATE
    return [Verdict(target, f"p50 / p99 / max {ours.heard.percentiles('ms')}, with BATCH "
                            f"{batch.heard.percentiles('ms')}",
                    ours.heard.p50 + period_ms <= batch.heard.p50)]


_JUDGES: tuple[Callable[[Findings], list[Verdict]], ...] = (
    lambda findings: [one.judge(findings)
                      for one in _LIMITS], _near_the_limit, _smallest, _wake,
    _many, _idle, _by_16, _traced, _pipewire, _heard)


def judge(findings: Findings) -> list[Verdict]:
    """All of them, in the order of the issue."""
    return [verdict for judge_some in _JUDGES for verdict in judge_some(findings)]
