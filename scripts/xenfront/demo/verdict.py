# SPDX-License-Identifier: GPL-2.0-only
"""Puts what was found into rows, and judges them."""

import dataclasses
import math

from xenfront import audio
from xenfront.demo import compare, measurements
from xenfront.traces.spread import Spread

# Of the guest, for each period played: one to say that it was played, and some for the beginning
# and the end.
INTERRUPT_BUDGET = 1.05
# A shorter stream is not held to the budget: starting and ending it is too large a part.
BUDGET_FROM_PERIODS = 1000


@dataclasses.dataclass(frozen=True)
class Row:
    """A line of the table. `passed` is None for what is only told."""

    name: str
    value: str
    passed: bool | None = None
    required: str = ""


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


def rows(findings: Findings) -> list[Row]:
    """The table, in the order in which a reader asks."""
    comparison, stream = findings.comparison, findings.stream
    return [
        _sample_rate(findings),
        Row("samples compared", f"{comparison.compared}"),
        Row("samples that differ", f"{comparison.differing}", comparison.differing == 0, "0"),
        Row("first difference", _first_difference(findings)),
        Row("frames around it that are not silent",
            f"{comparison.stray_before} before, {comparison.stray_after} after",
            comparison.stray_before + comparison.stray_after == 0, "0"),
        Row("underruns", f"{findings.aplay_underruns} in the guest, {stream.underruns} in Dom0",
            findings.aplay_underruns + stream.underruns == 0, "0"),
        _interrupts(findings),
        Row("notifications by the guest", f"{stream.notifications}, {_per(findings, stream)}"),
        Row("WRITE requests, position events", f"{stream.writes}, {stream.events}"),
        Row("latency, WRITE to played", f"{milliseconds(stream.write_to_played)}  (min/mean/max)"),
        Row("latency, event to next WRITE", milliseconds(stream.event_to_write)),
        Row("latency, first WRITE to first event",
            f"{stream.start.mean:.2f} ms" if stream.start else "unknown"),
        Row("aplay's exit status", findings.aplay_status, findings.aplay_status == "0", "0"),
        Row("kernel reports, all domains", f"{findings.kernel_reports}",
            findings.kernel_reports == 0, "0"),
        Row("other problems of the run", "; ".join(findings.lab_problems) or "none",
            not findings.lab_problems, "none"),
    ]


def _sample_rate(findings: Findings) -> Row:
    text = f"{findings.played.rate} Hz played, {findings.came_out.rate} Hz recorded"
    return Row("sample rate", text, findings.played.rate == findings.came_out.rate, "equal")


def _first_difference(findings: Findings) -> str:
    if findings.comparison.offset is None:
        return "no part of the input is in the output"
    first = findings.comparison.first
    if first is None:
        return "none"
    found = "nothing (the recording ends)" if first.found is None else str(first.found)
    return (f"frame {first.frame} ({first.frame / findings.played.rate:.4f} s), "
            f"channel {first.channel}: {first.expected} played, {found} came out")


def _interrupts(findings: Findings) -> Row:
    total = sum(findings.interrupts.values())
    text = (f"{findings.interrupts_per_period:.3f} ({total} for {findings.periods} periods, of "
            f"which {findings.stream.control_interrupts} to set up and end)")
    if findings.periods < BUDGET_FROM_PERIODS:
        # The rate while it plays, which is all that a short stream can show.
        playing = (total - findings.stream.control_interrupts) / findings.periods
        return Row("interrupts per period in the guest", f"{text}; {playing:.3f} without those",
                   playing <= INTERRUPT_BUDGET,
                   f"{INTERRUPT_BUDGET} without those (below {BUDGET_FROM_PERIODS} periods)")
    return Row("interrupts per period in the guest", text,
               findings.interrupts_per_period <= INTERRUPT_BUDGET, f"{INTERRUPT_BUDGET}")


def _per(findings: Findings, stream: measurements.Playback) -> str:
    return f"{stream.notifications / findings.periods:.3f} per period"


def milliseconds(spread: Spread | None) -> str:
    return spread.range("ms") if spread else "unknown"


def passed(table: list[Row]) -> bool:
    return all(row.passed is not False for row in table)


def text(table: list[Row]) -> str:
    """The table for a terminal."""
    width = max(len(row.name) for row in table)
    lines = []
    for row in table:
        mark = {None: "    ", True: "ok  ", False: "FAIL"}[row.passed]
        limit = f"   [required: {row.required}]" if row.passed is False else ""
        lines.append(f"  {mark}  {row.name:<{width}}  {row.value}{limit}")
    return "\n".join(lines)
