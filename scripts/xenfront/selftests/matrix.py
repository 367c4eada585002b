# SPDX-License-Identifier: GPL-2.0-only
"""The matrix: every kernel, plain and real-time, in every type of guest, with its own compiler."""

import re
from typing import Mapping, NamedTuple

from xenfront import process
from xenfront.judgement import Judgement

# The oldest kernel, that of the current Debian, and the newest.
OLDEST, CURRENT, NEWEST = "6.1", "6.12", "trixie-backports"
KERNELS = (OLDEST, CURRENT, NEWEST)
FLAVOURS = ("", "-rt")
TYPES = ("pv", "pvh")
# As PV guests these hang at boot, or soon after it: the first two were seen to without any sound
# driver, the last with the in-tree driver as it does with this one.
UNUSABLE = {("6.1-rt", "pv"), ("6.12-rt", "pv"), ("trixie-backports-rt", "pv")}


class Cell(NamedTuple):
    """A kernel in a type of guest."""

    kernel: str
    guest_type: str

    @property
    def name(self) -> str:
        return f"matrix-{self.kernel}-{self.guest_type}"


def cells() -> list[Cell]:
    return [Cell(f"{kernel}{flavour}", guest_type)
            for kernel in KERNELS for flavour in FLAVOURS for guest_type in TYPES
            if (f"{kernel}{flavour}", guest_type) not in UNUSABLE]


def _built(judgement: Judgement) -> tuple[str, str] | None:
    """The release that has booted, and its compiler, in the words of the guest's kernel log."""
    # Linux version RELEASE (who@where) (gcc-14 (Debian 14.2.0-19) 14.2.0, GNU ld ...) ...
    match = re.search(r"Linux version (\S+) \(\S+\) \((?:x86_64-linux-gnu-)?([^ ]+)",
                      process.read(judgement.result / "domu0/dmesg"))
    return (match[1], match[2]) if match else None


def table(judgements: Mapping[str, Judgement]) -> list[str]:
    """Of what became of cells, by their names: a line for each kernel, a column for each type of
    guest, in Markdown; reasons come below."""
    lines = [f"| kernel | compiler | {' | '.join(TYPES)} |", "|---|---|" + "---|" * len(TYPES)]
    reasons = []
    for kernel in dict.fromkeys(cell.kernel for cell in cells() if cell.name in judgements):
        row = {name: judgements.get(name)
               for name in (Cell(kernel, guest_type).name for guest_type in TYPES)}
        release, compiler = next((built for judgement in row.values()
                                  if judgement and (built := _built(judgement))),
                                 (kernel, "unknown"))
        words = []
        for name, judgement in row.items():
            if name not in {cell.name for cell in cells()}:
                words.append("kernel hangs")
            elif judgement is None:
                words.append("not run")
            elif judgement.failed:
                words.append("FAILED")
                reasons += [f"{name}: {reason}" for reason in judgement.failed]
            else:
                words.append(f"{len(judgement.passed)} passed")
        lines.append(f"| {release} | {compiler} | {' | '.join(words)} |")
    return lines + reasons
