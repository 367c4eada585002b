# SPDX-License-Identifier: GPL-2.0-only
"""scripts/check-trace-cost compares what a period costs with tracepoints and without."""

import unittest

from xenfront.bench import plan, trace_cost
from xenfront.bench.instructions import Cost


class TraceCost(unittest.TestCase):
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
