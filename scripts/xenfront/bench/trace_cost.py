# SPDX-License-Identifier: GPL-2.0-only
"""What tracepoints cost a period while no tracer records them."""

from xenfront.bench import plan
from xenfront.bench.instructions import Cost, Costs
from xenfront.bench.workload import PLAY, Workload

# The driver as it is, and built without tracepoints.
WITH, WITHOUT = plan.OURS, "without-tracepoints"
# So long that a look of the watchdog more or less, at all streams of the card, makes no difference.
WORKLOAD = Workload(PLAY, seconds=10.0)
STEPS = [plan.Step(WORKLOAD, driver, plan.APART, 1) for driver in (WITHOUT, WITH)]

# As much of what it executes without them, at most.
RATIO_MAX = 1.01


def ratio(costs: Costs) -> float:
    """Instructions with tracepoints to those without."""
    return _of(costs, WITH).sound / _of(costs, WITHOUT).sound


def report(costs: Costs) -> list[str]:
    """Both figures, and what they are made of, as a table."""
    lines = [f"instructions of a period of playback, {WORKLOAD.period} frames",
             f"{'':24}{'with tracepoints':>18}{'without':>10}{'ratio':>9}"]
    for what, part in (("this driver and ALSA", lambda cost: cost.sound),
                       ("of that, this driver", lambda cost: cost.driver)):
        own, without = (part(_of(costs, driver)) for driver in (WITH, WITHOUT))
        lines.append(f"{what:24}{own:18.1f}{without:10.1f}{own / without:9.4f}")
    return lines


def _of(costs: Costs, driver: str) -> Cost:
    return costs[driver, WORKLOAD.name]
