# SPDX-License-Identifier: GPL-2.0-only
"""The figures as text: both drivers beside each other."""

import dataclasses

from xenfront.bench import instructions, limit, plan
from xenfront.bench.facts import Facts
from xenfront.bench.figures import Findings
from xenfront.bench.outcome import Outcome
from xenfront.bench.workload import ECHO, IDLE, OPEN, PLAY, START, Workload


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
    Column("Dom0 ms/s", "dom0_ms", plan.TOGETHER,
           "processor time of Dom0, with the backend, per second of sound, likewise"),
    Column("guest ms/s", "guest_ms", plan.TOGETHER,
           "processor time of the guest per second of sound, both domains on one processor"),
)


@dataclasses.dataclass(frozen=True)
class Row:
    """A workload: for each column the value of the in-tree driver, ours, and their ratio; the limit
    of the last column, and the ratio of ours to that; xruns."""

    title: str
    cells: tuple[str, ...]


def header() -> Row:
    """The first line: what the cells of the others are."""
    return Row("workload", tuple(cell for column in COLUMNS
                                 for cell in (f"{column.title}: in-tree", "ours", "ratio"))
               + ("limit", "ours to it", "xruns: in-tree", "ours"))


def rows(findings: Findings) -> list[Row]:
    """A row for each workload of ours; where the in-tree driver cannot do it, against its rw."""
    kinds = dict.fromkeys((one.step.workload, one.step.backend) for one in findings.all
                          if one.step.driver == plan.OURS and not one.step.workload.is_traced
                          and one.step.workload.direction not in (ECHO, IDLE, OPEN, START))
    return [_row(findings, work, backend) for work, backend in kinds]


def _row(findings: Findings, work: Workload, backend: str) -> Row:
    name = work.name
    other = name.replace("-mmap", "-rw")
    cells: list[str] = []
    for column in COLUMNS:
        theirs = findings.mean(plan.IN_TREE, column.place, other, column.field, backend)
        ours = findings.mean(plan.OURS, column.place, name, column.field, backend)
        cells += [number(theirs), number(ours), ratio(ours, theirs)]
    least = limit.of(findings, work)
    cells += [number(least), ratio(ours, least)]
    cells += [xruns(findings, plan.IN_TREE, other, backend),
              xruns(findings, plan.OURS, name, backend)]
    title = plan.BACKENDS[backend] + name + (" (in-tree: rw)" if other != name else "")
    return Row(title, tuple(cells))


def number(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"


def ratio(ours: float | None, theirs: float | None) -> str:
    return f"{ours / theirs:.2f}" if ours is not None and theirs else "-"


def xruns(findings: Findings, driver: str, name: str, backend: str) -> str:
    """In all rounds, with each domain on its own processor: the application's, and the backend's if
    that has any."""
    rounds = findings.of(driver, plan.APART, name, backend)
    if any(figures.failure for figures in rounds):
        return "failed"
    if not rounds:
        return "-"
    seen = sum(figures.xruns for figures in rounds)
    backends = sum(figures.backend_xruns for figures in rounds)
    return f"{seen}+{backends}" if backends else str(seen)


@dataclasses.dataclass(frozen=True)
class Latency:
    """Wake-ups of a workload: as they are measured, with each domain on its own processor."""

    title: str
    driver: str
    wake: str
    notice: str


@dataclasses.dataclass(frozen=True)
class Cost:
    """Something that is not per period: for nothing, the in-tree driver, and ours."""

    title: str
    in_tree: str
    ours: str


COST_HEADER = Cost("besides", "in-tree", "ours")


def costs(findings: Findings) -> list[Cost]:
    """Setting up, and what a driver takes by being there."""
    found = []
    for name, what in ((OPEN, "open, set up, close"), (START, "open until the stream runs, close")):
        cells = []
        for driver in (plan.IN_TREE, plan.OURS):
            spent = findings.mean(driver, plan.TOGETHER, name, "guest_ms")
            cycle = next((one.cycle for one in findings.of(driver, plan.APART, name)), None)
            cells.append(f"{number(spent)} ms of the guest's processor, {cycle or '-'}")
        found.append(Cost(what, *cells))
    facts = findings.facts
    for what, text in ((Facts.module, "module in memory"), (Facts.idle_memory, "kernel memory, idle"),
                       (Facts.open_memory, "more with a stream"),
                       (Facts.idle_grants, "pages mapped by the backend, idle"),
                       (Facts.open_grants, "more with a stream")):
        found.append(Cost(text, what(facts, plan.IN_TREE), what(facts, plan.OURS)))
    return found


LATENCY_HEADER = Latency("workload", "driver", "event to application, p50 / p99 / max",
                         "application to backend, p50 / p99 / max")


def latencies(findings: Findings) -> list[Latency]:
    """Of the last round."""
    rows_of = {(one.step.workload.name, one.step.driver):
               Latency(one.step.workload.name, one.step.driver, str(one.figures.wake),
                       str(one.figures.notice or "-"))
               for one in findings.all if one.figures.wake}
    return list(rows_of.values())


SPEED_HEADER = Cost("an instruction takes", "smallest clean period: in-tree", "ours")


def speeds(outcome: Outcome) -> list[Cost]:
    """How small periods of playback can be on machines of different speed."""
    return [Cost(f"{nanoseconds} ns",
                 *(str(findings.smallest_clean(driver, PLAY) or "none")
                   for driver in (plan.IN_TREE, plan.OURS)))
            for nanoseconds, findings in ((1 << plan.ICOUNT, outcome.findings),
                                          *sorted(outcome.slow.items()))]


ECHO_HEADER = Cost("round trip in frames, the longest", "in-tree", "ours")


def echoes(findings: Findings) -> list[Cost]:
    """From playback to capture, through the application."""
    names = dict.fromkeys(one.step.workload.name for one in findings.all
                          if one.step.workload.direction == ECHO)
    return [Cost(name, *(_echo(findings, driver, name) for driver in (plan.IN_TREE, plan.OURS)))
            for name in names]


def _echo(findings: Findings, driver: str, name: str) -> str:
    rounds = findings.of(driver, plan.APART, name)
    if failures := [figures.failure for figures in rounds if figures.failure]:
        return f"fails: {failures[0]}"
    return str(max((figures.echo or 0 for figures in rounds), default="-"))


@dataclasses.dataclass(frozen=True)
class Share:
    """Who executes how many instructions."""

    title: str
    in_tree: str
    ours: str
    bare: str


SHARES_HEADER = Share("instructions of a period of playback", "in-tree", "ours", "ping")


def of_shares(outcome: Outcome) -> list[Share]:
    """On the guest's processor."""
    return [Share(*row) for row in instructions.shares(outcome.counted)]


FUNCTIONS_HEADER = Cost("instructions of a period, by function", "playback", "capture")


def of_functions(outcome: Outcome) -> list[Cost]:
    """What this driver executes in a period."""
    return [Cost(*row) for row in instructions.largest(outcome.counted)]


def text(outcome: Outcome) -> str:
    """For a terminal."""
    findings = outcome.findings
    table = rows(findings)
    titles = max(len(row.title) for row in table)
    lines = [" " * titles + "".join(f"  {column.title:^21}" for column in COLUMNS)
             + f"  {'limit':^12}  {'xruns':^13}",
             " " * titles + "  in-tree   ours  ratio" * len(COLUMNS)
             + "   ms/s  ratio  in-tree  ours"]
    widths = (9, 7, 7) * len(COLUMNS) + (7, 7, 9, 6)
    lines += [f"{row.title:<{titles}}"
              + "".join(f"{cell:>{width}}" for cell, width in zip(row.cells, widths))
              for row in table]
    lines += ["", *_columns([(row.title, row.driver, row.wake, row.notice)
                             for row in (LATENCY_HEADER, *latencies(findings))])]
    for head, body in ((COST_HEADER, costs(findings)), (SPEED_HEADER, speeds(outcome)),
                       (ECHO_HEADER, echoes(findings))):
        lines += ["", *_columns([(row.title, row.in_tree, row.ours) for row in (head, *body)])]
    lines += ["", *limit.remarks(findings), *instructions.remarks(outcome.counted)]
    if functions := of_functions(outcome):
        lines += ["", *_columns([dataclasses.astuple(row)
                                 for row in (SHARES_HEADER, *of_shares(outcome))]),
                  "", *_columns([dataclasses.astuple(row)
                                 for row in (FUNCTIONS_HEADER, *functions)])]
    lines += ["", *(f"{verdict.word:>8}  {verdict.target}\n{'':>8}    {verdict.measured}"
                    for verdict in outcome.verdicts)]
    return "\n".join(lines)


def _columns(table: list[tuple[str, ...]]) -> list[str]:
    widths = [max(len(cell) for cell in column) for column in zip(*table)]
    return ["  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths)).rstrip()
            for row in table]
