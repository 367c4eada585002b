# SPDX-License-Identifier: GPL-2.0-only
"""What is measured, in which order."""

import dataclasses

IN_TREE, OURS, NONE = "in-tree", "ours", "none"

# Each domain on a processor of its own, as on a host with processors to spare: what counts there
# is whether the sound is clean, who is woken how often, and how soon. Both on one: under icount two
# running processors share the time, so only there a domain's processor time is what it executes.
APART, TOGETHER = "apart", "together"
PLACES = (APART, TOGETHER)

PLAY, RECORD, IDLE = "play", "record", "idle"
# What there is to compare with: to be woken by another domain, and to copy the samples.
PING, COPY = "ping", "copy"

RATE = 48000
PERIODS_PER_BUFFER = 4
SWEEP = (1024, 480, 256, 128, 64, 32)
QUICK_SWEEP = (1024, 480, 128, 32)
LATENCY_PERIOD = 480

# How long each is played: some hundred periods.
_SECONDS = {1024: 4.0, 480: 4.0, 256: 2.0, 128: 1.0, 64: 1.0, 32: 0.5}
_IDLE_SECONDS = 5.0
_LATENCY_SECONDS = 8.0


@dataclasses.dataclass(frozen=True)
class Workload:
    """What an application does with the driver, or without one."""

    direction: str
    period: int = LATENCY_PERIOD
    access: str = "rw"
    seconds: float = _SECONDS[LATENCY_PERIOD]
    periods: int = PERIODS_PER_BUFFER
    is_timed: bool = False  # waits by poll, and notes when it is woken

    @property
    def name(self) -> str:
        if self.direction == IDLE:
            return IDLE
        if self.direction in (PING, COPY):
            return f"{self.direction}-{self.period}"
        buffer = "" if self.periods == PERIODS_PER_BUFFER else f"x{self.periods}"
        way = "poll" if self.is_timed else self.access
        return f"{self.direction}-{self.period}{buffer}-{way}"

    @property
    def arguments(self) -> str:
        """Of xen-front-bench."""
        if self.direction == IDLE:
            return f"--seconds {self.seconds}"
        sizes = f"--period {self.period} --rate {RATE} --seconds {self.seconds}"
        if self.direction == PING:
            return sizes
        if self.direction == COPY:
            return f"{sizes} copy"
        return (f"{sizes} --buffer {self.periods * self.period} --access {self.access} "
                f"{self.direction}:hw:0,0")


@dataclasses.dataclass(frozen=True)
class Step:
    """One measurement."""

    workload: Workload
    driver: str
    place: str
    round: int

    @property
    def name(self) -> str:
        """Unique within a run, without a blank or a slash."""
        return f"{self.round}:{self.driver}:{self.place}:{self.workload.name}"

    @property
    def verb(self) -> str:
        """What tests/bench/guest.sh calls this kind of step."""
        if self.workload.direction == IDLE and self.driver != NONE:
            return "watch"
        if self.workload.direction == PING:
            return "ping"
        return "time" if self.workload.is_timed else "step"


def workloads(driver: str, place: str, sweep: tuple[int, ...]) -> list[Workload]:
    """Of a driver: the in-tree one has no mmap."""
    idle = Workload(IDLE, seconds=_IDLE_SECONDS)
    if driver == NONE:
        return [idle, Workload(PING, seconds=_LATENCY_SECONDS), Workload(COPY)]
    chosen = []
    for direction in (PLAY, RECORD):
        for access in ("rw", "mmap") if driver == OURS else ("rw",):
            chosen += [Workload(direction, period, access, _SECONDS[period]) for period in sweep]
        if place == APART:
            chosen += [Workload(direction, period, seconds=_SECONDS[period], periods=2)
                       for period in sweep]
            chosen.append(Workload(direction, seconds=_LATENCY_SECONDS, is_timed=True))
    return [*chosen, idle]


def steps(sweep: tuple[int, ...], rounds: int) -> list[Step]:
    """Alternates the drivers: what changes over time strikes both."""
    return [Step(workload, driver, place, number)
            for number in range(1, rounds + 1)
            for driver in (NONE, IN_TREE, OURS)
            for place in PLACES
            for workload in workloads(driver, place, sweep)]


def script(chosen: list[Step]) -> str:
    """The plan as tests/bench/guest.sh reads it."""
    period_us = LATENCY_PERIOD * 1_000_000 // RATE
    lines = [f"pinger {period_us} {round(_LATENCY_SECONDS * RATE) // LATENCY_PERIOD}"]
    driver = place = ""
    for step in chosen:
        if step.place != place:
            place = step.place
            lines.append(f"place {place}")
        if step.driver != driver:
            driver = step.driver
            lines.append(f"driver {driver}")
        lines.append(f"{step.verb} {step.name} {step.workload.arguments}")
    return "".join(line + "\n" for line in lines)
