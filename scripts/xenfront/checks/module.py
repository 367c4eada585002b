# SPDX-License-Identifier: GPL-2.0-only
"""A module that is checked, the kernel it is for, and what can be wrong with it."""

import dataclasses
import pathlib

from xenfront.checks import elf


@dataclasses.dataclass(frozen=True)
class Violation:
    """Something that must not be there: which rule, where and what, and what to do about it."""

    rule: str
    what: str
    remedy: str


@dataclasses.dataclass
class Module:
    """A module and the kernel it is for."""

    binary: elf.Object
    # What the kernel and its modules export.
    exports: frozenset[str]
    symvers: pathlib.Path
    # The kernel's own C code has .eh_frame (arm64 with CONFIG_UNWIND_TABLES).
    kernel_has_unwind_tables: bool
    # It calls what the compiler adds to each object for KASAN or gcov (CONFIG_CONSTRUCTORS).
    kernel_runs_constructors: bool
    # How many there are, once they have been looked at.
    instructions: int = 0

    def users(self, name: str) -> str:
        places = self.binary.uses.get(name, [])
        more = f" and {len(places) - 3} more" if len(places) > 3 else ""
        return f"used by {', '.join(places[:3])}{more}" if places else "used by no code"
