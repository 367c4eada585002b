# SPDX-License-Identifier: GPL-2.0-only
"""What this driver shall achieve, and whether it does."""

import dataclasses
from typing import Callable

from .figures import Findings
from .latency import Spread
from .plan import (APART, IDLE, IN_TREE, NONE, OURS, PERIODS_PER_BUFFER, PLAY,
                   TOGETHER)


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

    def judge(self, findings: Findings) -> Verdict:
        ours = findings.mean(OURS, self.place, self.workload, self.field)
        theirs = findings.mean(IN_TREE, self.place, self.workload, self.field)
        if ours is None or self.is_ratio and not theirs:
            return Verdict(self.target, "was not measured", None)
        text = f"{ours:.2f}{self.unit}"
        if theirs:
            text += f", in-tree {theirs:.2f}{self.unit}: ratio {ours / theirs:.2f}"
        value = ours / theirs if self.is_ratio and theirs else ours
        return Verdict(self.target, text, value <= self.most)


_LIMITS = (
    _Limit("playback, periods of 480: at most 1.05 interrupts per period", APART, "play-480-rw",
           "interrupts", "", 1.05, False),
    _Limit("playback, periods of 480: at most 0.45 of the in-tree driver's guest processor time",
           TOGETHER, "play-480-rw", "guest_ms", " ms/s", 0.45, True),
    _Limit("playback, periods of 480: at most 0.45 of the in-tree driver's context switches of "
           "the player", APART, "play-480-rw", "switches", "", 0.45, True),
)

SMALLEST_WANTED = 32


def _smallest(findings: Findings) -> list[Verdict]:
    verdicts = []
    for periods in (PERIODS_PER_BUFFER, 2):
        ours = findings.smallest_clean(OURS, PLAY, periods)
        theirs = findings.smallest_clean(IN_TREE, PLAY, periods)
        what = f"smallest clean period of playback, {periods} to the buffer"
        text = f"{ours or 'none'} frames, in-tree {theirs or 'none'}"
        verdicts += [
            Verdict(f"{what}: {SMALLEST_WANTED} frames or fewer", text,
                    ours is not None and ours <= SMALLEST_WANTED),
            Verdict(f"{what}: at most 1/4 of the in-tree driver's", text,
                    ours is not None and (theirs is None or 4 * ours <= theirs))]
    return verdicts


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
    return [Verdict(target, f"p50 / p99 / max: {ours}, bare {bare}, in-tree "
                            f"{theirs or 'not measured'}: ratio {ours.p99 / bare.p99:.2f}",
                    ours.p99 <= _WAKE_RATIO * bare.p99)]


_JUDGES: tuple[Callable[[Findings], list[Verdict]], ...] = (
    lambda findings: [limit.judge(findings) for limit in _LIMITS], _smallest, _wake, _idle)


def judge(findings: Findings) -> list[Verdict]:
    """All of them, in the order of the issue."""
    return [verdict for judge_some in _JUDGES for verdict in judge_some(findings)]
