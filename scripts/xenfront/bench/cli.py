# SPDX-License-Identifier: GPL-2.0-only
"""The command line of scripts/bench."""

import argparse
import dataclasses
import json
import pathlib
from typing import Any

from xenfront import ROOT, command
from xenfront.bench import figures, instructions, machine, page, plan, table
from xenfront.bench.figures import Findings
from xenfront.bench.outcome import Outcome
from xenfront.lab import runs as lab_runs
from xenfront.progress import Progress

DESCRIPTION = """\
Measures this driver against the in-tree one: both are loaded in turn in the same guest, in one boot
of the lab, with the same backend and the same configuration. Time is a count of instructions, so
that the figures do not depend on what else this machine does.

Needs the module, the backend and the guest programs; `make bench` builds them and calls this.
"""

EPILOG = """\
results, in the directory of --out:
  report.html   tables and plots, with explanations      report.json   all figures
  play.svg, record.svg      the plots

exit status: 0 measured, whatever the figures are; 1 a target is not met and --strict was given;
2 nothing could be measured
"""


def parse(arguments: list[str]) -> argparse.Namespace:
    parser = command.parser(DESCRIPTION, EPILOG)
    parser.add_argument("--quick", action="store_true", help="what most targets need, measured once")
    parser.add_argument("--rounds", type=int, metavar="N",
                        help="how often everything is measured (default: 2, with --quick 1)")
    command.add_guest(parser, "bench")
    parser.add_argument("--out", metavar="DIR", type=pathlib.Path,
                        default=ROOT / "build" / "bench",
                        help="where the results go (default: build/bench)")
    parser.add_argument("--evaluate", action="store_true",
                        help="measure nothing: report again on the last run of that name")
    parser.add_argument("--strict", action="store_true", help="fail when a target is not met")
    options = parser.parse_args(arguments)
    if options.rounds is None:
        options.rounds = 1 if options.quick else 2
    if not 1 <= options.rounds <= 20:
        parser.error(f"--rounds {options.rounds}: give 1 to 20")
    return options


@dataclasses.dataclass(frozen=True)
class Run:
    """One boot of the lab, with its options."""

    name: str
    icount: int
    steps: list[plan.Step]
    lab: dict[str, Any] = dataclasses.field(default_factory=dict)
    counts_instructions: bool = False

    @property
    def lab_options(self) -> dict[str, Any]:
        return {**self.lab, **(machine.counting(self.name) if self.counts_instructions else {})}


def runs(options: argparse.Namespace) -> list[Run]:
    """The one for everything and the one for sound servers; then, unless it is to be quick, several
    guests, slower machines, and one that counts instructions."""
    common = [Run(options.name, plan.ICOUNT, plan.steps(options.quick, options.rounds)),
              Run(f"{options.name}-servers", plan.ICOUNT, plan.server_steps(options.quick),
                  machine.FOR_SERVERS)]
    if options.quick:
        return common
    return [*common,
            Run(f"{options.name}-guests", plan.ICOUNT, plan.guest_steps(), machine.FOR_GUESTS),
            *(Run(f"{options.name}-icount{shift}", shift, plan.slow_steps())
              for shift in plan.SLOW_ICOUNTS),
            Run(f"{options.name}-instructions", plan.ICOUNT, instructions.STEPS,
                counts_instructions=True)]


def measure(options: argparse.Namespace, all_runs: list[Run]) -> None:
    done = 0
    modules = {plan.OURS: lab_runs.module(options.kernel)}
    with Progress(sum(len(run.steps) for run in all_runs)) as progress:
        for run in all_runs:
            before = done
            machine.run(run.name, options.kernel, options.type, run.icount, modules,
                        plan.script(run.steps),
                        lambda count, name: progress.step(before + count, name), run.lab_options)
            done += len(run.steps)


def evaluate(options: argparse.Namespace, all_runs: list[Run]) -> Outcome:
    found: dict[int, Findings] = {}
    seconds = 0.0
    for run in all_runs:
        seconds += lab_runs.summary(run.name, 0, (0,))["host_seconds"]
        if not run.counts_instructions:
            new = figures.collect(lab_runs.directory(run.name), run.steps)
            found[run.icount] = found[run.icount] + new if run.icount in found else new
    everything = found.pop(plan.ICOUNT)
    return Outcome(everything, {1 << shift: slower for shift, slower in found.items()},
                   {"guest": f"Linux {options.kernel}, {options.type}",
                    "rounds": str(options.rounds),
                    "measured in": f"{seconds:.0f} s by scripts/bench"},
                   {key: cost for run in all_runs if run.counts_instructions
                    for key, cost in instructions.collect(lab_runs.directory(run.name),
                                                          machine.counts(run.name),
                                                          run.steps).items()})


def report(options: argparse.Namespace, outcome: Outcome) -> None:
    """Writes and prints the results."""
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / "report.json").write_text(json.dumps(outcome.as_dict(), indent=2) + "\n",
                                             encoding="utf-8")
    page.write(options.out / "report.html", outcome)
    print(table.text(outcome))
    print(f"\nreport: {options.out / 'report.html'}")


def main(arguments: list[str]) -> int:
    options = parse(arguments)
    all_runs = runs(options)
    if not options.evaluate:
        measure(options, all_runs)
    outcome = evaluate(options, all_runs)
    report(options, outcome)
    are_met = all(verdict.holds for verdict in outcome.verdicts)
    return 1 if options.strict and not are_met else 0
