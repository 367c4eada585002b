# SPDX-License-Identifier: GPL-2.0-only
"""What a period costs in instructions, function by function: tests/bench/counter.c counts them."""

import bisect
import collections
import dataclasses
import pathlib
from typing import Callable, Iterable

from xenfront import process
from xenfront.bench import plan
from xenfront.bench.workload import PING, PLAY, RECORD, Workload
from xenfront.errors import Failure, explained

_BARE = Workload(PING, seconds=1.0)
# Steps of a run in which QEMU counts what the guest's processor executes: it is slower then, but that
# is the same.
STEPS = [*(plan.Step(Workload(direction, seconds=1.0), driver, plan.APART, 1)
           for driver in (plan.IN_TREE, plan.OURS) for direction in (PLAY, RECORD)),
         plan.Step(_BARE, plan.NONE, plan.APART, 1)]

DRIVER = "snd_xen_front"
_ALSA = ("snd", "snd_pcm", "snd_timer")
# Who executes code at an address on x86-64, by where it begins.
_PROGRAMS, _HYPERVISOR, _KERNEL = "programs", "hypervisor", "kernel"
_REGIONS = ((0, _PROGRAMS), (0xffff82d000000000, _HYPERVISOR), (0xffff830000000000, _KERNEL))

# By address: name and module.
Symbols = list[tuple[int, str, str]]
# Address, and instructions.
Block = tuple[int, int]


@dataclasses.dataclass(frozen=True)
class Cost:
    """Instructions of one period."""

    functions: dict[str, float]  # of the driver, by name
    alsa: float  # all that ALSA's core does
    kernel: float = 0  # what else of the guest's kernel
    hypervisor: float = 0
    programs: float = 0  # the player

    @property
    def driver(self) -> float:
        """All functions of it."""
        return sum(self.functions.values())

    @property
    def sound(self) -> float:
        """The driver's and ALSA's."""
        return self.driver + self.alsa

    @property
    def whole(self) -> float:
        """Everything."""
        return self.sound + self.kernel + self.hypervisor + self.programs


Costs = dict[tuple[str, str], Cost]  # by driver and name of the workload


def read_counts(lines: Iterable[str]) -> list[list[Block]]:
    """What was executed before each mark, since the one before."""
    parts: list[list[Block]] = []
    for line in lines:
        if line.startswith("mark"):
            parts.append([])
            continue
        address, count = line.split()
        parts[-1].append((int(address, 16), int(count)))
    return parts


def read_symbols(lines: Iterable[str]) -> Symbols:
    """Of all modules: what follows the symbols of one is not its own."""
    return sorted((int(address, 16), name, module.strip("[]"))
                  for address, name, module in map(str.split, lines))


def by_function(blocks: Iterable[Block], symbols: Symbols) -> dict[tuple[str, str], int]:
    """Instructions by module and function. For those of no module of `symbols` the module is that of
    _REGIONS, and there is no function."""
    addresses = [address for address, _, _ in symbols]
    begins = [begin for begin, _ in _REGIONS]
    found: collections.Counter[tuple[str, str]] = collections.Counter()
    for address, count in blocks:
        at = bisect.bisect_right(addresses, address) - 1
        if at >= 0 and symbols[at][2] in (DRIVER, *_ALSA):
            found[symbols[at][2], symbols[at][1]] += count
        else:
            found[_REGIONS[bisect.bisect_right(begins, address) - 1][1], ""] += count
    return dict(found)


def _demangled(names: list[str]) -> list[str]:
    """Without parameters, and without our namespace."""
    answer = process.output(["c++filt", "-p"], input="\n".join(names))
    return [name.replace("xen_front::", "") for name in answer.splitlines()]


def _cost(blocks: list[Block], symbols: Symbols, periods: float) -> Cost:
    counted = by_function(blocks, symbols)
    own = {name: count for (module, name), count in counted.items() if module == DRIVER}
    # Several instances of a template have one name.
    functions: collections.Counter[str] = collections.Counter()
    for name, count in zip(_demangled(list(own)), own.values()):
        functions[name] += count
    return Cost({name: count / periods for name, count in functions.most_common()},
                sum(count for (module, _), count in counted.items() if module in _ALSA) / periods,
                *(counted.get((region, ""), 0) / periods
                  for region in (_KERNEL, _HYPERVISOR, _PROGRAMS)))


def collect(directory: pathlib.Path, counts: pathlib.Path, steps: list[plan.Step]) -> Costs:
    """From the run in `directory`, which has done `steps`. Each marks its begin and its end."""
    with explained(f"{counts}, {directory}", "measure again, without --evaluate",
                   "the counted instructions cannot be read"):
        with open(counts, encoding="utf-8") as lines:
            parts = read_counts(lines)
        files = directory / "domu0" / "files"
        symbols = {driver: read_symbols((files / f"symbols.{driver}").read_text("utf-8").splitlines())
                   for driver in {step.driver for step in steps}}
    if len(parts) != 2 * len(steps):
        raise Failure(f"{counts}: has {len(parts)} marks instead of {2 * len(steps)}; a step "
                      f"failed, see {directory / 'domu0' / 'files' / 'results.jsonl'}; measure again, "
                      "without --evaluate")
    costs = {}
    for step, blocks in zip(steps, parts[1::2]):
        work = step.workload
        costs[step.driver, work.name] = _cost(blocks, symbols[step.driver],
                                              work.seconds * work.rate / work.period)
    return costs


def _found(costs: Costs, direction: str) -> tuple[Cost, Cost, Cost] | None:
    """Of the in-tree driver, this one, and a process that is only woken."""
    name = Workload(direction).name
    keys = ((plan.IN_TREE, name), (plan.OURS, name), (plan.NONE, _BARE.name))
    if not all(key in costs for key in keys):
        return None
    theirs, ours, bare = (costs[key] for key in keys)
    return theirs, ours, bare


def remarks(costs: Costs) -> list[str]:
    """How little of a period's cost is the driver's own."""
    lines = []
    for direction, what in ((PLAY, "playback"), (RECORD, "capture")):
        if (found := _found(costs, direction)) is None:
            continue
        theirs, ours, bare = found
        lines.append(
            f"a period of {what} executes {ours.whole:.0f} instructions on the guest's processor, "
            f"{ours.whole / theirs.whole:.2f} of those with the in-tree driver; {bare.whole:.0f} are "
            "executed when an event channel wakes a process, without any driver; "
            f"{ours.driver:.0f} are this driver's, at {1 << plan.ICOUNT} ns each "
            f"{ours.driver * (1 << plan.ICOUNT) / 1000:.1f} us")
    return lines


def shares(costs: Costs) -> list[tuple[str, str, str, str]]:
    """Who executes the instructions of a period of playback: title, with the in-tree driver, with
    this one, and of a process that is only woken."""
    if (found := _found(costs, PLAY)) is None:
        return []
    rows: tuple[tuple[str, Callable[[Cost], float]], ...] = (
        ("the driver", lambda cost: cost.driver), ("ALSA's core", lambda cost: cost.alsa),
        ("the rest of the guest's kernel", lambda cost: cost.kernel),
        ("the hypervisor, for the guest", lambda cost: cost.hypervisor),
        ("the player", lambda cost: cost.programs), ("all", lambda cost: cost.whole))
    theirs, ours, bare = found
    return [(title, f"{of(theirs):.0f}", f"{of(ours):.0f}", f"{of(bare):.0f}")
            for title, of in rows]


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
