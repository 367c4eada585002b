# SPDX-License-Identifier: GPL-2.0-only
"""Judges what was found."""

import dataclasses
import math

from xenfront import audio
from xenfront.demo import compare, measurements
from xenfront.judgement import Judgement
from xenfront.traces.spread import Spread

# Of the guest, for each period played: one to say that it was played, and some for the beginning
# and the end.
INTERRUPT_BUDGET = 1.05
# A shorter stream is not held to the budget: starting and ending it is too large a part.
BUDGET_FROM_PERIODS = 1000


@dataclasses.dataclass(frozen=True)
class Findings:
    """All that a run showed."""

    played: audio.Recording
    came_out: audio.Recording
    period: int
    comparison: compare.Comparison
    interrupts: dict[str, int]
    aplay_status: str
    aplay_underruns: int
    stream: measurements.Playback
    kernel_reports: int
    lab_problems: tuple[str, ...]

    @property
    def periods(self) -> int:
        """A last period that is not full is played as one."""
        return math.ceil(self.played.frames / self.period)

    @property
    def interrupts_per_period(self) -> float:
        return sum(self.interrupts.values()) / self.periods


def judge(findings: Findings) -> Judgement:
    """In the order in which a reader asks."""
    comparison, stream = findings.comparison, findings.stream
    judgement = Judgement()
    tell, check = judgement.tell, judgement.check
    check("sample rate", findings.played.rate == findings.came_out.rate,
          f"{findings.played.rate} Hz played, {findings.came_out.rate} Hz recorded", "equal")
    tell("samples compared", comparison.compared)
    check("samples that differ", comparison.differing == 0, comparison.differing, "0")
    tell("first difference", _first_difference(findings))
    check("frames before and after it that sound",
          comparison.stray_before + comparison.stray_after == 0,
          f"{comparison.stray_before} before, {comparison.stray_after} after", "0")
    check("underruns", findings.aplay_underruns + stream.underruns == 0,
          f"{findings.aplay_underruns} in the guest, {stream.underruns} in Dom0", "0")
    check("interrupts per period in the guest", *_interrupts(findings))
    tell("notifications by the guest", f"{stream.notifications}, "
         f"{stream.notifications / findings.periods:.3f} per period")
    tell("WRITE requests, position events", f"{stream.writes}, {stream.events}")
    tell("latency, WRITE to played", f"{milliseconds(stream.write_to_played)}  (min/mean/max)")
    tell("latency, event to next WRITE", milliseconds(stream.event_to_write))
    tell("latency, first WRITE to first event",
         f"{stream.start.mean:.2f} ms" if stream.start else "unknown")
    check("aplay's exit status", findings.aplay_status == "0", findings.aplay_status, "0")
    check("kernel reports, all domains", findings.kernel_reports == 0, findings.kernel_reports, "0")
    check("other problems of the run", not findings.lab_problems,
          "; ".join(findings.lab_problems) or "none", "none")
    return judgement


def _first_difference(findings: Findings) -> str:
    if findings.comparison.offset is None:
        return "no part of the input is in the output"
    first = findings.comparison.first
    if first is None:
        return "none"
    found = "nothing (the recording ends)" if first.found is None else str(first.found)
    return (f"frame {first.frame} ({first.frame / findings.played.rate:.4f} s), "
            f"channel {first.channel}: {first.expected} played, {found} came out")


def _interrupts(findings: Findings) -> tuple[bool, str, str]:
    """Whether they are few enough, how many there are, and what is required."""
    total = sum(findings.interrupts.values())
    text = (f"{findings.interrupts_per_period:.3f} ({total} for {findings.periods} periods, of "
            f"which {findings.stream.control_interrupts} to set up and end)")
    if findings.periods < BUDGET_FROM_PERIODS:
        # The rate while it plays, which is all that a short stream can show.
        playing = (total - findings.stream.control_interrupts) / findings.periods
        return (playing <= INTERRUPT_BUDGET, f"{text}; {playing:.3f} without those",
                f"{INTERRUPT_BUDGET} without those (below {BUDGET_FROM_PERIODS} periods)")
    return findings.interrupts_per_period <= INTERRUPT_BUDGET, text, f"{INTERRUPT_BUDGET}"


def milliseconds(spread: Spread | None) -> str:
    return spread.range("ms") if spread else "unknown"
