# SPDX-License-Identifier: GPL-2.0-only
"""What the lab has to find in the logs of guests that make mistakes in their kernel, of those that
provoker.ko can make: all of it and nothing else, or else no report would mean little."""

import json
import re
import shlex
from typing import NamedTuple

from xenfront.errors import ExitStatus
from xenfront.selftests.judgement import Judgement


class Expected(NamedTuple):
    """A report, as summary.json has it, that a mistake leads to."""

    mistake: str
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

EXPECTED = tuple(Expected(*row) for row in (
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


def command() -> str:
    """What all guests run."""
    return shlex.join(["/selftest/provoked.sh", *map(" ".join, GUESTS)])


def compare(judgement: Judgement, status: int, expected: tuple[Expected, ...]) -> None:
    """The reports that a run has left, with the lab's exit status, against those that are expected."""
    if status != ExitStatus.KERNEL_REPORT:
        judgement.failed.append(f"scripts/lab exited with {status}, not with "
                                f"{ExitStatus.KERNEL_REPORT:d} for a kernel report")
        return
    summary = json.loads((judgement.result / "summary.json").read_text())
    # The reports' exit status hides them.
    judgement.failed += summary["problems"]
    left = [(report["kind"], "\n".join(report["lines"])) for report in summary["reports"]]
    for row in expected:
        others = [(kind, text) for kind, text in left
                  if kind != row.kind or not re.search(row.pattern, text, re.DOTALL)]
        judgement.check(f"{row.mistake}: reported as {row.kind}: {row.pattern}",
                        len(others) < len(left))
        left = others
    judgement.failed += [f"not provoked: {kind}: {text}" for kind, text in left]
