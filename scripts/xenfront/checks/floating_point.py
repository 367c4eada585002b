# SPDX-License-Identifier: GPL-2.0-only
"""Finds instructions that use floating point or vector registers.

The kernel does not save these registers when an interrupt comes, so using them corrupts the
state of whatever process happens to run.
"""

import dataclasses
import pathlib
import re
import shutil
import subprocess
from typing import Iterator

from xenfront import process, toolchain
from xenfront.checks.elf import Object
from xenfront.errors import Failure

# Words that objdump prints in front of the mnemonic.
_X86_PREFIX = (r"(?:(?:[cdefgs]s|lock|rep\w*|notrack|bnd|data16|addr32|rex\S*|xacquire|xrelease|"
               r"\{\w+\})\s+)*")
# All of x87 starts with f and nothing else does, but for the prefix fs.
_X86_MNEMONIC = r"(?:f(?!s\s)\w+|emms|v?(?:ld|st)mxcsr|vzero(?:upper|all)|xsave\w*|xrstor\w*)\b"

# Per machine: programs that can disassemble it, in order of preference, and what shows that an
# instruction touches such a register.
_MACHINES = {
    "x86-64": (("objdump", "x86_64-linux-gnu-objdump"),
               re.compile(rf"^{_X86_PREFIX}{_X86_MNEMONIC}|%(?:[xyzt]mm\d|mm[0-7]|st\b|k[0-7]\b)")),
    "arm64": (("aarch64-linux-gnu-objdump", "llvm-objdump-{llvm}", "objdump"),
              re.compile(r"\b(?:[bhsdqvzp](?:[12]?\d|3[01])(?:\.\w+)?\b|fp[cs]r\b)")),
}

_SECTION_LINE = re.compile(r"Disassembly of section (.*):")
_SYMBOL_LINE = re.compile(r"[0-9a-f]+ <(.*)>:")
_INSTRUCTION_LINE = re.compile(r"\s*([0-9a-f]+):\s+(\S.*)")
# A branch target looks like a register ("d4 <probe+0x4>"), a comment may say anything.
_NO_OPERAND = re.compile(r"(0x)?[0-9a-f]+ <[^>]*>|<[^>]*>|(//|#\s).*")


@dataclasses.dataclass(frozen=True)
class Instruction:
    """One disassembled instruction."""

    section: str
    symbol: str
    address: str
    text: str


def disassemble(binary: Object) -> Iterator[Instruction]:
    """All instructions of the executable sections."""
    program = _disassembler(binary)
    text = process.output([program, "-d", "--no-show-raw-insn", binary.path],
                          f"install one that knows {binary.machine} (binutils)")
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
    return bool(_MACHINES[machine][1].search(_NO_OPERAND.sub("", instruction)))


def _disassembler(binary: Object) -> str:
    candidates = [name.format(llvm=toolchain.version("llvm")) for name in _MACHINES[binary.machine][0]]
    for name in candidates:
        if shutil.which(name) and _knows(name, binary.path):
            return name
    raise Failure(f"{binary.path}: no program here disassembles {binary.machine}; install one of "
                  f"{', '.join(candidates)} (scripts/setup installs binutils)")


def _knows(program: str, path: pathlib.Path) -> bool:
    done = subprocess.run([program, "-f", str(path)], check=False, capture_output=True,
                          text=True, errors="replace")
    return done.returncode == 0 and "UNKNOWN" not in done.stdout
