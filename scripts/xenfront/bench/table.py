# SPDX-License-Identifier: GPL-2.0-only
"""The figures as tables of text: both drivers beside each other."""

import dataclasses

from xenfront.bench import instructions, limit, plan
from xenfront.bench.figures import Findings
from xenfront.bench.outcome import Outcome
from xenfront.bench.workload import (ECHO, IDLE, OPEN, OUTLIVE, PLAY, REST, SERVE, START,
                                     Workload)
from xenfront.traces.spread import Spread

Row = tuple[str, ...]
_DRIVERS = (plan.IN_TREE, plan.OURS)


@dataclasses.dataclass(frozen=True)
class Table:
    """Rows of as many cells as the header has; the first cell is a row's title."""

    header: Row
    rows: list[Row]

    def __str__(self) -> str:
        """What several columns have in common stands above them."""
        heads = zip(*(cell.rpartition(": ")[::2] for cell in self.header))
        rows = [row for row in (*heads, *self.rows) if any(row)]
        widths = [max(map(len, column)) for column in zip(*rows)]
        return "\n".join("  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths)).rstrip()
                         for row in rows)


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
           "processor time of Dom0, with the backend, per second of sound, both domains on one "
           "processor"),
    Column("guest ms/s", "guest_ms", plan.TOGETHER,
           "processor time of the guest per second of sound, likewise"),
)


def figures(findings: Findings) -> Table:
    """A row for each workload of ours; where the in-tree driver cannot do it, against its rw: for each
    column the value of the in-tree driver, ours, and their ratio; the limit of the last column, and
    the ratio of ours to that; xruns."""
    kinds = dict.fromkeys((one.step.workload, one.step.backend) for one in findings.all
                          if one.step.driver == plan.OURS and not one.step.workload.is_traced
                          and not one.step.workload.server and not one.step.workload.guests
                          and one.step.workload.direction not in (ECHO, IDLE, OPEN, START))
    return Table(("workload", *(cell for column in COLUMNS
                                for cell in (f"{column.title}: in-tree", "ours", "ratio")),
                  "limit", "ours to it", "xruns: in-tree", "ours"),
                 [_row(findings, work, backend) for work, backend in kinds])


def _row(findings: Findings, work: Workload, backend: str) -> Row:
    name = work.name
    other = name.replace("-mmap", "-rw")
    cells: list[str] = []
    for column in COLUMNS:
        theirs = findings.mean(plan.IN_TREE, column.place, other, column.field, backend)
        ours = findings.mean(plan.OURS, column.place, name, column.field, backend)
        cells += [number(theirs), number(ours), ratio(ours, theirs)]
    least = limit.of(findings, work)
    title = plan.BACKENDS[backend] + name + (" (in-tree: rw)" if other != name else "")
    return (title, *cells, number(least), ratio(ours, least),
            xruns(findings, plan.IN_TREE, other, backend), xruns(findings, plan.OURS, name, backend))


def number(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"


def ratio(ours: float | None, theirs: float | None) -> str:
    return f"{ours / theirs:.2f}" if ours is not None and theirs else "-"


def microseconds(spread: Spread | None) -> str:
    return spread.percentiles("us") if spread else "-"


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


def costs(findings: Findings) -> Table:
    """What is not per period: setting up, and what a driver takes by being there."""
    rows: list[Row] = []
    for name, what in ((OPEN, "open, set up, close"), (START, "open until the stream runs, close")):
        cells = []
        for driver in _DRIVERS:
            spent = findings.mean(driver, plan.TOGETHER, name, "guest_ms")
            cycle = next((one.cycle for one in findings.of(driver, plan.APART, name)), None)
            cells.append(f"{number(spent)} ms of the guest's processor, {microseconds(cycle)}")
        rows.append((what, *cells))
    rows += [(what, *map(of, _DRIVERS)) for what, of in findings.facts.rows()]
    return Table(("besides", *_DRIVERS), rows)


def latencies(findings: Findings) -> Table:
    """Wake-ups of the last round, as they are measured, with each domain on its own processor."""
    rows = {(one.step.workload.name, one.step.driver):
            (one.step.workload.name, one.step.driver, microseconds(one.figures.wake),
             microseconds(one.figures.notice))
            for one in findings.all if one.figures.wake}
    return Table(("workload", "driver", "event to application, p50 / p99 / max",
                  "application to backend, p50 / p99 / max"), list(rows.values()))


def speeds(outcome: Outcome) -> Table:
    """How small periods of playback can be on machines of different speed."""
    machines = ((1 << plan.ICOUNT, outcome.findings), *sorted(outcome.slow.items()))
    return Table(("an instruction takes", "smallest clean period: in-tree", "ours"),
                 [(f"{nanoseconds} ns", *(str(findings.smallest_clean(driver, PLAY) or "none")
                                          for driver in _DRIVERS))
                  for nanoseconds, findings in machines])


def echoes(findings: Findings) -> Table:
    """From playback to capture, through the application."""
    names = dict.fromkeys(one.step.workload.name for one in findings.all
                          if one.step.workload.direction == ECHO)
    return Table(("round trip in frames, the longest", *_DRIVERS),
                 [(name, *(_echo(findings, driver, name) for driver in _DRIVERS)) for name in names])


def _echo(findings: Findings, driver: str, name: str) -> str:
    rounds = findings.of(driver, plan.APART, name)
    if failures := [figures.failure for figures in rounds if figures.failure]:
        return f"fails: {failures[0]}"
    return str(max((figures.echo or 0 for figures in rounds), default="-"))


def streams(findings: Findings) -> Table:
    """Several streams of a guest: what each costs, without an idle guest and Dom0."""
    works = {one.step.workload for one in findings.all}
    counts = sorted({work.streams for work in works if work.name == plan.many(work.streams).name})
    rows = []
    for count in counts:
        cells: list[str] = []
        for field in ("guest_ms", "dom0_ms"):
            theirs, ours = (limit.of_each(findings, driver, plan.many(count), count, field)
                            for driver in _DRIVERS)
            cells += [number(theirs), number(ours), ratio(ours, theirs)]
        rows.append((str(count), *cells))
    return Table(("streams at once", "guest ms/s for each: in-tree", "ours", "ratio",
                  "Dom0 ms/s for each: in-tree", "ours", "ratio"), rows)


_SERVED = {SERVE: "plays", OUTLIVE: "plays, backend restarts", REST: "is idle"}
# With a server's null sink there is no driver, and nothing for a backend to do.
_SINKS = {plan.NONE: "null sink", plan.IN_TREE: "in-tree", plan.OURS: "ours"}


def servers(findings: Findings) -> Table:
    """Sound servers that play, and those whose sink is open but idle, for each second."""
    kinds = dict.fromkeys(one.step.workload for one in findings.all
                          if one.step.workload.direction in _SERVED)
    return Table(("sound server", "sink", "period", "buffer", "interrupts", "events",
                  "notifications", "guest's switches", "guest ms/s", "Dom0 ms/s", "xruns"),
                 [_server(findings, work, driver, sink)
                  for work in kinds for driver, sink in _SINKS.items()
                  if findings.of(driver, plan.TOGETHER, work.name)])


def _server(findings: Findings, work: Workload, driver: str, sink: str) -> Row:
    rounds = findings.of(driver, plan.TOGETHER, work.name)
    means = (findings.mean(driver, plan.TOGETHER, work.name, field) for field in (
        "interrupts", "events", "notifications", "guest_switches", "guest_ms", "dom0_ms"))
    return (f"{plan.TITLES[work.server]} {_SERVED[work.direction]}", sink, str(rounds[0].period or "-"),
            str(rounds[0].buffer or "-"), *map(number, means),
            str(sum(one.xruns + one.backend_xruns for one in rounds)))


def guests(findings: Findings) -> Table:
    """Several guests that play a stream each: what Dom0 spends for each of them."""
    counts = dict.fromkeys(one.step.workload.guests for one in findings.all
                           if one.step.workload.guests and one.step.driver == plan.OURS)
    return Table(("guests that play", "Dom0 ms/s for each: in-tree", "ours", "ratio",
                  "backend's xruns: in-tree", "ours"),
                 [_guests(findings, count) for count in counts])


def _guests(findings: Findings, count: int) -> Row:
    work = Workload(PLAY, guests=count)
    theirs, ours = (limit.of_each(findings, driver, work, count, "dom0_ms", plan.IDLE_GUESTS)
                    for driver in _DRIVERS)
    return (str(count), number(theirs), number(ours), ratio(ours, theirs),
            *(str(sum(one.backend_xruns for one in findings.of(driver, plan.TOGETHER, work.name)))
              for driver in _DRIVERS))


def hearings(findings: Findings) -> Table:
    """How soon a new player of a sound server is heard."""
    return Table(("milliseconds until a new player is heard", "driver", "period", "p50 / p99 / max"),
                 [(plan.TITLES[one.step.workload.server], one.step.driver,
                   str(one.figures.period or "-"), one.figures.heard.percentiles("ms"))
                  for one in findings.all if one.figures.heard])


def shares(outcome: Outcome) -> Table:
    """Who executes how many instructions on the guest's processor."""
    return Table(("instructions of a period of playback", *_DRIVERS, "ping"),
                 instructions.shares(outcome.counted))


def functions(outcome: Outcome) -> Table:
    """What this driver executes in a period."""
    return Table(("instructions of a period, by function", "playback", "capture"),
                 instructions.largest(outcome.counted))


def remarks(outcome: Outcome) -> list[str]:
    """What the figures mean."""
    return [*limit.remarks(outcome.findings), *instructions.remarks(outcome.counted)]


def text(outcome: Outcome) -> str:
    """For a terminal."""
    findings = outcome.findings
    tables = (figures(findings), latencies(findings), costs(findings), speeds(outcome),
              echoes(findings), servers(findings), hearings(findings), streams(findings),
              guests(findings), shares(outcome), functions(outcome))
    verdicts = (f"{verdict.mark:>8}  {verdict.what}\n{'':>8}    {verdict.found}"
                for verdict in outcome.verdicts)
    return "\n\n".join(filter(None, [*(str(table) for table in tables if table.rows),
                                     "\n".join(remarks(outcome)), "\n".join(verdicts)]))
