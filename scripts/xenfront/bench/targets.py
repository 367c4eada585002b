# SPDX-License-Identifier: GPL-2.0-only
"""What this driver shall achieve, and whether it does."""

import dataclasses

from xenfront.bench import limit, plan
from xenfront.bench.figures import Figures, Findings
from xenfront.bench.plan import (APART, BY_16, BY_16_PACED, CARD, FIELD, IN_TREE, LATE,
                                 LATE_MICROSECONDS, NONE, OURS, RECORDING, TOGETHER)
from xenfront.bench.workload import (HEAR, IDLE, LATENCY_PERIOD, OUTLIVE, PERIODS_PER_BUFFER,
                                     PLAY, RATE, RECORD, REST, SERVE, Workload)
from xenfront.judgement import Judgement
from xenfront.traces.spread import Spread


class _Targets(Judgement):
    """Met, not met, or not to be told from what was measured."""

    def not_measured(self, target: str) -> None:
        self.tell(target, "was not measured")

    def processor_time(self, target: str, ours: float | None, other: float | None, most: float,
                       what: str) -> None:
        """As a multiple of another."""
        if ours is None or not other:
            self.not_measured(target)
        else:
            self.check(target, ours <= most * other,
                       f"{ours:.2f} ms/s, {what} {other:.2f} ms/s: ratio {ours / other:.2f}")


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

    def judge(self, targets: _Targets, findings: Findings) -> None:
        ours, theirs = (findings.mean(driver, self.place, self.workload, self.field, self.backend)
                        for driver in (OURS, IN_TREE))
        if ours is None or self.is_ratio and not theirs:
            targets.not_measured(self.target)
            return
        text = f"{ours:.2f}{self.unit}"
        if theirs:
            text += f", in-tree {theirs:.2f}{self.unit}: ratio {ours / theirs:.2f}"
        value = ours / theirs if self.is_ratio and theirs else ours
        targets.check(self.target, value <= self.most, text)


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


def _near_the_limit(targets: _Targets, findings: Findings) -> None:
    for title, work, most in _OF_THE_LIMIT:
        targets.processor_time(
            f"{title}, periods of {work.period}: at most {most:.2f} times the limit of the guest's "
            "processor time", findings.mean(OURS, TOGETHER, work.name, "guest_ms"),
            limit.of(findings, work), most, "limit")


SMALLEST_WANTED = 32


def _smallest(targets: _Targets, findings: Findings) -> None:
    late = LATE_MICROSECONDS / 1000
    for periods, backend, where in ((PERIODS_PER_BUFFER, "", ""), (2, "", ""),
                                    (PERIODS_PER_BUFFER, LATE, f", answers {late:g} ms late"),
                                    (PERIODS_PER_BUFFER, CARD, ", into a sound card")):
        ours = findings.smallest_clean(OURS, PLAY, periods, backend)
        theirs = findings.smallest_clean(IN_TREE, PLAY, periods, backend)
        what = f"smallest clean period of playback, {periods} to the buffer{where}"
        text = f"{ours or 'none'} frames, in-tree {theirs or 'none'}"
        if not backend:
            targets.check(f"{what}: {SMALLEST_WANTED} frames or fewer",
                          ours is not None and ours <= SMALLEST_WANTED, text)
        # With these the in-tree driver is clean at 16 frames, and nothing is below this driver's 32.
        if (periods, backend) != (PERIODS_PER_BUFFER, ""):
            targets.check(f"{what}: at most 1/4 of the in-tree driver's",
                          ours is not None and (theirs is None or 4 * ours <= theirs), text)


_STREAMS, _GROWTH = 32, 1.1


def _many(targets: _Targets, findings: Findings) -> None:
    for domain, field in (("", "guest_ms"), (" Dom0", "dom0_ms")):
        target = f"{_STREAMS} streams: each costs{domain} at most {_GROWTH} times what one costs"
        one, each, theirs = (limit.of_each(findings, driver, plan.many(count), count, field)
                             for driver, count in ((OURS, 1), (OURS, _STREAMS),
                                                   (IN_TREE, _STREAMS)))
        if not one or each is None:
            targets.not_measured(target)
            continue
        targets.check(target, each <= _GROWTH * one,
                      f"one {one:.2f} ms/s, each of {_STREAMS} {each:.2f}: ratio {each / one:.2f}; "
                      f"in-tree each of {_STREAMS} {_number(theirs)}")


def _number(value: float | None) -> str:
    return "not measured" if value is None else f"{value:.2f}"


_WRITES_PER_NOTIFICATION = 4


def _by_16(targets: _Targets, findings: Findings) -> None:
    slow = "writes of 16 frames, backend slower than the writer: at least " \
           f"{_WRITES_PER_NOTIFICATION} writes for a notification"
    idle = "writes of 16 frames, two periods to the buffer: each is requested at once, none waits " \
           "for another"
    late = [one for one in findings.of(OURS, APART, BY_16.name, LATE) if not one.failure]
    if not late or not late[0].notifications:
        targets.not_measured(slow)
    else:
        writes = late[0].calls / late[0].notifications
        targets.check(slow, writes >= _WRITES_PER_NOTIFICATION,
                      f"{late[0].calls:.1f} writes and {late[0].notifications:.1f} notifications a "
                      f"period: {writes:.1f}")
    calls, requests = (findings.mean(OURS, APART, BY_16_PACED.name, field)
                       for field in ("calls", "requests"))
    if calls is None or requests is None:
        targets.not_measured(idle)
    else:
        targets.check(idle, requests >= 0.99 * calls,
                      f"{calls:.1f} writes and {requests:.1f} requests a period")


def _idle(targets: _Targets, findings: Findings) -> None:
    target = "idle card: no interrupt, no wake-up"
    interrupts = findings.mean(OURS, APART, IDLE, "interrupts")
    calls = findings.mean(OURS, APART, IDLE, "module_calls")
    if interrupts is None or calls is None:
        targets.not_measured(target)
        return
    own = findings.mean(OURS, APART, IDLE, "guest_switches") or 0.0
    without = findings.mean(NONE, APART, IDLE, "guest_switches") or 0.0
    targets.check(target, interrupts == 0 and calls == 0,
                  f"{interrupts:.0f} interrupts, {calls:.0f} calls of a function of the driver; "
                  f"the guest switches {own:.1f} times a second, without driver {without:.1f}")


def _traced(targets: _Targets, findings: Findings) -> None:
    for direction, title in ((PLAY, "playback"), (RECORD, "capture")):
        name = Workload(direction, is_traced=True).name
        target = f"a period of {title}: no allocation, no sleep, no lock waited for"
        ours, theirs = (next((one.traced for one in findings.of(driver, APART, name)), None)
                        for driver in (OURS, IN_TREE))
        if ours is None or ours.events == 0:
            targets.not_measured(target)
            continue
        targets.check(target, ours.allocations + ours.sleeps + ours.contentions == 0,
                      f"{ours} in a second of periods of {LATENCY_PERIOD}, by the kernel's trace "
                      f"({ours.events} events); in-tree {theirs or 'not measured'}")


_WAKE_RATIO = 1.25


def _worst(findings: Findings, driver: str, name: str) -> Spread | None:
    """Of the rounds that with the largest p99."""
    spreads = [figures.wake for figures in findings.of(driver, APART, name) if figures.wake]
    return max(spreads, key=lambda spread: spread.p99, default=None)


def _wake(targets: _Targets, findings: Findings) -> None:
    target = (f"event to application's wake-up, p99: at most {_WAKE_RATIO} times that of a process "
              "that only waits for an event channel")
    ours, bare = (_worst(findings, driver, name)
                  for driver, name in ((OURS, "play-480-poll"), (NONE, "ping-480")))
    if ours is None or bare is None:
        targets.not_measured(target)
        return
    theirs = _worst(findings, IN_TREE, "play-480-poll")
    targets.check(target, ours.p99 <= _WAKE_RATIO * bare.p99,
                  f"p50 / p99 / max: {ours.percentiles('us')}, bare {bare.percentiles('us')}, "
                  f"in-tree {theirs.percentiles('us') if theirs else 'not measured'}: ratio "
                  f"{ours.p99 / bare.p99:.2f}")


_SERVED_NULL, _SERVED_IN_TREE = 1.15, 0.5


def _pipewire(targets: _Targets, findings: Findings) -> None:
    serve = plan.served(plan.PIPEWIRE, SERVE).name
    rounds = findings.of(OURS, TOGETHER, serve)
    if not rounds:
        targets.not_measured("PipeWire: cheaper, and not interrupted")
        return
    own, null, theirs = (findings.mean(driver, TOGETHER, serve, "guest_ms")
                         for driver in (OURS, NONE, IN_TREE))
    interrupts = max(one.interrupts for one in rounds)
    missed = sum(one.xruns + one.backend_xruns for one in rounds)
    targets.check("PipeWire plays: no interrupt", interrupts == 0,
                  f"{interrupts:.1f} a second, in-tree "
                  f"{_number(findings.mean(IN_TREE, TOGETHER, serve, 'interrupts'))}")
    targets.check("PipeWire plays: no xrun", missed == 0, missed)
    targets.processor_time(f"PipeWire plays: guest's processor at most {_SERVED_NULL} times that "
                           "of its null sink", own, null, _SERVED_NULL, "null sink")
    targets.processor_time(f"PipeWire plays: guest's processor at most {_SERVED_IN_TREE} of the "
                           "in-tree driver's", own, theirs, _SERVED_IN_TREE, "in-tree")
    _outlives(targets, findings)
    for one in findings.of(OURS, TOGETHER, plan.served(plan.PIPEWIRE, REST).name):
        targets.check("PipeWire's sink idle but open: no interrupt, no event",
                      one.interrupts == one.events == 0,
                      f"{one.interrupts:.1f} interrupts and {one.events:.1f} events a second")


def _outlives(targets: _Targets, findings: Findings) -> None:
    work = plan.served(plan.PIPEWIRE, OUTLIVE)
    target = f"PipeWire plays for {work.seconds:.0f} s, in which its backend starts anew: no xrun"
    rounds = findings.of(OURS, TOGETHER, work.name)
    for one in rounds:
        targets.check(target, one.is_clean, one.failure or
                      f"{one.xruns} of PipeWire, {one.backend_xruns} of the backend")
    if not rounds:
        targets.not_measured(target)


def _heard(targets: _Targets, findings: Findings) -> None:
    target = "PipeWire: a new player is heard at least a period sooner than with BATCH"
    # The first round in which players were heard.
    ours, batch = (next((one for one in findings.of(OURS, APART, plan.served(server, HEAR).name,
                                                    RECORDING) if one.heard), Figures())
                   for server in (plan.PIPEWIRE, plan.PIPEWIRE_BATCH))
    if ours.heard is None or batch.heard is None:
        targets.not_measured(target)
        return
    period_ms = 1000 * (batch.period or 0) / RATE
    targets.check(target, ours.heard.p50 + period_ms <= batch.heard.p50,
                  f"p50 / p99 / max {ours.heard.percentiles('ms')}, with BATCH "
                  f"{batch.heard.percentiles('ms')}")


def judge(findings: Findings) -> Judgement:
    """All of them, in the order of the report."""
    targets = _Targets()
    for one in (*(limited.judge for limited in _LIMITS), _near_the_limit, _smallest, _wake, _many,
                _idle, _by_16, _traced, _pipewire, _heard):
        one(targets, findings)
    return targets
