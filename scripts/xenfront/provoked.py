# SPDX-License-Identifier: GPL-2.0-only
"""What has to be found in the logs of kernels that make mistakes, of those that provoker.ko can
make, in guests of the lab and in User Mode Linux: all of it and nothing else, or else no report
would mean little."""

import json
import re
import shlex
from typing import Iterable, NamedTuple

from xenfront.errors import ExitStatus
from xenfront.judgement import Judgement


class Expected(NamedTuple):
    """A report that a mistake leads to."""

    mistake: str
    # As lab/reports.py calls it; empty: any.
    kind: str
    # What is in its lines, whatever stands between.
    pattern: str


# What each guest does, in this order: lockdep is off after a deadlock and after what corrupts memory,
# the kernel looks for no hung tasks after an oops, and kmemleak spares what is younger than five seconds.
GUESTS = (
    ("rcu", "lock-order", "atomic-sleep", "preemptible", "bounds", "shift", "list", "active-timer",
     "leak", "overrun", "write-freed", "read-freed", "hang", "freed-page"),
    ("lock-interrupt",),
)

IN_GUESTS = tuple(Expected(*row) for row in (
    ("rcu", "WARN", r"suspicious RCU usage.*provoker\.c"),
    ("lock-order", "WARN", r"possible circular locking .*provoked_lock.*provoked_inner"),
    ("atomic-sleep", "BUG", r"sleeping function called from invalid context at .*provoker\.c"),
    ("preemptible", "BUG", r"using smp_processor_id\(\) in preemptible .* code: insmod"),
    ("bounds", "memory", r"UBSAN: array-index-out-of-bounds in .*provoker\.c"),
    ("shift", "memory", r"UBSAN: shift-out-of-bounds in .*provoker\.c"),
    ("list", "WARN", r"list_del corruption"),
    ("active-timer", "WARN", r"ODEBUG: free active .*provoked_timeout"),
    ("leak", "memory leak", r"unreferenced object .* provoked: leaked"),
    ("leak", "memory", r"kmemleak: \d new suspected memory leaks"),
    ("overrun", "BUG", r"BUG provoked .*Right Redzone overwritten"),
    # The object is not freed then.
    ("overrun", "BUG", r"BUG provoked .*Objects remaining in provoked"),
    ("overrun", "WARN", r"Slab cache still has objects"),
    ("write-freed", "BUG", r"BUG provoked .*Poison overwritten"),
    ("read-freed", "BUG", r"KFENCE: use-after-free read in read_freed"),
    ("hang", "hung task", r"task insmod:\d+ blocked for more than"),
    ("freed-page", "oops", r"unable to handle page fault .*Comm: provoked"),
    ("lock-interrupt", "WARN", r"inconsistent lock state.*IN-HARDIRQ.*provoked_interrupt"),
))

# In User Mode Linux, whose kernels have KASAN, all by one guest in this order.
IN_UML = tuple(Expected(mistake, "", pattern) for mistake, pattern in (
    ("rcu", r"suspicious RCU usage"),
    ("lock-order", r"possible circular locking"),
    ("atomic-sleep", r"sleeping function called from invalid context"),
    ("bounds", r"UBSAN: array-index-out-of-bounds"),
    ("shift", r"UBSAN: shift-out-of-bounds"),
    ("list", r"list_del corruption"),
    ("active-timer", r"ODEBUG: free active"),
    ("overrun", r"KASAN: slab-out-of-bounds in write_beyond"),
    ("write-freed", r"KASAN: slab-use-after-free in write_freed"),
    ("read-freed", r"KASAN: slab-use-after-free in read_freed"),
    ("freed-page", r"KASAN: use-after-free in read_freed_page"),
    ("global-overrun", r"KASAN: global-out-of-bounds in provoke_global_overrun"),
    ("stack-overrun", r"KASAN: stack-out-of-bounds in provoke_stack_overrun"),
    ("leak", r"unreferenced object.*provoked: leaked"),
))
# What else may be said about them there.
CONSEQUENCES = (r"kmemleak: \d new suspected memory leaks",)


def for_guests() -> str:
    """What all guests run."""
    return shlex.join(["/selftest/provoked.sh", *map(" ".join, GUESTS)])


def for_uml(module: str) -> tuple[str, ...]:
    """What makes one mistake after the other in User Mode Linux."""
    lines = [f"insmod {module} mistake={row.mistake}; rmmod provoker" for row in IN_UML]
    return ("sh", "-c", "; ".join(lines))


def compare(judgement: Judgement, reports: Iterable[tuple[str, str]],
            expected: tuple[Expected, ...], consequences: tuple[str, ...] = ()) -> None:
    """The reports that there are, by kind and text, against those that are expected."""
    left = list(reports)
    for row in expected:
        others = [(kind, text) for kind, text in left
                  if kind != (row.kind or kind) or not re.search(row.pattern, text, re.DOTALL)]
        kind = f" as {row.kind}" if row.kind else ""
        judgement.check(f"{row.mistake}: reported{kind}: {row.pattern}", len(others) < len(left))
        left = others
    judgement.fail(*(f"not provoked: {kind}: {text}" for kind, text in left
                     if not any(re.search(pattern, text) for pattern in consequences)))


def compare_run(judgement: Judgement, status: int, expected: tuple[Expected, ...]) -> None:
    """Those that a run of the lab has left, which has ended with this exit status."""
    if status != ExitStatus.KERNEL_REPORT:
        judgement.fail(f"scripts/lab exited with {status}, not with "
                       f"{ExitStatus.KERNEL_REPORT:d} for a kernel report")
        return
    summary = json.loads((judgement.result / "summary.json").read_text())
    # The reports' exit status hides them.
    judgement.fail(*summary["problems"])
    compare(judgement, ((report["kind"], "\n".join(report["lines"]))
                        for report in summary["reports"]), expected)
