# SPDX-License-Identifier: GPL-2.0-only
"""scripts/bench reads the right figures from what the domains have noted."""

import unittest

import numpy

from support import DirectoryTest
from xenfront import audio
from xenfront.bench import figures, latency, trace, workload
from xenfront.bench.workload import Workload
from xenfront.errors import Failure
from xenfront.traces import ftrace
from xenfront.traces.backend import Entry
from xenfront.traces.ftrace import Traced

PERIOD_BYTES = 1920


def entry(time: float, kind: str, **members: object) -> Entry:
    return {"t": time * 1e9, "type": kind, **members}


def opened(time: float) -> Entry:
    return entry(time, "request", op="OPEN", period=PERIOD_BYTES)


def event(time: float, periods: int) -> Entry:
    return entry(time, "event", pos=periods * PERIOD_BYTES, notify=True)


def write(time: float) -> list[Entry]:
    return [entry(time, "wakeup"), entry(time, "request", op="WRITE"),
            entry(time, "response", op="WRITE", notify=False)]


class Marks(DirectoryTest):
    def test_times_of_steps(self) -> None:
        path = self.write("marks", "1.5 first\n2.25 second\n")
        self.assertEqual(trace.read_marks(path), [("first", 1.5), ("second", 2.25)])

    def test_of_a_run_that_did_not_end(self) -> None:
        with self.assertRaisesRegex(Failure, "marks: this run .*No such file.*measure again"):
            trace.read_marks(self.directory / "marks")


class Trace(unittest.TestCase):
    def test_only_what_is_between_the_events_counts(self) -> None:
        entries = [opened(1), *write(1), event(2, 1), *write(2), event(3, 2), *write(3)]
        self.assertEqual(trace.traffic(entries),
                         trace.Traffic(periods=1, requests=1, notifications=1))

    def test_each_opening_counts_by_itself(self) -> None:
        run = [opened(1), event(2, 1), *write(2), event(3, 2)]
        xrun = entry(4, "underrun")
        self.assertEqual(trace.traffic([*run, xrun, *run]),
                         trace.Traffic(periods=2, requests=2, notifications=2, xruns=1))

    def test_entries_belong_to_the_step_that_ends_next(self) -> None:
        marks = [("a", 10.0), ("b", 20.0)]
        parts = trace.divide([entry(5, "x"), entry(15, "y"), entry(16, "z"), entry(25, "w")], marks)
        self.assertEqual([one["type"] for one in parts["a"]], ["x"])
        self.assertEqual([one["type"] for one in parts["b"]], ["y", "z"])


PLAY = Workload(workload.PLAY, 480, "rw", 4.0)
GUEST_RESULT = {"periods": 400, "moved_periods": 400, "xruns": 0, "switches": 400, "calls": 400,
                "echoes": [], "interrupts": 420, "guest_switches": 800, "failure": ""}


def notes(measured: dict[str, object], accounts: int = 2, trace_entries: list[Entry] = [],
          waits: list[tuple[int, int]] = []) -> figures.Notes:
    """Four seconds in which the guest ran for 40 ms and Dom0 for 8."""
    noted = [figures.Account(latency.Moment(0, 5000), 1_000_000, 0),
             figures.Account(latency.Moment(4_000_000_000, 8_000_005_000), 41_000_000, 8_000_000)]
    return figures.Notes(measured, noted[:accounts], trace_entries, waits)


class FiguresOfAStep(unittest.TestCase):
    def test_are_for_each_period_and_each_second(self) -> None:
        entries = [opened(1), event(2, 1), *write(2), event(3, 3)]
        found = figures.figures(PLAY, notes(GUEST_RESULT, trace_entries=entries))
        self.assertAlmostEqual(found.interrupts, 1.05)
        self.assertAlmostEqual(found.notifications, 0.5)
        self.assertAlmostEqual(found.guest_ms, 10)
        self.assertAlmostEqual(found.dom0_ms, 2)
        self.assertTrue(found.is_clean)

    def test_what_only_the_backend_misses_is_not_clean(self) -> None:
        entries = [opened(1), event(2, 1), entry(2.5, "underrun"), event(3, 2)]
        found = figures.figures(PLAY, notes(GUEST_RESULT, trace_entries=entries))
        self.assertEqual((found.xruns, found.backend_xruns), (0, 1))
        self.assertFalse(found.is_clean)

    def test_giving_up_is_a_failure(self) -> None:
        found = figures.figures(PLAY, notes({**GUEST_RESULT, "moved_periods": 200}))
        self.assertIn("200 of 400", found.failure)
        self.assertFalse(found.is_clean)

    def test_a_failed_stream_needs_no_processor_time(self) -> None:
        found = figures.figures(PLAY, notes({**GUEST_RESULT, "moved_periods": 0,
                                             "failure": "open: no"}, accounts=0))
        self.assertEqual(found.failure, "open: no")

    def test_a_missing_reading_is_an_error(self) -> None:
        with self.assertRaisesRegex(Failure, "noted 1 times"):
            figures.figures(PLAY, notes(GUEST_RESULT, accounts=1))

    def test_latencies_are_by_the_common_clock(self) -> None:
        # Dom0's second 1 is second 101 of the guest: 2 ticks are a nanosecond.
        guest = {**GUEST_RESULT, "monotonic_ns": 101_000_000_000, "processor_ticks": 2_000_005_000}
        entries = [opened(1), event(2, 1), entry(2.00015, "wakeup"), event(3, 2)]
        waits = [(101_500_000_000, 102_000_050_000), (102_001_000_000, 103_000_070_000)]
        found = figures.figures(PLAY, notes(guest, trace_entries=entries, waits=waits))
        assert found.wake is not None and found.notice is not None
        self.assertEqual((found.wake.p50, found.wake.largest), (50, 70))
        self.assertEqual((found.notice.count, found.notice.p50), (1, 100))


class FiguresOfAServer(unittest.TestCase):
    """What happens outside of what is measured, from 0 to 4 s of Dom0's clock, does not count."""

    TRACE = [entry(-1, "request", op="TRIGGER", trigger="START"), entry(-1, "underrun"),
             event(1, 1), event(2, 2), entry(2, "wakeup"),
             entry(3, "request", op="TRIGGER", trigger="START"), entry(3.1, "underrun"), event(5, 3)]

    def test_are_for_each_second(self) -> None:
        work = Workload(workload.SERVE, server="pipewire", seconds=4.0)
        measured = {"failure": "", "interrupts": 8, "guest_switches": 80, "period_size": 1024}
        found = figures.figures(work, notes(measured, trace_entries=self.TRACE))
        self.assertEqual((found.interrupts, found.guest_switches, found.events,
                          found.notifications), (2, 20, 0.5, 0.25))
        self.assertAlmostEqual(found.guest_ms, 10)
        self.assertEqual((found.xruns, found.backend_xruns, found.period, found.buffer),
                         (1, 1, 1024, None))

    def test_a_new_backend_is_started_once(self) -> None:
        work = Workload(workload.OUTLIVE, server="pipewire", seconds=4.0)
        measured = {"failure": "", "interrupts": 0, "guest_switches": 0}
        self.assertEqual(figures.figures(work, notes(measured, trace_entries=self.TRACE)).xruns, 0)

    def test_that_was_not_recorded_is_a_failure(self) -> None:
        measured = {**GUEST_RESULT, "step": "hear", "reads": [1], "monotonic_ns": 0,
                    "processor_ticks": 5000}
        found = figures.figures(Workload(workload.HEAR, server="pipewire"), notes(measured))
        self.assertIn("has recorded nothing", found.failure)


def recording(*parts: tuple[float, int]) -> audio.Recording:
    """Seconds, and the sample in them."""
    samples = numpy.concatenate([numpy.full((round(1000 * seconds), 2), sample, numpy.int16)
                                 for seconds, sample in parts])
    return audio.Recording(1000, samples)


class Hearing(unittest.TestCase):
    SOUND = recording((1.0, 0), (0.5, 900), (0.05, 0), (0.5, -900), (0.2, 0), (0.01, 9), (0.5, 900))

    def test_a_sound_begins_after_silence(self) -> None:
        self.assertEqual(latency.begins(self.SOUND), [1000, 2260])

    def test_the_first_report_behind_it_says_when_it_was_played(self) -> None:
        def reported(second: float, frame: int) -> Entry:
            return entry(second, "event", pos=4 * frame)

        # Of what was played before the stream was opened anew nothing is recorded.
        events = [reported(1, 5000), reported(11, 500), reported(11.5, 1000), reported(13, 2500)]
        self.assertEqual(latency.until_heard([11_400_000_000, 12_700_000_000], events, self.SOUND),
                         [100_000_000, 60_000_000])
        with self.assertRaisesRegex(Failure, "frame 2260, .* not reported"):
            latency.until_heard([1, 2], events[:3], self.SOUND)

    def test_every_player_is_heard(self) -> None:
        with self.assertRaisesRegex(Failure, "3 players were heard 2 times"):
            latency.until_heard([1, 2, 3], [], self.SOUND)


class Latency(unittest.TestCase):
    def test_events_between_waits_wake_nobody(self) -> None:
        self.assertEqual(latency.until_woken([5, 15, 25], [(0, 7), (20, 28)]), [2, 3])

    def test_the_first_of_two_events_counts(self) -> None:
        self.assertEqual(latency.until_woken([5, 6], [(0, 9)]), [4])

    def test_a_wake_up_without_notice_is_left_out(self) -> None:
        self.assertEqual(latency.until_noticed([10, 20, 30], [22]), [2])

    def test_a_counter_that_stands_still(self) -> None:
        still = latency.Moment(0, 7)
        with self.assertRaisesRegex(Failure, "tsc_mode"):
            latency.clock_offset(still, (still, still))


TRACED = """\
# tracer: nop
          player-77      [000] d..2.    40.100000: sched_switch: prev_comm=player prev_state=S ==>
          player-77      [000] d..2.    40.100001: <stack trace>
 => schedule
 => driver_waits
 => driver_writes
          player-77      [000] .....    40.200000: kmalloc: call_site=somebody bytes_req=8
 => somebody
          player-77      [000] d..2.    40.300000: sched_switch: prev_comm=player prev_state=R ==>
 => driver_writes
          player-77      [000] .....    40.400000: kmem_cache_alloc: call_site=driver_writes+0x1
 => driver_writes
"""


class Events(DirectoryTest):
    def read(self, text: str, names: str = "driver_waits\ndriver_writes\n") -> Traced | None:
        return ftrace.read_stacks(self.write("events", text), self.write("functions", names))

    def test_only_the_drivers_count(self) -> None:
        self.assertEqual(self.read(TRACED), Traced(1, 1, 0, 4))

    def test_lost_events_are_an_error(self) -> None:
        with self.assertRaisesRegex(Failure, "lost events"):
            self.read("CPU:0 [LOST 12 EVENTS]\n")

    def test_unknown_functions_are_an_error(self) -> None:
        with self.assertRaisesRegex(Failure, "functions: names no function"):
            self.read(TRACED, "")

    def test_no_trace(self) -> None:
        self.assertIsNone(ftrace.read_stacks(self.directory / "events", self.directory / "functions"))
