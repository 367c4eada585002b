# SPDX-License-Identifier: GPL-2.0-only
"""The figures as text: both drivers beside each other."""

import dataclasses

from . import limit, plan
from .figures import Findings
from .targets import Verdict


@dataclasses.dataclass(frozen=True)
class Column:
    """A figure that both drivers have."""

    title: str
    field: str
    place: str
    meaning: str


COLUMNS = (
    Column("interrupts", "interrupts", plan.APART, "of the driver's event channels, per period"),
    Column("switches", "switches", plan.APART,
           "voluntary context switches of the application, per period"),
    Column("notifications", "notifications", plan.APART, "that the backend received, per period"),
    Column("guest ms/s", "guest_ms", plan.TOGETHER,
           "processor time of the guest per second of sound, both domains on one processor"),
)


@dataclasses.dataclass(frozen=True)
class Row:
    """A workload: for each column the value of the in-tree driver, ours, and their ratio."""

    title: str
    cells: tuple[str, ...]


def header() -> Row:
    """The first line: what the cells of the others are."""
    return Row("workload", tuple(cell for column in COLUMNS
                                 for cell in (f"{column.title}: in-tree", "ours", "ratio"))
               + ("xruns: in-tree", "ours"))


def rows(findings: Findings) -> list[Row]:
    """A row for each workload of ours; where the in-tree driver cannot do it, against its rw."""
    found = []
    for name in dict.fromkeys(one.step.workload.name for one in findings.all
                              if one.step.driver == plan.OURS
                              and one.step.workload.direction != plan.IDLE):
        other = name.replace("-mmap", "-rw")
        cells: list[str] = []
        for column in COLUMNS:
            theirs = findings.mean(plan.IN_TREE, column.place, other, column.field)
            ours = findings.mean(plan.OURS, column.place, name, column.field)
            cells += [number(theirs), number(ours), ratio(ours, theirs)]
        cells += [xruns(findings, plan.IN_TREE, other), xruns(findings, plan.OURS, name)]
        title = name + (" (in-tree: rw)" if other != name else "")
        found.append(Row(title, tuple(cells)))
    return found


def number(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"


def ratio(ours: float | None, theirs: float | None) -> str:
    return f"{ours / theirs:.2f}" if ours is not None and theirs else "-"


def xruns(findings: Findings, driver: str, name: str) -> str:
    """In all rounds, with each domain on its own processor."""
    rounds = findings.of(driver, plan.APART, name)
    failures = [figures.failure for figures in rounds if figures.failure]
    if failures:
        return "failed"
    return str(sum(figures.xruns for figures in rounds)) if rounds else "-"


@dataclasses.dataclass(frozen=True)
class Latency:
    """Wake-ups of a workload: as they are measured, with each domain on its own processor."""

    title: str
    driver: str
    wake: str
    notice: str


LATENCY_HEADER = Latency("workload", "driver", "event to application, p50 / p99 / max",
                         "application to backend, p50 / p99 / max")


def latencies(findings: Findings) -> list[Latency]:
    """Of the last round."""
    rows_of = {(one.step.workload.name, one.step.driver):
               Latency(one.step.workload.name, one.step.driver, str(one.figures.wake),
                       str(one.figures.notice or "-"))
               for one in findings.all if one.figures.wake}
    return list(rows_of.values())


def text(findings: Findings, verdicts: list[Verdict]) -> str:
    """For a terminal."""
    table = rows(findings)
    titles = max(len(row.title) for row in table)
    lines = [" " * titles + "".join(f"  {column.title:^21}" for column in COLUMNS)
             + f"  {'xruns':^13}",
             " " * titles + "  in-tree   ours  ratio" * len(COLUMNS) + "  in-tree  ours"]
    widths = (9, 7, 7) * len(COLUMNS) + (9, 6)
    lines += [f"{row.title:<{titles}}"
              + "".join(f"{cell:>{width}}" for cell, width in zip(row.cells, widths))
              for row in table]
    lines += ["", *(f"{row.title:<{titles}}  {row.driver:<8} {row.wake:>38}  {row.notice:>38}"
                    for row in (LATENCY_HEADER, *latencies(findings)))]
    lines += ["", *limit.remarks(findings)]
    lines += ["", *(f"{verdict.word:>8}  {verdict.target}\n{'':>8}    {verdict.measured}"
                    for verdict in verdicts)]
    return "\n".join(lines)
