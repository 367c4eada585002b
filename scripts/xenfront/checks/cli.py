# SPDX-License-Identifier: GPL-2.0-only
"""The command line of scripts/check-object."""

import pathlib
import re
import sys

from xenfront import command, process
from xenfront.checks import object_rules
from xenfront.checks.module import Module, Violation

DESCRIPTION = """\
Rejects kernel modules with something that a C++ compiler brings along and a kernel has no use for:

  static constructors and destructors    .init_array, .ctors, .fini_array: the kernel never runs them
  the C++ run-time library               __cxa_*, atexit, guard variables, type information,
                                         exceptions, unwind tables, global operator new and delete
  floating point and vector registers    in the disassembly of every executable section
  undefined symbols                      that the kernel does not export, weak or mangled ones
  writable C++ data                      tables and vtables belong into .rodata
  what the module loader refuses         several sections of one name, relocations it does not
                                         know, sections to write and execute, COMMON symbols,
                                         indirect functions, no or several symbol tables
  thread-local storage, a missing licence or description
"""

EPILOG = """\
exit status: 0 nothing found, 1 something to be rejected, 2 wrong usage or an unreadable file
example: scripts/check-object build/*/snd-xen-front.ko
"""


def main(arguments: list[str]) -> int:
    parser = command.parser(DESCRIPTION, EPILOG)
    parser.add_argument("files", metavar="FILE.ko", type=pathlib.Path, nargs="+")
    parser.add_argument("--symvers", metavar="FILE", type=pathlib.Path,
                        help="Module.symvers of the kernel the module is for (default: that of "
                             "/lib/modules/RELEASE/build, RELEASE from the module's vermagic)")
    options = parser.parse_args(arguments)
    found = 0
    for path in options.files:
        module = Module(path, options.symvers)
        violations = object_rules.check(module)
        found += len(violations)
        report(module, violations)
    return 1 if found else 0


def report(module: Module, violations: list[Violation]) -> None:
    for violation in violations:
        line = f"{module.path}: {violation.rule}: {violation.what}; remedy: {violation.remedy}"
        print(readable(line), file=sys.stderr)
    if not violations:
        imports = sum(symbol.undefined for symbol in module.symbols)
        print(f"{module.path}: {module.instructions} instructions, {imports} symbols of the kernel, "
              "nothing to reject")


def readable(line: str) -> str:
    """Adds what mangled names mean."""
    names = sorted(set(re.findall(r"\b_Z\w+", line)))
    meanings = process.output(["c++filt", *names]).splitlines() if names else []
    for name, meaning in zip(names, meanings):
        if meaning != name:
            line = re.sub(rf"\b{name}\b", lambda match, text=f"{name} [{meaning}]": text, line,
                          count=1)
    return line
