# SPDX-License-Identifier: GPL-2.0-only
"""What scripts/check-trace-cost does: what tracepoints cost a period while no tracer records them."""

from xenfront import ROOT, command
from xenfront.bench import instructions, machine, plan
from xenfront.bench.instructions import Cost, Costs
from xenfront.bench.workload import PLAY, Workload
from xenfront.lab import runs
from xenfront.progress import Progress

DESCRIPTION = """\
Builds the module as it is and without its tracepoints, has them play in turn in the same guest, in
one boot of the lab, and compares how many instructions a period of playback costs while no tracer
records. QEMU counts them.

Needs the backend and the guest programs; `make check-trace-cost` builds them and calls this.
"""

# The driver as it is, and built without tracepoints.
WITH, WITHOUT = plan.OURS, "without-tracepoints"
# So long that a look of the watchdog more or less, at all streams of the card, makes no difference.
WORKLOAD = Workload(PLAY, seconds=10.0)
STEPS = [plan.Step(WORKLOAD, driver, plan.APART, 1) for driver in (WITHOUT, WITH)]

# As much of what it executes without them, at most.
RATIO_MAX = 1.01

EPILOG = f"""\
exit status: 0 the ratio is {RATIO_MAX} or less, 1 it is more, 2 nothing could be measured
"""

NAME = "trace-cost"
BUILD = ROOT / "build"


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


def measure(kernel: str, guest_type: str) -> Costs:
    """Builds the module in both ways for the guest's kernel, boots the lab, and has both play."""
    modules = {WITH: runs.module(kernel, f"BUILD={BUILD}"),
               WITHOUT: runs.module(kernel, f"BUILD={BUILD / WITHOUT}",
                                               "KCFLAGS=-DKSHIM_WITHOUT_TRACEPOINTS")}
    with Progress(len(STEPS)) as progress:
        machine.run(NAME, kernel, guest_type, plan.ICOUNT, modules, plan.script(STEPS),
                    progress.step, machine.counting(NAME))
    return instructions.collect(runs.directory(NAME), machine.counts(NAME), STEPS)


def main(arguments: list[str]) -> int:
    parser = command.parser(DESCRIPTION, EPILOG)
    command.add_guest(parser)
    options = parser.parse_args(arguments)
    costs = measure(options.kernel, options.type)
    print("\n".join(report(costs)))
    if ratio(costs) <= RATIO_MAX:
        return 0
    command.complain(f"the ratio {ratio(costs):.4f} is above {RATIO_MAX}")
    return 1
