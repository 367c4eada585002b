# SPDX-License-Identifier: GPL-2.0-only
"""Finds kernel reports (panic, oops, WARN, BUG, lockdep, leaks, any call trace ...) in the logs of a run.

Only lines that a kernel printed count: Linux's are recognised by their time stamp (the lab boots
every kernel with printk.time=1), Xen's by "(XEN)".
"""

import dataclasses
import re
from typing import Iterable

_TRACE = "call trace"

# One row per kind of report: its name and what its first line contains.
LINUX_REPORTS = tuple((name, re.compile(pattern)) for name, pattern in (
    ("panic", r"Kernel panic - not syncing|sysrq: Trigger a crash"),
    # A process that crashes is no report: "traps: NAME[PID] general protection fault".
    ("oops", r"\bOops\b|^(?!traps: ).*general protection fault|unable to handle|stack guard page was hit|"
             r"double fault|traps: PANIC|segfault at .* in kernel|invalid opcode: 0000"),
    ("BUG", r"\bBUG\b[: ]|kernel BUG at|Bad page (state|map)|scheduling while atomic|"
            r"sleeping function called from invalid context|list_(add|del) corruption|"
            r"Object already free|Redzone overwritten|Poison overwritten"),
    ("WARN", r"WARNING:|-+\[ cut here \]-+"),
    ("lockdep", r"possible circular locking|possible recursive locking|inconsistent lock state|"
                r"irq lock inversion|-unsafe lock order|suspicious RCU usage|bad unlock balance|"
                r"held lock freed|Invalid wait context|lock held when returning|"
                r"DEBUG_LOCKS_WARN_ON|trying to register non-static key"),
    ("hung task", r"blocked for more than \d+ seconds|soft lockup|hard LOCKUP|"
                  r"rcu: INFO: .* (stall|detected)|self-detected stall|watchdog: BUG"),
    ("memory", r"KASAN:|KFENCE:|KMSAN:|KCSAN:|UBSAN:|kmemleak: \d+ new suspected|"
               r"refcount_t:|ODEBUG:|slub?: .*(corrupt|not freed)|Objects remaining in"),
    ("crash of a process in the kernel's view", r"Attempted to kill init"),
    ("grants and event channels", r"g\.e\. (0x)?[0-9a-f]+ still|freeing event channel|"
                                  r"freeing g\.e\.|unmapping .* failed.*grant"),
    ("sysfs", r"sysfs: cannot create duplicate filename"),
    # Whatever the kernel prints one for, such as an allocation that failed.
    (_TRACE, r"^Call [Tt]race:"),
))

XEN_REPORTS = tuple((name, re.compile(pattern)) for name, pattern in (
    ("hypervisor panic", r"Panic on CPU \d+|Xen BUG at|Assertion '.*' failed|FATAL (PAGE FAULT|"
                         r"TRAP)|Xen WARN at|Hardware Dom0 crashed|Watchdog timer fired"),
    ("domain crash", r"domain_crash|Domain \d+ \(vcpu#\d+\) crashed|Domain \d+ crashed"),
))

_LINUX_LINE = re.compile(r"\[ *(\d+\.\d{6})\](?:\[ *(?P<caller>[TC]\d+)\])? ?(.*)")
_XEN_LINE = re.compile(r"\(XEN\) (?:\[[^]]*\] )?(.*)")

# The second line of an oops that looks like a first one; 6.12 says "Oops" twice.
_CONTINUATION = re.compile(r"(Oops: )?(Oops|double fault): [0-9a-f]{4} \[#")

# Between the first line of a report and its call trace; lockdep's are long.
_LINES_TO_TRACE = 150
# dump_stack() says this before a call trace, and what the matter is before this.
_WHO = re.compile(r"CPU: \d+ .*(PID|UID): ")

# How many lines of a report go into a message.
_EXCERPT_LINES = 14


@dataclasses.dataclass(frozen=True)
class Report:
    """One kernel report."""

    log: str
    kind: str
    lines: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.kind} in {self.log}:\n" + "\n".join(f"    {line}" for line in self.lines)


def scan(log: str, text: str, allowed: Iterable[re.Pattern[str]] = (),
         seen: set[str] | None = None) -> list[Report]:
    """The reports in `text`, the content of the log file called `log`.

    A report whose first lines match one of `allowed` is left out. `seen` carries what was found
    in another log of the same kernel (dmesg and console tell the same story).
    """
    known = set() if seen is None else seen
    lines = _by_caller(text.replace("\r", "").split("\n"))
    starts = _starts(lines)
    found = []
    for (index, kind), (following, _) in zip(starts, [*starts[1:], (len(lines), "")]):
        excerpt = tuple(lines[index:min(following, index + _EXCERPT_LINES)])
        # Where the same report is in two logs, other output may stand between its lines.
        identity = _message(excerpt[0])
        if "cut here" in identity:
            about = [part for part in excerpt[1:] if _LINUX_LINE.search(part)]
            identity += _message(about[0]) if about else ""
        # One that is allowed does not stand for others that begin alike.
        if any(pattern.search("\n".join(excerpt[:6])) for pattern in allowed):
            continue
        if identity in known:
            continue
        known.add(identity)
        found.append(Report(log, kind, tuple(part for part in excerpt if part)))
    return found


def leaks(log: str, text: str, allowed: Iterable[re.Pattern[str]] = ()) -> list[Report]:
    """A report for each leak that kmemleak lists, or for what it says instead."""
    return [Report(log, "memory leak", tuple(leak.splitlines()[:_EXCERPT_LINES]))
            for leak in re.split(r"^(?=unreferenced object)", text, flags=re.MULTILINE)
            if leak.strip() and not any(pattern.search(leak) for pattern in allowed)]


def _by_caller(lines: list[str]) -> list[str]:
    """The lines of each thread or processor together, if the kernel says which one printed them:
    those of reports on two processors stand between each other."""
    callers: dict[str | None, list[str]] = {}
    caller = None
    for line in lines:
        if match := _LINUX_LINE.search(line):
            caller = match["caller"]
        callers.setdefault(caller, []).append(line)
    return [line for printed in callers.values() for line in printed]


def _starts(lines: list[str]) -> list[tuple[int, str]]:
    """Where in `lines` a report begins, and of which kind it is.

    Reports may follow each other closely, and few of them have an end mark: what looks like the
    first line of one is, but for what is known to belong to the one before.
    """
    starts: list[tuple[int, str]] = []
    end = 0
    is_cut = False
    traced = -1
    for index, line in enumerate(lines):
        kind, message = _classify(line)
        if kind == _TRACE:
            # The first one after the beginning of a report is its own.
            owner = starts[-1][0] if starts else None
            is_owned = owner is not None and traced < owner and index <= owner + _LINES_TO_TRACE
            traced = index
            if is_owned or is_cut and index < end:
                continue
            index = _beginning_of_trace(lines, index)
        elif kind is None or index < end and (is_cut or _CONTINUATION.match(message)):
            continue
        starts.append((index, kind))
        # "cut here" is followed by what it is about, and that by a backtrace: one report.
        is_cut = "[ cut here ]" in message
        end = index + _report_length(lines, index)
    return starts


def _beginning_of_trace(lines: list[str], start: int) -> int:
    """Where it says what the call trace in line `start`, which belongs to no report, is about."""
    above = [index for index in range(max(0, start - 8), start) if _LINUX_LINE.search(lines[index])]
    for before, index in zip(above, above[1:]):
        if _WHO.match(_message(lines[index])):
            return before
    return start


def _message(line: str) -> str:
    match = _LINUX_LINE.search(line) or _XEN_LINE.search(line)
    return match[match.lastindex or 0] if match else line


def _classify(line: str) -> tuple[str | None, str]:
    for line_pattern, table in ((_LINUX_LINE, LINUX_REPORTS), (_XEN_LINE, XEN_REPORTS)):
        if match := line_pattern.search(line):
            message = match[match.lastindex or 0]
            for kind, pattern in table:
                if pattern.search(message):
                    return kind, message
    return None, line


def _report_length(lines: list[str], start: int) -> int:
    """How many lines from `start` on belong to the same report, up to its end mark."""
    for count in range(1, 120):
        if start + count >= len(lines):
            return count
        message = _message(lines[start + count])
        if "---[ end" in message:
            return count + 1
        if count > 3 and "[ cut here ]" in message:
            return count
    # No end mark: a single line, such as a hung task's or a leak's.
    return 3
