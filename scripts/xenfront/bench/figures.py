# SPDX-License-Identifier: GPL-2.0-only
"""From what guest, Dom0 and backend have noted to figures of each step."""

import dataclasses
import json
import pathlib
import statistics
from typing import Any, Callable

from xenfront import audio, process
from xenfront.bench import facts, latency, plan, trace
from xenfront.bench.facts import Facts
from xenfront.bench.latency import Moment
from xenfront.bench.workload import (HEAR, IDLE, OPEN, OUTLIVE, PERIODS_PER_BUFFER, PLAY, START,
                                     Workload)
from xenfront.errors import Failure
from xenfront.traces import backend, ftrace
from xenfront.traces.ftrace import Traced
from xenfront.traces.spread import Spread

MICROSECOND = 1000  # in nanoseconds
MILLISECOND = 1_000_000


@dataclasses.dataclass(frozen=True)
class Figures:
    """Of one step. Times of a domain's processor are what the hypervisor has accounted."""

    xruns: int = 0  # seen by the application
    interrupts: float = 0  # for each period; idle: in all
    switches: float = 0  # voluntary ones of the application, for each period
    guest_switches: float = 0  # of the whole guest, for each period; idle: for each second
    guest_ms: float = 0  # processor time of the guest, for each second of sound
    dom0_ms: float = 0  # and of Dom0
    notifications: float = 0  # received by the backend, for each period
    requests: float = 0  # WRITE and READ, for each period
    failure: str = ""  # empty: none
    backend_xruns: int = 0
    calls: float = 0  # reads or writes, for each period
    module_calls: int | None = None  # idle: of the driver's functions
    wake: Spread | None = None  # from the backend's event to the application's wake-up
    notice: Spread | None = None  # from that to the backend's wake-up
    cycle: Spread | None = None  # how long it took to set up
    traced: Traced | None = None  # what the driver did besides
    events: float = 0  # sent by the backend to a sound server, for each second
    period: int | None = None  # of the sound server's stream, in frames
    buffer: int | None = None
    heard: Spread | None = None  # from a player's first read to the backend's playing it
    echo: int | None = None  # frames until what was played is heard, the longest

    @property
    def is_clean(self) -> bool:
        return self.xruns + self.backend_xruns == 0 and not self.failure


@dataclasses.dataclass(frozen=True)
class Measured:
    """A step and its figures."""

    step: plan.Step
    figures: Figures


class Findings:
    """Everything that was measured."""

    def __init__(self, all_measured: list[Measured], facts: Facts = Facts({}, {})):
        self.all = all_measured
        self.facts = facts

    def __add__(self, other: "Findings") -> "Findings":
        """With what another boot has found; the facts are those of this one."""
        return Findings(self.all + other.all, self.facts)

    def of(self, driver: str, place: str, name: str, backend: str = "") -> list[Figures]:
        """Of each round, with a backend of those options."""
        return [one.figures for one in self.all
                if (one.step.driver, one.step.place, one.step.workload.name, one.step.backend)
                == (driver, place, name, backend)]

    def mean(self, driver: str, place: str, name: str, field: str,
             backend: str = "") -> float | None:
        """None when it was not measured, or when no round of it went well."""
        values = [getattr(figures, field) for figures in self.of(driver, place, name, backend)
                  if not figures.failure]
        return statistics.fmean(values) if values else None

    def swept(self, direction: str, periods: int = PERIODS_PER_BUFFER,
              backend: str = "") -> list[int]:
        """The periods that were measured with so many to the buffer, smallest first."""
        return sorted({one.step.workload.period for one in self.all
                       if one.step.backend == backend and one.step.workload.name
                       == Workload(direction, one.step.workload.period, periods=periods).name})

    def smallest_clean(self, driver: str, direction: str, periods: int = PERIODS_PER_BUFFER,
                       backend: str = "") -> int | None:
        """The smallest period from which on no larger one has an xrun in any round, with so many
        periods to the buffer."""
        smallest = None
        for period in reversed(self.swept(direction, periods, backend)):
            name = Workload(direction, period, periods=periods).name
            rounds = self.of(driver, plan.APART, name, backend)
            if not rounds or not all(figures.is_clean for figures in rounds):
                break
            smallest = period
        return smallest


@dataclasses.dataclass(frozen=True)
class Account:
    """What Dom0's accountant has noted once."""

    moment: Moment  # by Dom0's clock
    guest_ns: int
    dom0_ns: int


@dataclasses.dataclass(frozen=True)
class Notes:
    """What guest, accountant and backend have noted about a step."""

    measured: dict[str, Any]
    accounts: list[Account]
    trace: list[backend.Entry]
    waits: list[tuple[int, int]]
    traced: Traced | None = None
    recording: audio.Recording | None = None  # by the backend


def _accounts(path: pathlib.Path) -> list[backend.Entry]:
    """As entries that can be divided among the steps. The first line is the accountant's port."""
    entries = []
    for line in path.read_text(encoding="utf-8").splitlines()[1:]:
        monotonic, ticks, guest, dom0 = map(int, line.split())
        entries.append({"t": monotonic,
                        "account": Account(Moment(monotonic, ticks), guest, dom0)})
    return entries


def _waits(path: pathlib.Path) -> list[tuple[int, int]]:
    pairs = (map(int, line.split()) for line in process.read(path).splitlines())
    return [(begin, end) for begin, end in pairs]


def _guest_results(path: pathlib.Path) -> dict[str, dict[str, Any]]:
    measured = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        result = json.loads(line)
        # A driver that is not there has no function to be called.
        measured[result["step"]] = {"module_calls": 0, **result, **(result["measured"] or {})}
    return measured


def collect(directory: pathlib.Path, steps: list[plan.Step]) -> Findings:
    """Reads what a run of the lab has left."""
    if not directory.is_dir():
        raise Failure(f"{directory}: no such run; measure first")
    dom0, guest = directory / "dom0" / "files", directory / "domu0" / "files"
    marks = trace.read_marks(dom0 / "marks")
    # One for each start of the backend.
    entries = [entry for path in sorted(dom0.glob("trace.*")) for entry in backend.read(path)]
    # The first line is the pinger's port.
    entries += [entry for path in dom0.glob("pings.*") for entry in backend.read(path, skip=1)]
    traces = trace.divide(entries, marks)
    accounts = trace.divide(_accounts(dom0 / "processor-times"), marks)
    results = _guest_results(guest / "results.jsonl")
    found = []
    for step in steps:
        measured = results.get(step.name, {})
        if "failure" not in measured:
            raise Failure(f"{guest / 'results.jsonl'}: has nothing about step {step.name}; see "
                          f"{directory / 'domu0' / 'stderr'}")
        recording = dom0 / f"recording.{step.name}.wav"
        notes = Notes(measured, [entry["account"] for entry in accounts[step.name]],
                      traces[step.name], _waits(guest / f"times.{step.name}"),
                      ftrace.read_stacks(guest / f"events.{step.name}",
                                         guest / f"functions.{step.name}"),
                      audio.read(recording) if recording.exists() else None)
        found.append(Measured(step, figures(step.workload, notes)))
    if all(step.workload.server for step in steps):
        return Findings(found)
    return Findings(found, facts.read(guest / "facts.jsonl", dom0 / "grants"))


def figures(workload: Workload, notes: Notes) -> Figures:
    """There are no accounts of a step that has failed before anything was measured."""
    measured, failure = notes.measured, notes.measured["failure"]
    if not failure and len(notes.accounts) != 2:
        raise Failure(f"{workload.name}: the processor time was noted {len(notes.accounts)} "
                      "times; it has to be at begin and end, see dom0/stderr of the run")
    if workload.server:
        return _of_server(workload, notes)
    guest_ms, dom0_ms = _processor_time(notes)
    if workload.direction == IDLE:
        each = _ratio_of(workload.seconds)
        return Figures(
            interrupts=measured["interrupts"], guest_switches=each(measured["guest_switches"]),
            guest_ms=each(guest_ms), dom0_ms=each(dom0_ms), failure=failure,
            module_calls=measured["module_calls"])
    periods = measured["moved_periods"]
    if not failure and periods < measured["periods"]:
        failure = f"moved {periods} of {measured['periods']} periods in twice the time"
    each = _ratio_of(periods)
    if workload.direction in (OPEN, START):
        # Interrupts and processor time are for each cycle.
        return Figures(
            interrupts=each(measured["interrupts"]), failure=measured["failure"],
            guest_switches=each(measured["guest_switches"]), guest_ms=each(guest_ms),
            dom0_ms=each(dom0_ms),
            cycle=Spread.of((end - begin for begin, end in notes.waits), MICROSECOND))
    second = _ratio_of(periods * workload.period / workload.rate / workload.stream_count)
    traffic = trace.traffic(notes.trace)
    passed = _ratio_of(traffic.periods)
    wake, notice = _latencies(workload, notes) if notes.waits and not failure else (None, None)
    return Figures(
        xruns=measured["xruns"], interrupts=each(measured["interrupts"]),
        switches=each(measured["switches"]), guest_switches=each(measured["guest_switches"]),
        guest_ms=second(guest_ms), dom0_ms=second(dom0_ms), failure=failure,
        notifications=passed(traffic.notifications), requests=passed(traffic.requests),
        backend_xruns=traffic.xruns, calls=each(measured["calls"]), traced=notes.traced,
        echo=max(measured["echoes"], default=None), wake=wake, notice=notice)


def _of_server(workload: Workload, notes: Notes) -> Figures:
    """Interrupts, switches, events and notifications are for each second."""
    measured, failure = notes.measured, notes.measured["failure"]
    if failure:
        return Figures(failure=failure)
    begin, end = (account.moment.monotonic for account in notes.accounts)
    during = [entry for entry in notes.trace if begin <= entry["t"] <= end]
    # A server starts a stream anew after an xrun; the driver starts it on a new backend.
    starts = sum(entry["type"] == "request" and entry.get("trigger") == "START" for entry in during)
    common = Figures(xruns=starts - (workload.direction == OUTLIVE),
                     backend_xruns=trace.xruns(during), period=measured.get("period_size"),
                     buffer=measured.get("buffer_size"))
    if workload.direction == HEAR:
        try:
            return dataclasses.replace(common, heard=_heard(notes))
        except Failure as why:
            return dataclasses.replace(common, failure=str(why))
    each = _ratio_of(workload.seconds)
    guest_ms, dom0_ms = _processor_time(notes)
    return dataclasses.replace(
        common, interrupts=each(measured["interrupts"]),
        guest_switches=each(measured["guest_switches"]), guest_ms=each(guest_ms),
        dom0_ms=each(dom0_ms), events=each(sum(map(backend.is_sent_event, during))),
        notifications=each(sum(entry["type"] == "wakeup" for entry in during)))


def _heard(notes: Notes) -> Spread | None:
    if notes.recording is None:
        raise Failure(f"{notes.measured['step']}: the backend has recorded nothing; see "
                      "dom0/backend/stderr of the run")
    offset = _clock_offset(notes)
    return Spread.of(latency.until_heard(
        [read - offset for read in notes.measured["reads"]], notes.trace, notes.recording),
        MILLISECOND)


def _clock_offset(notes: Notes) -> int:
    begin, end = notes.accounts
    guest = Moment(notes.measured["monotonic_ns"], notes.measured["processor_ticks"])
    return latency.clock_offset(guest, (begin.moment, end.moment))


def _processor_time(notes: Notes) -> tuple[float, float]:
    """Milliseconds of guest and Dom0."""
    if len(notes.accounts) != 2:
        return 0, 0
    begin, end = notes.accounts
    return (end.guest_ns - begin.guest_ns) / 1e6, (end.dom0_ns - begin.dom0_ns) / 1e6


def _latencies(workload: Workload, notes: Notes) -> tuple[Spread | None, Spread | None]:
    offset = _clock_offset(notes)
    told = [entry["t"] + offset for entry in notes.trace if backend.is_sent_event(entry)]
    notices = [entry["t"] + offset for entry in notes.trace if entry["type"] == "wakeup"]
    wakes = [woken for _, woken in notes.waits]
    return (Spread.of(latency.until_woken(told, notes.waits), MICROSECOND),
            # No player tells the backend that it has read what was captured.
            Spread.of(latency.until_noticed(wakes, notices), MICROSECOND)
            if workload.direction == PLAY else None)


def _ratio_of(whole: float) -> Callable[[float], float]:
    return lambda part: part / whole if whole else 0.0
