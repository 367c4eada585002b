# SPDX-License-Identifier: GPL-2.0-only
"""scripts/bench and scripts/check-trace-cost read what the emulator has counted."""

import unittest

from xenfront.bench import instructions, plan, trace_cost
from xenfront.bench.instructions import Cost

SYMBOLS = instructions.read_symbols([
    "ffffffffc0001000 first [snd_xen_front]", "ffffffffc0001080 second [snd_xen_front]",
    "ffffffffc0005000 core [snd_pcm]", "ffffffffc0009000 other [snd_aloop]"])


class Counts(unittest.TestCase):
    def test_each_mark_ends_a_part(self) -> None:
        self.assertEqual(instructions.read_counts(["mark\n", "10 3\n", "a0 4\n", "mark\n"]),
                         [[(0x10, 3), (0xa0, 4)], []])

    def test_blocks_belong_to_the_function_before(self) -> None:
        blocks = [(0xffffffffc0001000, 5), (0xffffffffc0001070, 6), (0xffffffffc0001080, 7),
                  (0xffffffffc0005010, 8)]
        self.assertEqual(instructions.by_function(blocks, SYMBOLS),
                         {("snd_xen_front", "first"): 11, ("snd_xen_front", "second"): 7,
                          ("snd_pcm", "core"): 8})

    def test_everything_else_counts_by_region(self) -> None:
        blocks = [(0xffffffffc0009000, 1), (0xffffffff81000000, 2), (0xffffffffc0000000, 3),
                  (0x7fff00001000, 10), (0x401000, 20), (0xffff82d040200000, 100)]
        self.assertEqual(instructions.by_function(blocks, SYMBOLS),
                         {("kernel", ""): 6, ("programs", ""): 30, ("hypervisor", ""): 100})


class Remarks(unittest.TestCase):
    COSTS = {(plan.OURS, "play-480-rw"): Cost({"push": 100.0, "take": 400.0}, 1000.0, 20000.0,
                                                 16000.0, 2500.0),
             (plan.IN_TREE, "play-480-rw"): Cost({"write": 200.0}, 700.0, 40000.0, 36000.0, 3100.0),
             (plan.OURS, "record-480-rw"): Cost({"take": 500.0}, 1000.0),
             (plan.IN_TREE, "record-480-rw"): Cost({"read": 200.0}, 700.0),
             (plan.NONE, "ping-480"): Cost({}, 0.0, 19000.0, 14000.0, 1000.0)}

    def test_drivers_beside_each_other(self) -> None:
        line = instructions.remarks(self.COSTS)[0]
        self.assertIn("executes 40000 instructions on the guest's processor, 0.50 of", line)
        self.assertIn("; 34000 are executed when", line)
        self.assertIn("500 are this driver's, at 2 ns each 1.0 us", line)

    def test_shares_add_up(self) -> None:
        self.assertEqual(instructions.shares(self.COSTS), [
            ("the driver", "200", "500", "0"), ("ALSA's core", "700", "1000", "0"),
            ("the rest of the guest's kernel", "40000", "20000", "19000"),
            ("the hypervisor, for the guest", "36000", "16000", "14000"),
            ("the player", "3100", "2500", "1000"), ("all", "80000", "40000", "34000")])

    def test_what_was_not_measured_is_not_there(self) -> None:
        self.assertEqual(instructions.remarks({}), [])
        self.assertEqual(instructions.shares({}), [])
        self.assertEqual(instructions.largest({}), [])

    def test_largest_function_first(self) -> None:
        self.assertEqual(instructions.largest(self.COSTS, 1), [("take", "400", "500")])


class TraceCost(unittest.TestCase):
    """What a period costs with tracepoints and without."""

    COSTS = {(trace_cost.WITH, trace_cost.WORKLOAD.name): Cost({"push": 1030.0, "take": 485.0}, 1000.0),
             (trace_cost.WITHOUT, trace_cost.WORKLOAD.name): Cost({"push": 1000.0, "take": 500.0},
                                                                  1000.0)}

    def test_the_ratio_is_that_of_all_that_is_counted(self) -> None:
        self.assertAlmostEqual(trace_cost.ratio(self.COSTS), 2515 / 2500)

    def test_both_figures_are_reported(self) -> None:
        lines = trace_cost.report(self.COSTS)
        self.assertIn("playback, 480 frames", lines[0])
        self.assertEqual(lines[2].split()[-3:], ["2515.0", "2500.0", "1.0060"])
        self.assertEqual(lines[3].split()[-3:], ["1515.0", "1500.0", "1.0100"])

    def test_both_builds_do_the_same(self) -> None:
        self.assertEqual({step.driver for step in trace_cost.STEPS},
                         {trace_cost.WITH, trace_cost.WITHOUT})
        self.assertEqual(len({(step.workload, step.place) for step in trace_cost.STEPS}), 1)
        script = plan.script(trace_cost.STEPS)
        self.assertIn(f"driver {trace_cost.WITHOUT}\n", script)
        self.assertIn(f"driver {trace_cost.WITH}\n", script)
