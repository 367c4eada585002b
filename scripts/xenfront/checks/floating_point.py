# SPDX-License-Identifier: GPL-2.0-only
"""Finds instructions that use floating point or vector registers.

The kernel does not save these registers when an interrupt comes, so using them corrupts the
state of whatever process happens to run.
"""

import re
from typing import Iterator, NamedTuple

from xenfront import process, toolchain
from xenfront.checks.module import Module

# Words that a disassembler prints in front of the mnemonic.
_X86_PREFIX = (r"(?:(?:[cdefgs]s|lock|rep\w*|notrack|bnd|data16|addr32|rex\S*|xacquire|xrelease|"
               r"\{\w+\})\s+)*")
# All of x87 starts with f and nothing else does, but for the prefix fs; LLVM says wait for fwait.
_X86_MNEMONIC = r"(?:f(?!s\s)\w+|wait|emms|v?(?:ld|st)mxcsr|vzero(?:upper|all)|xsave\w*|xrstor\w*)\b"

# What shows that an instruction touches such a register.
_REGISTERS = {
    "x86-64": re.compile(rf"^{_X86_PREFIX}{_X86_MNEMONIC}|%(?:[xyzt]mm\d|mm[0-7]|st\b|k[0-7]\b)"),
    "arm64": re.compile(r"\b(?:[bhsdqvzp](?:[12]?\d|3[01])(?:\.\w+)?\b|fp[cs]r\b)"),
}

_SECTION_LINE = re.compile(r"Disassembly of section (.*):")
_SYMBOL_LINE = re.compile(r"[0-9a-f]+ <(.*)>:")
_INSTRUCTION_LINE = re.compile(r"\s*([0-9a-f]+):\s+(\S.*)")
# A branch target looks like a register ("d4 <probe+0x4>"), a comment may say anything.
_NO_OPERAND = re.compile(r"(0x)?[0-9a-f]+ <[^>]*>|<[^>]*>|(//|#\s).*")


class Instruction(NamedTuple):
    """One disassembled instruction."""

    section: str
    symbol: str
    address: str
    text: str


def disassemble(module: Module) -> Iterator[Instruction]:
    """All instructions of the executable sections."""
    text = process.output([f"llvm-objdump-{toolchain.version('llvm')}", "-d", "--no-show-raw-insn",
                           module.path])
    section = symbol = ""
    for line in text.splitlines():
        if match := _SECTION_LINE.fullmatch(line):
            section, symbol = match[1], ""
        elif match := _SYMBOL_LINE.fullmatch(line):
            symbol = match[1]
        elif match := _INSTRUCTION_LINE.fullmatch(line):
            yield Instruction(section, symbol, match[1], " ".join(match[2].split()))


def uses_floating_point(machine: str, instruction: str) -> bool:
    """Whether the text of an instruction has to do with floating point or vectors."""
    return bool(_REGISTERS[machine].search(_NO_OPERAND.sub("", instruction)))
