# SPDX-License-Identifier: GPL-2.0-only
"""The command line of scripts/trace-latency."""

import argparse
import pathlib
import sys

from xenfront import command
from xenfront.errors import Failure
from xenfront.traces import ftrace, latency

DESCRIPTION = """Turns a trace of the driver's events into a table of latencies and a plot.

Reads text: the trace file of tracefs, or what trace-cmd report or perf script print.
"""

EPILOG = """\
the table, in microseconds, for each stream (card:device/stream):
  OPEN, WRITE, TRIGGER START ...  from the request to the moment the driver takes the answer. It
                    leaves answers to WRITE and PAUSE in the ring until something else comes by.
  event to period   from the backend's position event to the period's end that ALSA is told
  period to period  from one such end to the next

to record, in the guest:
  cd /sys/kernel/tracing && echo 8192 > buffer_size_kb && echo 1 > events/xen_front/enable
  aplay x.wav; cp trace /tmp/trace.txt
or
  trace-cmd record -e xen_front aplay x.wav; trace-cmd report > trace.txt

exit status: 0 done, 1 nothing that can be used, 2 wrong usage
"""


def main(arguments: list[str]) -> int:
    parser = command.parser(DESCRIPTION, EPILOG)
    parser.add_argument("trace", metavar="FILE", nargs="?", default="-",
                        help="the trace; '-', the default, is standard input")
    parser.add_argument("--plot", metavar="FILE", type=pathlib.Path,
                        help="also draw a picture: a file name that ends in .png")
    parser.add_argument("--stream", metavar="CARD:DEVICE/STREAM",
                        help="only this stream, such as 0:0/1")
    options = parser.parse_args(arguments)
    if options.plot and options.plot.suffix != ".png":
        parser.error(f"--plot {options.plot}: only .png can be written")
    try:
        show(options)
    except OSError as error:
        raise Failure(error) from error
    return 0


def show(options: argparse.Namespace) -> None:
    """Prints the table, and what is missing in the trace; draws the picture."""
    is_file = options.trace != "-"
    with open(options.trace if is_file else 0, encoding="utf-8", errors="replace") as lines:
        trace = ftrace.read(lines, options.trace if is_file else "standard input")
    latencies = latency.Latencies(trace.events)
    if options.stream:
        there = sorted({one.stream for one in latencies.series})
        latencies.series = [one for one in latencies.series if one.stream == options.stream]
        if not latencies.series:
            raise Failure(f"no latency of stream {options.stream} in {options.trace}; there are: "
                          f"{', '.join(there) or 'none'}")
    if not latencies.series:
        raise Failure(f"{options.trace}: nothing in it was answered; record while a stream is used")
    print(latency.table(latencies))
    if trace.is_incomplete:
        print("events were lost: record with a larger buffer_size_kb, or trace-cmd's -b",
              file=sys.stderr)
    if latencies.unanswered or latencies.unasked:
        print(f"{latencies.unanswered} requests without a response, "
              f"{latencies.unasked} responses without a request", file=sys.stderr)
    if options.plot:
        latency.draw(options.plot, latencies, pathlib.Path(options.trace).name)
