# SPDX-License-Identifier: GPL-2.0-only
"""Times between the driver's events: what they are, as a table, and drawn."""

import collections
import dataclasses
import pathlib

from xenfront import plot
from xenfront.traces.ftrace import Event
from xenfront.traces.spread import Spread

# A share of fewer says nothing.
_LEAST_FOR_SHARE = 10
_COLOURS = (
    "1f77b4", "aec7e8", "ff7f0e", "ffbb78", "2ca02c", "98df8a", "d62728", "ff9896", "9467bd", "c5b0d5",
    "8c564b", "c49c94", "e377c2", "f7b6d2", "7f7f7f", "c7c7c7", "bcbd22", "dbdb8d", "17becf", "9edae5")
# Both panels show the same durations.
_SCRIPT = """
set multiplot title caption
set tmargin at screen 0.9; set bmargin at screen 0.1
set lmargin at screen 0.08; set rmargin at screen 0.43
set title 'latency over time' font ',11'
set xlabel 'seconds of the trace'; set ylabel 'microseconds'
set logscale y
set autoscale xfix
set offsets graph 0.02, graph 0.02
plot {over_time}
set lmargin at screen 0.5; set rmargin at screen 0.86
set title 'share that does not take longer'
set xlabel 'microseconds'; set ylabel 'per cent'
unset logscale y; set logscale x
set xrange [GPVAL_Y_MIN:GPVAL_Y_MAX]; set yrange [-3:103]
unset offsets
set key at graph 1,1 left
plot {share}
"""


@dataclasses.dataclass
class Series:
    """One kind of latency of one stream: when each began, and how long it took, in nanoseconds."""
    stream: str
    what: str
    starts: list[int] = dataclasses.field(default_factory=list)
    durations: list[int] = dataclasses.field(default_factory=list)

    def add(self, start: int, end: int) -> None:
        """One more."""
        self.starts.append(start)
        self.durations.append(end - start)


@dataclasses.dataclass
class _Run:
    """What is open in one stream."""
    requests: dict[str, Event] = dataclasses.field(default_factory=dict)
    # Reported positions, in frames, that no period of ALSA's has reached.
    positions: collections.deque[tuple[int, int]] = dataclasses.field(
        default_factory=collections.deque)
    last_period: int | None = None


class Latencies:
    """From request to response for each operation, from a position event to the period that it
    ended, and from period to period; and what has no place in that."""

    def __init__(self, events: list[Event]) -> None:
        self.unanswered = 0 # requests without a response
        self.unasked = 0 # responses without a request: it was sent before the trace began
        self._found: dict[tuple[str, str], Series] = {}
        self._runs: dict[str, _Run] = collections.defaultdict(_Run)
        handlers = {"request": self._on_request, "response": self._on_response,
                    "event": self._on_event, "position": self._on_position}
        for event in events:
            if handler := handlers.get(event.name):
                handler(event)
        self.unanswered += sum(len(run.requests) for run in self._runs.values())
        self.series = [self._found[key] for key in sorted(self._found)]

    def _add(self, event: Event, what: str, start: int) -> None:
        key = (event.stream, what)
        self._found.setdefault(key, Series(*key)).add(start, event.time)

    def _on_request(self, event: Event) -> None:
        """A request went into the ring."""
        run = self._runs[event.stream]
        if event.fields["id"] in run.requests:
            self.unanswered += 1
        run.requests[event.fields["id"]] = event
        # Positions begin anew, and pauses are no periods.
        if event.fields["op"] in ("OPEN", "TRIGGER"):
            run.last_period = None
        if event.fields["op"] == "OPEN":
            run.positions.clear()

    def _on_response(self, event: Event) -> None:
        """The driver took an answer out of the ring."""
        request = self._runs[event.stream].requests.pop(event.fields["id"], None)
        if request is None:
            self.unasked += 1
            return
        self._add(event, _name(request), request.time)

    def _on_event(self, event: Event) -> None:
        """The driver took a position out of the event page."""
        self._runs[event.stream].positions.append((event.number("frames"), event.time))

    def _on_position(self, event: Event) -> None:
        """ALSA is told the end of a period."""
        run = self._runs[event.stream]
        hardware = event.number("hardware")
        while run.positions and run.positions[0][0] < hardware:
            run.positions.popleft()
        if run.positions:
            self._add(event, "event to period", run.positions[0][1])
        if run.last_period is not None:
            self._add(event, "period to period", run.last_period)
        run.last_period = event.time


def _name(request: Event) -> str:
    trigger = request.fields["trigger"]
    return request.fields["op"] if trigger == "-" else f"{request.fields['op']} {trigger}"


def table(latencies: Latencies) -> str:
    """All series as text, in microseconds."""
    head = ("stream", "what", "count", "min", "avg", "p50", "p99", "max")
    rows = [head]
    for one in latencies.series:
        if spread := Spread.of(one.durations, 1000):
            count, *times = dataclasses.astuple(spread)
            rows.append((one.stream, one.what, str(count), *(f"{time:.1f}" for time in times)))
    widths = [max(len(row[column]) for row in rows) for column in range(len(head))]
    return "\n".join(
        "  ".join(cell.ljust(width) if column < 2 else cell.rjust(width)
                  for column, (cell, width) in enumerate(zip(row, widths))).rstrip()
        for row in rows)


def draw(path: pathlib.Path, latencies: Latencies, caption: str) -> None:
    """Writes a PNG: each latency over time, and how many do not exceed a duration."""
    texts, data, over_time, share = {"caption": caption}, {}, [], []
    origin = min((start for one in latencies.series for start in one.starts), default=0)
    for number, one in enumerate(latencies.series):
        colour = f"linecolor '#{_COLOURS[number % len(_COLOURS)]}'"
        # A trace has microseconds, of which a logarithmic axis cannot show zero.
        micro = [max(duration / 1000, 0.5) for duration in one.durations]
        texts[f"name{number}"] = f"{one.stream} {one.what}"
        data[f"time{number}"] = zip([(start - origin) / 1e9 for start in one.starts], micro)
        over_time.append(f"$time{number} with points pointtype 7 pointsize 0.4 {colour} notitle")
        share.append(f"NaN with points pointtype 7 {colour} title name{number}")
        if len(micro) < _LEAST_FOR_SHARE:
            continue
        ordered = sorted(micro)
        data[f"share{number}"] = zip([ordered[0], *ordered],
                                     [100 * rank / len(ordered) for rank in range(len(ordered) + 1)])
        share.append(f"$share{number} with steps linewidth 1.5 {colour} notitle")
    plot.draw(path, "1280,560", _SCRIPT.format(
        over_time=", ".join(over_time), share=", ".join(share)), texts, data)
