# SPDX-License-Identifier: GPL-2.0-only
"""What an application does with a driver, or without one."""

import dataclasses

PLAY, RECORD, DUPLEX, IDLE = "play", "record", "duplex", "idle"
# Opening and closing, and the same until the stream runs.
OPEN, START = "open", "start"
# Until what is played is heard by the application that plays it.
ECHO = "echo"
# What there is to compare with: to be woken by another domain, and to copy the samples.
PING, COPY = "ping", "copy"
# With a sound server: while its player plays, the same while the backend is started anew, after the
# player with the sink open, and when a player begins beside another.
SERVE, OUTLIVE, REST, HEAR = "serve", "outlive", "rest", "hear"

RATE = 48000
PERIODS_PER_BUFFER = 4
LATENCY_PERIOD = 480
CYCLES = 50
PLAYERS = 3

# How long each period is played, in seconds: some hundred times.
SECONDS = {1024: 4.0, 480: 4.0, 256: 2.0, 128: 1.0, 64: 1.0, 32: 0.5, 16: 0.5, 8: 0.5}

# The PCMs of the card of machine.py: the first two play and record, those that follow only play. The
# in-tree driver takes no more streams than this in a device.
_PLAY, _RECORD = "play:hw:0,0", "record:hw:0,0"
STREAMS_OF_DEVICE = 8
# The device that hears itself.
ECHO_PCM = "hw:0,1"
_FIRST_OF_MANY = 2


@dataclasses.dataclass(frozen=True)
class Workload:
    """Sizes are in frames."""

    direction: str
    period: int = LATENCY_PERIOD
    access: str = "rw"
    seconds: float = SECONDS[LATENCY_PERIOD]
    periods: int = PERIODS_PER_BUFFER
    is_timed: bool = False  # waits by poll, and notes when it is woken
    rate: int = RATE
    channels: int = 2
    sample_format: str = "S16_LE"
    streams: int = 1  # beside each other
    chunk: int = 0  # written at once; 0: a period
    is_paced: bool = False  # writes when it is due, not when there is room
    is_traced: bool = False  # while the kernel traces what the driver does
    guests: int = 0  # in a lab of several: that play, or are idle
    server: str = ""  # that plays; empty: xen-front-bench does

    @property
    def name(self) -> str:
        """Tells it from all others."""
        if self.server:
            return f"{self.server}-{self.direction}"
        if self.direction in (IDLE, OPEN, START):
            return self.direction + (f"-{self.guests}guests" if self.guests else "")
        parts = [self.direction, str(self.period)]
        if self.direction in (PING, COPY):
            return "-".join(parts)
        if self.periods != PERIODS_PER_BUFFER:
            parts[1] += f"x{self.periods}"
        if self.rate != RATE:
            parts.append(f"{self.rate // 1000}kHz-{self.channels}ch-{self.sample_format}")
        if self.chunk:
            parts.append(f"by{self.chunk}" + ("paced" if self.is_paced else ""))
        if self.streams != 1:
            parts.append(f"{self.streams}streams")
        if self.guests:
            parts.append(f"{self.guests}guests")
        parts.append("poll" if self.is_timed else self.access)
        if self.is_traced:
            parts.append("traced")
        return "-".join(parts)

    @property
    def stream_count(self) -> int:
        """How many streams move periods."""
        return 2 if self.direction == DUPLEX else self.streams

    @property
    def arguments(self) -> str:
        """Of xen-front-bench."""
        if self.direction == HEAR:
            return f"--cycles {PLAYERS}"
        if self.direction == OUTLIVE:
            return f"{self.seconds / 2:.0f} --seconds {self.seconds}"
        if self.direction in (IDLE, SERVE, REST):
            return f"--seconds {self.seconds}"
        words = [f"--period {self.period} --rate {self.rate} --seconds {self.seconds}"]
        if self.direction != PING:
            words.append(f"--channels {self.channels} --format {self.sample_format}")
        if self.direction == COPY:
            words.append("copy")
        if self.direction in (PING, COPY):
            return " ".join(words)
        words.append(f"--buffer {self.periods * self.period} --access {self.access}")
        if self.direction == ECHO:
            words.append(f"--echo {ECHO_PCM}")
            return " ".join(words)
        if self.chunk:
            words.append(f"--chunk {self.chunk}")
        if self.direction in (OPEN, START):
            words.append(f"--cycles {CYCLES}")
        return " ".join([*words, *self._operands()])

    def _operands(self) -> list[str]:
        if self.direction == DUPLEX:
            return [_PLAY, _RECORD]
        if self.direction == RECORD:
            return [_RECORD]
        if self.direction == START:
            return ["started", _PLAY]
        if self.is_paced:
            return ["paced", _PLAY]
        if self.streams == 1:
            return [_PLAY]
        places = (divmod(number, STREAMS_OF_DEVICE) for number in range(self.streams))
        return [f"play:hw:0,{_FIRST_OF_MANY + device},{stream}" for device, stream in places]
