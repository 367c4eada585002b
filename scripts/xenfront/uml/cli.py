# SPDX-License-Identifier: GPL-2.0-only
"""The command line of scripts/uml."""

import argparse

from xenfront import command
from xenfront.command import say
from xenfront.uml import kernel, machine, suite

EPILOG = """\
modes:
  time-travel  one processor, whose time stands still while a process runs and skips what is idle:
               runs are the same every time, however busy this machine is
  smp          two processors

The kernels are built from Debian's linux-source-7.3 once, with KASAN, lockdep and their like, and
kept in the cache of scripts/lab. The driver is built for them unchanged; fake-xen.ko, from
tests/uml/xen, is the Xen it runs on. The guest's files are this machine's, read-only.

examples:
  scripts/uml check                           every suite
  scripts/uml check scenarios                 one of them
  scripts/uml run -- build/uml/guest/scenarios --transcript 'pauses*'
  scripts/uml run --mode smp -- sh -c 'cat /proc/interrupts'
  scripts/uml shell

exit status: 0 all well, 1 a command failed, or the kernel reported something, 2 wrong usage
"""


def _arguments(words: list[str]) -> argparse.Namespace:
    parser = command.parser("Runs the driver in User Mode Linux.", EPILOG)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    mode = argparse.ArgumentParser(add_help=False)
    mode.add_argument("--mode", choices=kernel.MODES, default="time-travel",
                      help="which kernel (default: time-travel)")
    commands.add_parser("build", parents=[mode], help="build a kernel and the modules for it")
    run = commands.add_parser("run", parents=[mode], help="run a command in the guest")
    run.add_argument("--time-limit", type=int, default=300, metavar="SECONDS",
                     help="of real time (default: 300)")
    run.add_argument("--console", action="store_true", help="show the kernel's log as well")
    run.add_argument("words", nargs="+", metavar="WORD", help="the command and its arguments")
    commands.add_parser("shell", parents=[mode], help="a shell in the guest; 'exit' ends it")
    check = commands.add_parser("check", help="run the suites")
    check.add_argument("--all", action="store_true",
                       help="also what 'make check' has no time for")
    check.add_argument("suites", nargs="*", metavar="SUITE",
                       help=f"of {', '.join(suite.SUITES)} (default: all)")
    return parser.parse_args(words)


def _run(arguments: argparse.Namespace) -> int:
    chosen = kernel.prepared(arguments.mode, say)
    run = machine.run(chosen, arguments.words, arguments.time_limit)
    print(run.output, end="")
    if arguments.console or run.status is None:
        print(run.console, end="")
    for report in run.reports:
        print(report)
    return 0 if run.is_good else 1


def main(words: list[str]) -> int:
    """Does what the command line says; the exit status."""
    arguments = _arguments(words)
    if arguments.command == "run":
        return _run(arguments)
    if arguments.command == "check":
        return suite.check(arguments.suites, arguments.all, say)
    chosen = kernel.prepared(arguments.mode, say)
    if arguments.command == "shell":
        return machine.shell(chosen)
    say(f"{chosen.program} and {', '.join(path.name for path in chosen.modules)} are built")
    return 0
