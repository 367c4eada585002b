# SPDX-License-Identifier: GPL-2.0-only
"""The command line of scripts/selftests."""

import argparse
import dataclasses
import functools
import os
import pathlib
import re

from xenfront import ROOT, command, judgement, process
from xenfront.lab import build
from xenfront.selftests import machine, matrix, suites
from xenfront.selftests.suites import Run

DESCRIPTION = """Runs the selftests in the lab: real guests, real Xen, the reference backend.

Each run boots one machine. The guests report in KTAP; what they played into the recorded PCM is
compared here, byte by byte, with what the backend recorded.
"""
EPILOG = ("exit status: 0 all tests passed, 1 a test failed, 2 wrong usage. "
          "Results stay in build/lab/<run>/.")

# What QEMU takes at most for a machine: its domains, Xen, and what QEMU itself needs.
MACHINE_KIB = 3584 * 1024


def machines_at_once(processors: int, meminfo: str) -> int:
    """As many machines as there are processors, and memory for, by what /proc/meminfo says."""
    available = int(re.search(r"^MemAvailable: +(\d+) kB$", meminfo, re.MULTILINE)[1])
    return max(1, min(processors, available // MACHINE_KIB))


def parser() -> argparse.ArgumentParser:
    made = command.parser(DESCRIPTION, EPILOG)
    made.add_argument("runs", nargs="*", metavar="RUN",
                      help="run of this name, or else those whose name contains this "
                           "(default: all); see --list")
    made.add_argument("--list", action="store_true", help="name the runs and stop")
    made.add_argument("--all", action="store_true",
                      help="also those that make check has no time for")
    made.add_argument("--debug", action="store_true",
                      help=f"instead of all these: some of them, and fault injection, with a "
                           f"kernel that looks for bugs ({suites.DEBUG_KERNEL}), whose reports are "
                           "what counts: what depends on its speed is not judged (processor time, "
                           "interrupts and wake-ups per period, how long something takes), nor "
                           "how much memory it has left")
    made.add_argument("--matrix", action="store_true",
                      help="instead of all these: a short selftest of every kernel of "
                           f"{', '.join(matrix.KERNELS)}, plain and real-time, in every type of "
                           "guest, and a table of them")
    made.add_argument("--arch", choices=("amd64", "arm64"), default="amd64",
                      help="arm64: instead of all these: playback, capture, restarts and attacks on "
                           "an arm64 machine, with the kernels "
                           f"{', '.join(suites.ARM64_KERNELS)} (default: %(default)s)")
    made.add_argument("--rounds", type=int, default=20,
                      help="rounds of insmod, play, unbind, rmmod (default: %(default)s)")
    made.add_argument("--restarts", type=int, default=10,
                      help="restarts of the backend under players, of which each ten are of all "
                           "kinds (default: %(default)s)")
    made.add_argument("--saves", type=int, default=3,
                      help="times a guest with players is saved and restored (default: 3)")
    made.add_argument("--kernel", metavar="NAME",
                      help="run them with this guest kernel, as of scripts/lab, instead of their "
                           "own")
    made.add_argument("--dom0-kernel", metavar="NAME", default="6.1",
                      help="run them with this kernel in Dom0 (default: %(default)s)")
    made.add_argument("--xen", metavar="VERSION",
                      help="run them under this Xen (default: that of scripts/lab)")
    made.add_argument("--type", choices=("pv", "pvh", "hvm"),
                      help="run them in guests of this type instead of their own")
    made.add_argument("--vcpus", type=int, metavar="N",
                      help="run them in guests with so many processors instead of their own")
    made.add_argument("--icount", choices=("0", "1", "2", "3", "off"),
                      help="run them with this --icount of scripts/lab instead of their own; off: "
                           "processors run at once, and nothing can be timed")
    made.add_argument("--attacks", metavar="PATTERN",
                      help="attacks of the hostile backend whose name matches this extended "
                           "regular expression from its start (default: a sample; '.': all)")
    made.add_argument("--backend-options", metavar="OPTIONS", default="",
                      help="further options of the backend, to make it like others in the "
                           "field: see build/backend/xen-sndback --help")
    made.add_argument("--time-limit", type=int, default=600, metavar="SECONDS",
                      help="of its own time after which a machine is given up (default: 600)")
    made.add_argument("--jobs", type=int,
                      default=machines_at_once(os.cpu_count() or 1,
                                               process.read(pathlib.Path("/proc/meminfo"))),
                      help="machines at once (default: one for each processor, as far as each has "
                           "3.5 GiB of free memory: %(default)s)")
    return made


def cpus_for(run: Run, vcpus: int | None) -> int | None:
    """How many processors the machine has when its guests get so many; None: its usual number."""
    if vcpus is None or run.arch == "arm64":
        return run.cpus
    return max(run.cpus or 2, min(vcpus, 4))


def chosen_runs(options: argparse.Namespace) -> list[Run]:
    """Those that the user wants, as the user wants them."""
    there = suites.all_runs(options.rounds, options.attacks, options.restarts, options.saves)
    if options.matrix:
        there = suites.matrix_runs()
    if options.debug:
        there = suites.debug_runs(there, options.restarts)
    elif options.arch == "arm64":
        there = suites.arm64_runs(there)
    names = {run.name for run in there}
    chosen = [run for run in there
              if any(wanted == run.name if wanted in names else wanted in run.name
                     for wanted in options.runs)
              or not options.runs and (options.all or options.list or not run.is_extra)]
    return [dataclasses.replace(run, kernel=options.kernel or run.kernel,
                                type=options.type or run.type, vcpus=options.vcpus or run.vcpus,
                                cpus=cpus_for(run, options.vcpus),
                                icount=options.icount or run.icount,
                                domu_command=f"{suites.UNTIMED} " * (options.icount == "off")
                                + run.domu_command,
                                backend_options=f"{run.backend_options} "
                                                f"{options.backend_options}")
            for run in chosen]


def main(arguments: list[str]) -> int:
    options = parser().parse_args(arguments)
    chosen = chosen_runs(options)
    if options.list:
        print("\n".join(run.name for run in chosen))
        return 0
    if not chosen:
        parser().error(f"no run is called like {' '.join(options.runs)}; see --list")
    built = build.build_directory(options.arch)
    for needed in (built / machine.PROGRAM, built / machine.ACCOUNTANT, built / machine.KSELFTEST):
        if not needed.exists():
            parser().error(f"{needed.relative_to(ROOT)} is missing; "
                           f"'{build.how_to(options.arch)} guest-tests' builds it")
    if any(run.expected_reports for run in chosen) and not machine.PROVOKER.exists():
        parser().error(f"{machine.PROVOKER.relative_to(ROOT)} is missing; make check-debug builds it")

    common = {"arch": options.arch, "dom0_kernel": options.dom0_kernel, "xen": options.xen}
    # Once, not once in each run; a kernel that cannot be had or built for fails its runs alone.
    broken = {kernel: problem for kernel in sorted({run.kernel for run in chosen})
              if (problem := machine.prepare(kernel, common))}
    judgements = judgement.judge_all(
        {run.name: functools.partial(machine.execute, run, options.time_limit, common,
                                     broken.get(run.kernel)) for run in chosen}, options.jobs)
    if options.matrix:
        print("\n".join(matrix.table(judgements)))
    return 0 if judgement.is_good(judgements) else 1
