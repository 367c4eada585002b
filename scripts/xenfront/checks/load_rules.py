# SPDX-License-Identifier: GPL-2.0-only
"""What the kernel's module loader refuses, or takes and gets wrong.

Nothing of it is an error of the compiler, of the link editor or of modpost.
"""

import collections
from typing import Callable, Iterator

from xenfront.checks.module import STT_GNU_IFUNC, Module, Violation

# The relocations that apply_relocate_add() of the architecture knows (elf(5) has no names for
# most), by their numbers in the ABI: first to last of each run of numbers.
_KNOWN_RELOCATIONS = {
    # NONE, 64, PC32; PLT32; 32, 32S; PC64
    "x86-64": ((0, 2), (4, 4), (10, 11), (24, 24)),
    # NONE; ABS and PREL of 16 to 64 bits, MOVW_UABS, MOVW_SABS, LD_PREL and ADR; ADD_ABS, LDST8,
    # TSTBR, CONDBR; JUMP26, CALL26, LDST16 to 64, MOVW_PREL; LDST128
    "arm64": ((0, 0), (256, 280), (282, 293), (299, 299)),
}
_GOT_REMEDY = ("compile with the kernel's flags (-fno-pic, the kernel's code model); give a weak "
               "or preemptible symbol hidden visibility")


def _one_section_of_a_name(module: Module) -> Iterator[Violation]:
    # The loader takes the first of a name, if it looks for one, and sysfs refuses the second.
    counts = collections.Counter(section.name for section in module.sections
                                 if section.allocated and section.size)
    for name, count in counts.items():
        if count > 1:
            yield Violation("sections of one name", f"{count} allocated sections are called "
                            f"{name}: sysfs refuses the second one, and insmod says File exists",
                            "link with --force-group-allocation, as Kbuild does where the link "
                            "editor knows it")


def _relocations(module: Module) -> Iterator[Violation]:
    known = _KNOWN_RELOCATIONS[module.machine]
    found: dict[tuple[int, str], list[str]] = {}
    for relocation in module.relocations:
        if not any(first <= relocation.kind <= last for first, last in known):
            found.setdefault((relocation.kind, relocation.target.name), []).append(
                relocation.symbol.name or "no symbol")
    for (kind, section), symbols in found.items():
        more = f" and {len(symbols) - 1} more" if len(symbols) > 1 else ""
        yield Violation("relocation", f"type {kind} in {section}, to {symbols[0]}{more}: the "
                        f"module loader of {module.machine} does not know it", _GOT_REMEDY)


def _writable_code(module: Module) -> Iterator[Violation]:
    for section in module.sections:
        if section.allocated and section.writable and section.executable:
            yield Violation("writable code", f"section {section.name} of {section.size} bytes is "
                            "writable and executable: the module loader refuses it",
                            "keep code and data in sections of their own; no nested functions")


def _common(module: Module) -> Iterator[Violation]:
    for symbol in module.symbols:
        if symbol.index == "SHN_COMMON":
            yield Violation("common symbol", f"{symbol.name} of {symbol.size} bytes in COMMON: the "
                            "module loader refuses it",
                            "define it in one file only, compiled with -fno-common, or make it "
                            "static")


def _indirect_functions(module: Module) -> Iterator[Violation]:
    for symbol in module.symbols:
        if symbol.kind == STT_GNU_IFUNC:
            yield Violation("indirect function", f"{symbol.name}: callers would call what chooses "
                            "between its versions, as the module loader does not",
                            "use neither target_clones nor ifunc")


def _symbol_tables(module: Module) -> Iterator[Violation]:
    tables = sum(section.kind == "SHT_SYMTAB" for section in module.sections)
    if tables != 1:
        yield Violation("symbol table", f"{tables} symbol tables: the module loader wants one",
                        "link the module with ld -r and do not strip it of its symbols")


LOAD_RULES: tuple[Callable[[Module], Iterator[Violation]], ...] = (
    _one_section_of_a_name, _relocations, _writable_code, _common, _indirect_functions,
    _symbol_tables)
