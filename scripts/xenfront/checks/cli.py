# SPDX-License-Identifier: GPL-2.0-only
"""The command line of scripts/check-object."""

import pathlib
import re
import shutil
import subprocess
import sys

from xenfront import command
from xenfront.checks import elf, object_rules
from xenfront.checks.module import Module, Violation
from xenfront.errors import Failure

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
        module = load(path, options.symvers)
        violations = object_rules.check(module)
        found += len(violations)
        report(module, violations)
    return 1 if found else 0


def load(path: pathlib.Path, symvers: pathlib.Path | None) -> Module:
    binary = elf.Object(path)
    if symvers is None:
        symvers = find_symvers(binary)
    options = read_options(symvers.parent)
    return Module(binary, read_exports(symvers), symvers, "CONFIG_UNWIND_TABLES=y" in options,
                  "CONFIG_CONSTRUCTORS=y" in options)


def find_symvers(binary: elf.Object) -> pathlib.Path:
    release = dict(binary.module_information).get("vermagic", "").split(" ")[0]
    if not re.fullmatch(r"\w[\w.+~-]*", release):
        raise Failure(f"{binary.path}: its vermagic '{release}' names no kernel release; give "
                      "the kernel's export list with --symvers FILE")
    return pathlib.Path("/lib/modules", release, "build/Module.symvers")


def read_exports(symvers: pathlib.Path) -> frozenset[str]:
    try:
        lines = symvers.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as failure:
        raise Failure(f"{symvers}: cannot be read ({failure}); install the kernel's headers "
                      "(scripts/setup) or give the file with --symvers FILE") from failure
    # CRC, symbol, module, kind of export, namespace.
    rows = [line.split("\t") for line in lines]
    exports = frozenset(row[1] for row in rows if len(row) >= 4)
    if not exports:
        raise Failure(f"{symvers}: has no line of the form 'CRC symbol module EXPORT_SYMBOL'; "
                      "give a kernel's Module.symvers with --symvers FILE")
    return exports


def read_options(kernel: pathlib.Path) -> frozenset[str]:
    """The kernel's configuration, a line each; nothing when it is not there."""
    try:
        configuration = (kernel / "include/config/auto.conf").read_text(encoding="utf-8")
    except OSError:
        return frozenset()
    return frozenset(configuration.splitlines())


def report(module: Module, violations: list[Violation]) -> None:
    path = module.binary.path
    for violation in violations:
        line = f"{path}: {violation.rule}: {violation.what}; remedy: {violation.remedy}"
        print(readable(line), file=sys.stderr)
    if not violations:
        imports = sum(symbol.undefined for symbol in module.binary.symbols)
        print(f"{path}: {module.instructions} instructions, {imports} symbols of the kernel, "
              "nothing to reject")


def readable(line: str) -> str:
    """Adds what mangled names mean, when c++filt is there to tell."""
    names = sorted(set(re.findall(r"\b_Z\w+", line)))
    if not names or not shutil.which("c++filt"):
        return line
    meanings = subprocess.run(["c++filt", *names], check=False, capture_output=True,
                              text=True).stdout.splitlines()
    for name, meaning in zip(names, meanings):
        if meaning != name:
            line = re.sub(rf"\b{name}\b", lambda match, text=f"{name} [{meaning}]": text, line,
                          count=1)
    return line
