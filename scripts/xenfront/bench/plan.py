# SPDX-License-Identifier: GPL-2.0-only
"""What is measured, in which order."""

import dataclasses

from xenfront.bench.workload import (COPY, DUPLEX, ECHO, HEAR, IDLE, LATENCY_PERIOD, OPEN,
                                     OUTLIVE, PERIODS_PER_BUFFER, PING, PLAY, RATE, RECORD, REST,
                                     SECONDS, SERVE, START, Workload)

IN_TREE, OURS, NONE = "in-tree", "ours", "none"

# Each domain on a processor of its own, as on a host with processors to spare: what counts there
# is whether the sound is clean, who is woken how often, and how soon. Both on one: under icount two
# running processors share the time, so only there a domain's processor time is what it executes.
APART, TOGETHER = "apart", "together"
PLACES = (APART, TOGETHER)
# Apart, the guest has this one, by tests/bench/dom0.sh.
GUEST_PROCESSOR = 1

SWEEP = (1024, 480, 256, 128, 64, 32)
# For --quick: what most targets need, and on the usual backend and machine only.
QUICK_SWEEP = (1024, 480, 32)
# Which only the in-tree driver allows.
SMALLER = (16, 8)
ECHO_SWEEP = (480, 128, 32)
# Beside each other; a single one is in the sweep.
STREAMS = (2, 4, 8, 16, 32)
QUICK_STREAMS = (32,)

_IDLE_SECONDS = 5.0
_LATENCY_SECONDS = 8.0

BY_16 = Workload(PLAY, chunk=16, seconds=2.0)
# With two periods to the buffer the backend wants to know of each request.
BY_16_PACED = dataclasses.replace(BY_16, is_paced=True, periods=2)
HEAVY = Workload(PLAY, 1920, seconds=2.0, rate=192000, channels=8, sample_format="S32_LE")
IN_BOTH_DIRECTIONS = Workload(DUPLEX)

# A backend that answers each request so much later. Sound is late by that as well.
LATE_MICROSECONDS = 2000
LATE = f"--respond-delay {LATE_MICROSECONDS}"
# One that reports whatever position there is when a timer of its own ticks, as those in the field do:
# hardly ever on the boundary of a period.
FIELD_MICROSECONDS = 10000
FIELD = f"--positions timer:{FIELD_MICROSECONDS}"
# One that plays into a sound card of Dom0 and reports where that is: snd-aloop, see machine.py. That
# moves every so many frames, with a tick of its kernel, and a buffer has to hold as much.
CARD = "--map play=alsa:hw:Loopback,0"
CARD_STEP = RATE // 250
# One that records the first stream, where tests/bench/dom0.sh looks for it.
RECORDING = "--map play=wav:/lab/out/files/heard.wav"
# What comes before the name of a workload with a backend of these options.
BACKENDS = {"": "", LATE: "late-", FIELD: "timer-", CARD: "card-", RECORDING: "recorded-"}

PIPEWIRE, PULSEAUDIO = "pipewire", "pulseaudio"
SERVERS = (PIPEWIRE, PULSEAUDIO)
# With the card set up as for a driver that claims BATCH, as this one once did.
PIPEWIRE_BATCH = "pipewire-batch"
TITLES = {PIPEWIRE: "PipeWire", PULSEAUDIO: "PulseAudio", PIPEWIRE_BATCH: "PipeWire as with BATCH"}


def many(streams: int) -> Workload:
    """So many streams at once."""
    return Workload(PLAY, 1024, seconds=2.0, streams=streams)


@dataclasses.dataclass(frozen=True)
class Step:
    """One measurement."""

    workload: Workload
    driver: str
    place: str
    round: int
    backend: str = ""  # options

    @property
    def name(self) -> str:
        """Unique within a run, without a blank or a slash."""
        return (f"{self.round}:{self.driver}:{self.place}:"
                f"{BACKENDS[self.backend]}{self.workload.name}")

    @property
    def verb(self) -> str:
        """What tests/bench/guest.sh calls this kind of step."""
        if self.workload.server:
            return self.workload.direction
        if self.workload.direction == IDLE and self.driver != NONE:
            return "watch"
        if self.workload.direction == PING:
            return "ping"
        if self.workload.direction in (OPEN, START):
            return "cycle"
        if self.workload.is_traced:
            return "trace"
        if self.workload.guests > 1 and self.workload.direction == PLAY:
            return f"beside {self.workload.guests - 1}"
        return "time" if self.workload.is_timed else "step"


def _limits(sweep: tuple[int, ...]) -> list[Workload]:
    """What there is to compare with, for each length of a period, and for what HEAVY copies."""
    pings = [Workload(PING, period, seconds=SECONDS[period]) for period in sweep
             if period != LATENCY_PERIOD]
    return [Workload(PING, seconds=_LATENCY_SECONDS), *pings,
            *(Workload(COPY, period) for period in sweep),
            dataclasses.replace(HEAVY, direction=COPY)]


def _workloads(driver: str, place: str, is_quick: bool) -> list[Workload]:
    """Of a driver: the in-tree one has no mmap."""
    sweep, streams = (QUICK_SWEEP, QUICK_STREAMS) if is_quick else (SWEEP, STREAMS)
    idle = Workload(IDLE, seconds=_IDLE_SECONDS)
    if driver == NONE:
        return [idle, *_limits(sweep)]
    chosen = []
    for direction in (PLAY, RECORD):
        for access in ("rw", "mmap") if driver == OURS else ("rw",):
            chosen += [Workload(direction, period, access, SECONDS[period]) for period in sweep]
        if place == APART:
            chosen += [Workload(direction, period, seconds=SECONDS[period], periods=2)
                       for period in sweep]
            chosen.append(Workload(direction, seconds=_LATENCY_SECONDS, is_timed=True))
            chosen.append(Workload(direction, seconds=1.0, is_traced=True))
    chosen += [many(count) for count in streams]
    return [*chosen, *([] if is_quick else _others(driver, place)), idle]


def _others(driver: str, place: str) -> list[Workload]:
    """What --quick does without."""
    chosen = []
    if place == APART:
        chosen += [Workload(ECHO, period, seconds=1.0, periods=periods)
                   for periods in (PERIODS_PER_BUFFER, 2) for period in ECHO_SWEEP]
        if driver == IN_TREE:
            chosen += [Workload(PLAY, period, seconds=SECONDS[period]) for period in SMALLER]
    return [*chosen, HEAVY, IN_BOTH_DIRECTIONS, BY_16, BY_16_PACED, Workload(OPEN),
            Workload(START)]


def _sweep(periods: tuple[int, ...] = SWEEP, places: tuple[str, ...] = (APART,), backend: str = "",
           besides: tuple[Workload, ...] = ()) -> list[Step]:
    """Of both drivers, once."""
    works = (*(Workload(PLAY, period, seconds=SECONDS[period]) for period in periods), *besides)
    return [Step(work, driver, place, 1, backend)
            for driver in (IN_TREE, OURS) for place in places for work in works]


def steps(is_quick: bool, rounds: int) -> list[Step]:
    """Alternates the drivers: what changes over time strikes both."""
    chosen = [Step(workload, driver, place, number)
              for number in range(1, rounds + 1)
              for driver in (NONE, IN_TREE, OURS)
              for place in PLACES
              for workload in _workloads(driver, place, is_quick)]
    if is_quick:
        return chosen
    into_card = tuple(period for period in SWEEP if PERIODS_PER_BUFFER * period >= CARD_STEP)
    return [*chosen, *_sweep(backend=LATE, besides=(BY_16,)),
            *_sweep((1024, LATENCY_PERIOD), PLACES, FIELD), *_sweep(into_card, PLACES, CARD)]


# Nanoseconds that an instruction takes, as a power of two: all else is measured with the first.
ICOUNT = 1
SLOW_ICOUNTS = (2, 3, 4, 5)


def slow_steps() -> list[Step]:
    """How small periods can be on a slower machine."""
    return _sweep()


def served(server: str, direction: str) -> Workload:
    """Servers close a sink that was idle for five seconds."""
    return Workload(direction, server=server, seconds={SERVE: 10.0, REST: 3.0, OUTLIVE: 60.0}.get(direction, 0.0))


def server_steps(is_quick: bool) -> list[Step]:
    """The null sink of a server is what its drivers are compared with. What a step of processor time
    costs is told apart from how soon something is heard, for which the backend records."""
    chosen = [Step(served(server, direction), driver, TOGETHER, 1)
              for driver in (NONE, IN_TREE, OURS)
              for server in ((PIPEWIRE,) if is_quick else SERVERS)
              for direction in (SERVE, REST)]
    if is_quick:
        return chosen
    return [*chosen, Step(served(PIPEWIRE, OUTLIVE), OURS, TOGETHER, 1),
            *(Step(served(server, HEAR), OURS, APART, 1, RECORDING)
              for server in (*SERVERS, PIPEWIRE_BATCH))]


GUESTS = (1, 2, 4)
IDLE_GUESTS = Workload(IDLE, guests=max(GUESTS))


def guest_steps() -> list[Step]:
    """A stream in each of several guests, on the same backend. They all are there all the time."""
    return [Step(IDLE_GUESTS, NONE, TOGETHER, 1),
            *(Step(Workload(PLAY, guests=count), driver, TOGETHER, 1)
              for driver in (IN_TREE, OURS) for count in GUESTS)]


def script(chosen: list[Step]) -> str:
    """The plan as tests/bench/guest.sh reads it."""
    pings = {step.workload.period: step.workload.seconds for step in chosen
             if step.workload.direction == PING}
    lines = [f"pinger {period} {period * 1_000_000 // RATE} {round(seconds * RATE) // period}"
             for period, seconds in pings.items()]
    driver = place = backend = server = ""
    with_facts: set[str] = set()
    for step in chosen:
        if step.place != place:
            place = step.place
            lines.append(f"place {place}")
        if step.backend != backend:
            backend, driver = step.backend, NONE
            lines += [f"driver {driver}", f"backend {backend}"]
        if step.driver != driver:
            driver = step.driver
            lines.append(f"driver {driver}")
            server = ""
        if step.workload.server != server:
            server = step.workload.server
            lines.append(f"server {server}")
        if driver not in with_facts and not server:
            with_facts.add(driver)
            lines.append(f"facts {driver}")
            if driver != NONE:
                lines.append(f"playing {driver}:open")
        lines.append(f"{step.verb} {step.name} {step.workload.arguments}")
    return "".join(line + "\n" for line in lines)
