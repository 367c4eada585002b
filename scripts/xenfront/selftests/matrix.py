# SPDX-License-Identifier: GPL-2.0-only
"""The matrix: every kernel, plain and real-time, in every type of guest, with its own compiler."""

import re
from typing import Iterable, NamedTuple

# The oldest kernel, that of the current Debian, and the newest.
OLDEST, CURRENT, NEWEST = "6.1", "6.12", "trixie-backports"
KERNELS = (OLDEST, CURRENT, NEWEST)
FLAVOURS = ("", "-rt")
TYPES = ("pv", "pvh")


class Cell(NamedTuple):
    """A kernel in a type of guest."""

    kernel: str
    guest_type: str

    @property
    def name(self) -> str:
        return f"matrix-{self.kernel}-{self.guest_type}"


def cells() -> list[Cell]:
    return [Cell(f"{kernel}{flavour}", guest_type)
            for kernel in KERNELS for flavour in FLAVOURS for guest_type in TYPES]


class Result(NamedTuple):
    """What became of a cell: the release that booted, its compiler, and what failed."""

    cell: Cell
    release: str
    compiler: str
    passed: int
    failed: list[str]


def result(cell: Cell, log: str, passed: int, failed: list[str]) -> Result:
    """A result, with what the guest's kernel log says of that kernel."""
    # Linux version RELEASE (who@where) (gcc-14 (Debian 14.2.0-19) 14.2.0, GNU ld ...) ...
    match = re.search(r"Linux version (\S+) \(\S+\) \(([^ ]+)", log)
    release, compiler = match.groups() if match else ("", "")
    return Result(cell, release, compiler.removeprefix("x86_64-linux-gnu-"), passed, failed)


def table(results: Iterable[Result]) -> list[str]:
    """A line for each kernel, a column for each type of guest, in Markdown; reasons come below."""
    by_cell = {result.cell: result for result in results}
    lines = [f"| kernel | compiler | {' | '.join(TYPES)} |", "|---|---|" + "---|" * len(TYPES)]
    reasons = []
    for kernel in dict.fromkeys(cell.kernel for cell in by_cell):
        row = [by_cell.get(Cell(kernel, guest_type)) for guest_type in TYPES]
        known = next((result for result in row if result and result.release), None)
        words = []
        for result in row:
            if result is None:
                words.append("not run")
            elif result.failed:
                words.append("FAILED")
                reasons += [f"{result.cell.name}: {reason}" for reason in result.failed]
            else:
                words.append(f"{result.passed} passed")
        lines.append(f"| {known.release if known else kernel} | "
                     f"{known.compiler if known else 'unknown'} | {' | '.join(words)} |")
    return lines + reasons
