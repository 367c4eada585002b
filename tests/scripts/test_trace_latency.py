# SPDX-License-Identifier: GPL-2.0-only
"""scripts/trace-latency: what it reads, and what it makes of it."""

import subprocess
import unittest

from support import DirectoryTest, run_script
from xenfront.errors import Failure
from xenfront.traces import ftrace, latency
from xenfront.traces.spread import Spread

STREAM = "card=0 stream=0/1 dir=playback"


def line(microseconds: int, name: str, fields: str, layout: str = "tracefs") -> str:
    """One event as the tools print it."""
    time = f"{microseconds // 10**6}.{microseconds % 10**6:06}"
    return {
        "tracefs": f"           aplay-321     [000] d.h1.    {time}: xen_front_{name}: {fields}",
        "trace-cmd": f"           aplay-321   [000]    {time}: xen_front_{name}:    {fields}",
        "perf": f"aplay   321 [000]    {time}: xen_front:xen_front_{name}: {fields}",
    }[layout]


def request(time: int, number: int, operation: str, trigger: str = "-", **layout: str) -> str:
    """A request of the one stream."""
    return line(time, "request", f"{STREAM} id={number} op={operation} trigger={trigger} offset=0 "
                "length=0", **layout)


def response(time: int, number: int, operation: str, **layout: str) -> str:
    """A response to it."""
    return line(time, "response", f"{STREAM} id={number} op={operation} status=0", **layout)


def event(time: int, frames: int) -> str:
    """The backend's position."""
    return line(time, "event", f"{STREAM} position={4 * frames} frames={frames}")


def position(time: int, hardware: int) -> str:
    """ALSA is told the end of a period, and has not yet looked where the backend is."""
    return line(time, "position", f"{STREAM} hardware={hardware} shown={max(hardware - 480, 0)} "
                "committed=9999")


def measured(*lines: str) -> dict[str, list[int]]:
    """Durations in microseconds by kind."""
    latencies = latency.Latencies(ftrace.read(lines, "test").events)
    return {one.what: [duration // 1000 for duration in one.durations]
            for one in latencies.series}


class ReadTest(unittest.TestCase):

    def test_layouts(self) -> None:
        for layout in ("tracefs", "trace-cmd", "perf"):
            with self.subTest(layout):
                trace = ftrace.read(["# tracer: nop", "", "cpus=1",
                                    request(12_000_345, 7, "WRITE", layout=layout)], "test")
                self.assertEqual(len(trace.events), 1)
                found = trace.events[0]
                self.assertEqual((found.time, found.name, found.stream, found.number("id")),
                                 (12_000_345_000, "request", "0:0/1", 7))
                self.assertFalse(trace.is_incomplete)

    def test_nanoseconds(self) -> None:
        text = request(0, 1, "OPEN").replace("0.000000:", "5.000000123:")
        self.assertEqual(ftrace.read([text], "test").events[0].time, 5_000_000_123)

    def test_other_events_are_passed_over(self) -> None:
        other = line(1, "request", "").replace("xen_front_request", "sched_switch")
        trace = ftrace.read([other, line(1, "unheard", "a=b"), request(2, 1, "OPEN")], "test")
        self.assertEqual(len(trace.events), 1)

    def test_lost_events(self) -> None:
        for mark in ("CPU:0 [LOST 12 EVENTS]", "CPU:3 [12 EVENTS DROPPED]"):
            self.assertTrue(ftrace.read([mark, request(1, 1, "OPEN")], "test").is_incomplete)

    def test_nothing_of_ours(self) -> None:
        with self.assertRaisesRegex(Failure, "a.txt: no event of xen_front"):
            ftrace.read(["# tracer: nop"], "a.txt")

    def test_missing_field(self) -> None:
        with self.assertRaisesRegex(Failure, "a.txt, line 2: xen_front_response without id"):
            ftrace.read(["", response(1, 2, "OPEN").replace(" id=2", "")], "a.txt")


class MeasureTest(unittest.TestCase):

    def test_round_trips_by_operation(self) -> None:
        found = measured(request(100, 1, "OPEN"), response(350, 1, "OPEN"),
                         request(400, 2, "WRITE"), request(410, 3, "WRITE"),
                         response(500, 3, "WRITE"), response(500, 2, "WRITE"),
                         request(600, 4, "TRIGGER", "START"), response(660, 4, "TRIGGER"),
                         request(700, 5, "TRIGGER", "STOP"), response(790, 5, "TRIGGER"))
        self.assertEqual(found, {"OPEN": [250], "WRITE": [90, 100], "TRIGGER START": [60],
                                 "TRIGGER STOP": [90]})

    def test_streams_are_apart(self) -> None:
        other = [text.replace("stream=0/1", "stream=2/0")
                 for text in (request(105, 1, "OPEN"), response(115, 1, "OPEN"))]
        latencies = latency.Latencies(ftrace.read(
            [request(100, 1, "OPEN"), other[0], response(110, 1, "OPEN"), other[1]],
            "test").events)
        self.assertEqual([(one.stream, one.durations) for one in latencies.series],
                         [("0:0/1", [10_000]), ("0:2/0", [10_000])])

    def test_unanswered_and_unasked(self) -> None:
        latencies = latency.Latencies(ftrace.read(
            [response(1, 9, "WRITE"), request(2, 1, "WRITE"), request(3, 1, "WRITE"),
             request(4, 2, "CLOSE")], "test").events)
        self.assertEqual((latencies.unanswered, latencies.unasked, latencies.series), (3, 1, []))

    def test_period_is_told_by_the_event_that_ended_it(self) -> None:
        found = measured(event(1000, 479), event(2000, 500), event(2010, 510),
                         position(2030, 500),
                         event(3000, 961), position(3007, 961))
        self.assertEqual(found["event to period"], [30, 7])
        self.assertEqual(found["period to period"], [977])

    def test_positions_begin_anew_with_open(self) -> None:
        found = measured(event(100, 480), request(200, 1, "OPEN"), response(250, 1, "OPEN"),
                         event(300, 480), position(305, 480))
        self.assertEqual(found["event to period"], [5])

    def test_a_pause_is_no_period(self) -> None:
        found = measured(event(100, 480), position(101, 480), request(200, 1, "TRIGGER", "PAUSE"),
                         request(5000, 2, "TRIGGER", "RESUME"), event(6000, 960),
                         position(6001, 960), event(6500, 1440), position(6501, 1440))
        self.assertEqual(found["period to period"], [500])

    def test_percentiles(self) -> None:
        self.assertEqual(Spread.of(range(200, 0, -1)), Spread(200, 1, 100.5, 100, 198, 200))
        self.assertEqual(Spread.of([7000], 1000), Spread(1, 7, 7, 7, 7, 7))
        self.assertIsNone(Spread.of([]))

    def test_table(self) -> None:
        latencies = latency.Latencies(ftrace.read(
            [request(0, 1, "OPEN"), response(250, 1, "OPEN"), request(300, 2, "WRITE"),
             response(310, 2, "WRITE"), request(320, 3, "WRITE"), response(350, 3, "WRITE")],
            "test").events)
        self.assertEqual(latency.table(latencies).splitlines(), [
            "stream  what   count    min    avg    p50    p99    max",
            "0:0/1   OPEN       1  250.0  250.0  250.0  250.0  250.0",
            "0:0/1   WRITE      2   10.0   20.0   10.0   30.0   30.0"])


class ProgramTest(DirectoryTest):

    def run_on(self, text: str, *options: object) -> subprocess.CompletedProcess:
        """The program, with a trace as its input."""
        return run_script("trace-latency", *options, input=text)

    TRACE = "\n".join([request(100, 1, "OPEN"), response(350, 1, "OPEN"), event(500, 480),
                       position(503, 480)]) + "\n"

    def test_table_and_picture(self) -> None:
        picture = self.directory / "a.png"
        done = self.run_on(self.TRACE, "--plot", picture)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertIn("event to period", done.stdout)
        self.assertEqual(picture.read_bytes()[:8], b"\x89PNG\r\n\x1a\n")

    def test_file_and_stream(self) -> None:
        path = self.write("trace", self.TRACE)
        self.assertEqual(self.run_on("", path, "--stream", "0:0/1").returncode, 0)
        done = self.run_on("", path, "--stream", "0:7/1")
        self.assertEqual(done.returncode, 1)
        self.assertIn("there are: 0:0/1", done.stderr)

    def test_errors(self) -> None:
        for text, options, said in (
                ("", (), "no event of xen_front"),
                (response(1, 2, "OPEN"), (), "nothing in it was answered"),
                ("", ("does-not-exist",), "does-not-exist")):
            done = self.run_on(text, *options)
            self.assertEqual((done.returncode, done.stdout), (1, ""))
            self.assertIn(said, done.stderr)
            self.assertNotIn("Traceback", done.stderr)
        self.assertEqual(self.run_on(self.TRACE, "--plot", "a.jpg").returncode, 2)

    def test_what_is_missing_is_said(self) -> None:
        done = self.run_on("CPU:0 [LOST 3 EVENTS]\n" + self.TRACE + request(900, 2, "CLOSE"))
        self.assertEqual(done.returncode, 0)
        self.assertIn("events were lost", done.stderr)
        self.assertIn("1 requests without a response", done.stderr)
