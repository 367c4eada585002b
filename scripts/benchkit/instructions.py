# SPDX-License-Identifier: GPL-2.0-only
"""What a period costs in instructions, function by function: tests/bench/counter.c counts them."""

import bisect
import collections
import dataclasses
import pathlib
import subprocess
from typing import Iterable

from . import plan
from .errors import BenchError
from .workload import PLAY, RECORD, Workload

# Steps of a run in which QEMU counts: it is slower then, but what is executed is the same.
STEPS = [plan.Step(Workload(direction, seconds=1.0), driver, plan.TOGETHER, 1)
         for driver in (plan.IN_TREE, plan.OURS) for direction in (PLAY, RECORD)]

DRIVER = "snd_xen_front"
_ALSA = ("snd", "snd_pcm", "snd_timer")
_PAGE = 12

# By address: name and module.
Symbols = list[tuple[int, str, str]]
# Address, address in the host, and instructions.
Block = tuple[int, int, int]


@dataclasses.dataclass(frozen=True)
class Cost:
    """Instructions of one period."""

    functions: dict[str, float]  # of the driver, by name
    alsa: float  # all that ALSA's core does

    @property
    def driver(self) -> float:
        """All functions of it."""
        return sum(self.functions.values())

    @property
    def sound(self) -> float:
        """The driver's and ALSA's."""
        return self.driver + self.alsa


Costs = dict[tuple[str, str], Cost]  # by driver and name of the workload


def read_counts(lines: Iterable[str]) -> list[list[Block]]:
    """What was executed before each mark, since the one before."""
    parts: list[list[Block]] = []
    for line in lines:
        if line.startswith("mark"):
            parts.append([])
            continue
        address, host, count = line.split()
        parts[-1].append((int(address, 16), int(host, 16), int(count)))
    return parts


def read_symbols(lines: Iterable[str]) -> Symbols:
    """Of the modules that are named."""
    return sorted((int(address, 16), name, module.strip("[]"))
                  for address, name, module in map(str.split, lines))


def by_function(blocks: Iterable[Block], symbols: Symbols) -> dict[tuple[str, str], int]:
    """Instructions by module and function. Both domains have modules, maybe at the same addresses:
    a page of code that stands for two in the machine's memory is an error."""
    addresses = [address for address, _, _ in symbols]
    found: collections.Counter[tuple[str, str]] = collections.Counter()
    pages: dict[int, int] = {}
    for address, host, count in blocks:
        at = bisect.bisect_right(addresses, address) - 1
        if at < 0 or symbols[at][2] not in (DRIVER, *_ALSA):
            continue
        if pages.setdefault(address >> _PAGE, host >> _PAGE) != host >> _PAGE:
            raise BenchError(f"instructions at {address:#x} are executed by more than one domain; "
                             "they cannot be told apart")
        found[symbols[at][2], symbols[at][1]] += count
    return dict(found)


def _demangled(names: list[str]) -> list[str]:
    """Without parameters, and without our namespace."""
    answer = subprocess.run(["c++filt", "-p"], input="\n".join(names), check=True, text=True,
                            stdout=subprocess.PIPE).stdout
    return [name.replace("xen_front::", "") for name in answer.splitlines()]


def _cost(blocks: list[Block], symbols: Symbols, periods: float) -> Cost:
    counted = by_function(blocks, symbols)
    own = {name: count for (module, name), count in counted.items() if module == DRIVER}
    # Several instances of a template have one name.
    functions: collections.Counter[str] = collections.Counter()
    for name, count in zip(_demangled(list(own)), own.values()):
        functions[name] += count
    return Cost({name: count / periods for name, count in functions.most_common()},
                sum(count for (module, _), count in counted.items() if module in _ALSA) / periods)


def collect(directory: pathlib.Path, counts: pathlib.Path, steps: list[plan.Step]) -> Costs:
    """From the run in `directory`, which has done `steps`. Each marks its begin and its end."""
    try:
        with open(counts, encoding="utf-8") as lines:
            parts = read_counts(lines)
        files = directory / "domu0" / "files"
        symbols = {driver: read_symbols((files / f"symbols.{driver}").read_text("utf-8").splitlines())
                   for driver in {step.driver for step in steps}}
    except (OSError, ValueError) as failure:
        raise BenchError(f"{counts}, {directory}: the counted instructions cannot be read "
                         f"({failure})") from failure
    if len(parts) != 2 * len(steps):
        raise BenchError(f"{counts}: has {len(parts)} marks instead of {2 * len(steps)}; a step "
                         f"failed, see {directory / 'domu0' / 'files' / 'results.jsonl'}")
    costs = {}
    for step, blocks in zip(steps, parts[1::2]):
        work = step.workload
        costs[step.driver, work.name] = _cost(blocks, symbols[step.driver],
                                              work.seconds * work.rate / work.period)
    return costs


def remarks(costs: Costs) -> list[str]:
    """How little of a period's cost is the driver's own."""
    lines = []
    for direction, what in ((PLAY, "playback"), (RECORD, "capture")):
        name = Workload(direction).name
        if (plan.OURS, name) not in costs or (plan.IN_TREE, name) not in costs:
            continue
        ours, theirs = costs[plan.OURS, name], costs[plan.IN_TREE, name]
        lines.append(
            f"a period of {what} executes {ours.driver:.0f} instructions of this driver and "
            f"{ours.alsa:.0f} of ALSA's core (in-tree {theirs.driver:.0f} and {theirs.alsa:.0f}), at "
            f"{1 << plan.ICOUNT} ns each {ours.sound * (1 << plan.ICOUNT) / 1000:.1f} "
            "us; all else of the guest's time is interrupts, wake-ups and system calls of the "
            "kernel, and the hypervisor")
    return lines


def largest(costs: Costs, count: int = 16) -> list[tuple[str, str, str]]:
    """The functions of this driver with most instructions in a period: playback, capture."""
    play, record = (costs.get((plan.OURS, Workload(direction).name))
                    for direction in (PLAY, RECORD))
    if play is None or record is None:
        return []
    names = sorted({*play.functions, *record.functions},
                   key=lambda name: -play.functions.get(name, 0) - record.functions.get(name, 0))
    return [(name, *(f"{cost.functions.get(name, 0):.0f}" for cost in (play, record)))
            for name in names[:count]]
