# SPDX-License-Identifier: GPL-2.0-only
"""The architecture of the tree as rules that a program can check.

The tables say what is allowed, one row per fact; the functions below compare the tree with them.
"""

import dataclasses
import fnmatch
import pathlib
import re
import subprocess
from typing import Callable, Iterator

from xenfront import process, toolchain
from xenfront.checks.sources import Source
from xenfront.errors import Failure


@dataclasses.dataclass(frozen=True)
class Layer:
    """A directory of the module: the files in it and what they may include."""

    suffixes: tuple[str, ...]
    includes: tuple[str, ...]


LAYERS = {
    "include/kshim": Layer((".h",), ("kshim/*",)),
    "src/base": Layer((".hpp", ".cpp"), ("base/*", "kshim/types.h")),
    "src/sndif": Layer((".hpp", ".cpp"), ("sndif/*", "base/*", "kshim/types.h")),
    "src/kernel": Layer((".hpp", ".cpp"), ("kernel/*", "base/*", "kshim/*")),
    "src/driver": Layer((".hpp", ".cpp"),
                        ("driver/*", "sndif/*", "kernel/*", "base/*", "kshim/*")),
    "src/shim": Layer((".h", ".c"), ("kshim/*", "<linux/*>", "<sound/*>", "<xen/*>", "<asm*/*>",
                                     "shim.h",)),
}

# Files that may include one thing more than their layer, with the reason.
ALSO_INCLUDED = {
    # The C side takes its types from the kernel; a host compiler knows bool from this header.
    "include/kshim/types.h": ("<linux/types.h>", "<stdbool.h>"),
    # Tracepoints are made by including their header again from one of the kernel's.
    "src/shim/tracepoints.h": ("<trace/define_trace.h>",),
    "src/shim/trace.c": ("tracepoints.h",),
    # The C++ half of the comparison of the wire layout.
    "src/sndif/wire_check.cpp": ("kshim/wire_layout.h",),
}

# Headers that only these files may include.
INCLUDED_ONLY_BY = {
    "kshim/entry.h": ("src/driver/entry.cpp", "src/shim/*.c"),
    "kshim/wire_layout.h": ("src/sndif/wire_check.cpp", "src/shim/wire_check.c"),
}

# Layers whose code may name a function of kshim; others may use its types and constants.
KSHIM_CALLERS = ("include/kshim", "src/kernel", "src/shim")

ENTRY_HEADER = "include/kshim/entry.h"
ENTRY_DEFINITIONS = "src/driver/entry.cpp"
ENTRY_CALLERS = ("include/kshim", "src/shim")

# The one translation unit of the C++.
UNIT = "src/xen_front.cpp"
UNIT_OBJECT = "src/xen_front.o"

# The backend: a program of user space, which has its own build and shares nothing with the module.
BACKEND = "src/backend"
# What it may include: its own headers, and the system's, of which a kernel's only those that the
# kernel exports to programs and the interface of Xen in user space (libxen-dev).
BACKEND_INCLUDES = ("audio/*", "protocol/*", "server/*", "xenlib/*", "<*>")
BACKEND_FORBIDDEN = ("<linux/module.h>", "<linux/kernel.h>", "<sound/*>", "<xen/xenbus.h>",
                     "<xen/grant-table.h>", "<xen/events.h>")

LONGEST_FILE = 300
LICENSE = "SPDX-License-Identifier: GPL-2.0-only"
# Where the licence line stands, in lines: a script starts with #!.
LICENSE_WITHIN = 2
# Spelled so that this line is no match itself.
UNFINISHED = r"\b(TO[D]O|FIX[M]E|XX[X])\b"

# What is a source file for the last three rules.
SOURCE_DIRECTORIES = ("src", "include", "scripts", "tests", ".ci")
SOURCE_FILES = ("Kbuild", "Kconfig", "Makefile")
SOURCE_NAMES = ("*.c", "*.h", "*.cpp", "*.hpp", "*.py", "*.sh", "*.cmake", "CMakeLists.txt")

COMPILERS = {
    "C11": ("gcc", ("-std=c11", "-x", "c")),
    "C++20": ("g++", ("-std=c++20", "-x", "c++")),
}
COMPILER_FLAGS = ("-ffreestanding", "-fsyntax-only", "-Wall", "-Wextra", "-Werror", "-Iinclude")


@dataclasses.dataclass(frozen=True)
class Violation:
    """One place where the tree is not as it should be."""

    path: str
    line: int
    rule: str
    what: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.rule}: {self.what}, {self.remedy}"


class Tree:
    """The files of a source tree."""

    def __init__(self, root: pathlib.Path):
        self.root = root
        for needed in ("src", "include/kshim", "Kbuild", UNIT, ENTRY_HEADER, ENTRY_DEFINITIONS):
            if not (root / needed).exists():
                raise Failure(f"{root}: has no {needed}; give the root of the source tree")
        self.all = {source.path: source for source in self._read(*SOURCE_DIRECTORIES)}
        self.module = {path: source for path, source in self.all.items()
                       if path.startswith(("src/", "include/")) and not _is_backend(path)}
        for name in SOURCE_FILES:
            if (root / name).is_file():
                self.all[name] = Source.read(root, root / name)

    def _read(self, *directories: str) -> Iterator[Source]:
        for directory in directories:
            for path in sorted((self.root / directory).rglob("*")):
                if path.is_file() and _is_source(path):
                    yield Source.read(self.root, path)

    def layer(self, name: str) -> list[Source]:
        return [source for source in self.module.values() if layer_of(source.path) == name]


def _is_backend(path: str) -> bool:
    return path.startswith(BACKEND + "/")


def _is_source(path: pathlib.Path) -> bool:
    """A source by its name, or a script: those have no suffix."""
    if any(fnmatch.fnmatch(path.name, pattern) for pattern in SOURCE_NAMES):
        return True
    with open(path, "rb") as handle:
        return not path.suffix and handle.read(2) == b"#!"


def layer_of(path: str) -> str | None:
    """The layer that a file is in, at whatever depth."""
    return next((layer for layer in LAYERS if path.startswith(layer + "/")), None)


def _matches_any(name: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns)


def _layers(tree: Tree) -> Iterator[Violation]:
    for path in tree.module.keys() - {UNIT}:
        layer = layer_of(path)
        if layer is None:
            yield Violation(path, 1, "layer", "the file is in no layer of the architecture",
                            f"move it to one of {', '.join(LAYERS)}")
        elif pathlib.PurePosixPath(path).suffix not in LAYERS[layer].suffixes:
            yield Violation(path, 1, "layer", f"{layer} has only "
                            f"{' and '.join(LAYERS[layer].suffixes)} files",
                            "rename the file or move it to another layer")


def _includes(tree: Tree) -> Iterator[Violation]:
    for path, source in tree.module.items():
        layer = layer_of(path)
        if layer is None:
            continue
        allowed = LAYERS[layer].includes + ALSO_INCLUDED.get(path, ())
        for line, name in source.includes:
            owners = INCLUDED_ONLY_BY.get(name)
            if not _matches_any(name, allowed):
                yield Violation(path, line, "include", f"{layer} must not include {name}",
                                f"it may include {' '.join(allowed)}")
            elif owners and not _matches_any(path, owners):
                yield Violation(path, line, "include", f"{name} is only for {' '.join(owners)}",
                                "use what a layer below offers for it")


def _backend_includes(tree: Tree) -> Iterator[Violation]:
    for path, source in tree.all.items():
        if not _is_backend(path) or not path.endswith((".cpp", ".hpp")):
            continue
        for line, name in source.includes:
            if not _matches_any(name, BACKEND_INCLUDES) or _matches_any(name, BACKEND_FORBIDDEN):
                yield Violation(path, line, "include", f"{BACKEND} must not include {name}",
                                f"it may include {' '.join(BACKEND_INCLUDES)}, and no header of the "
                                "kernel's inside")


def _kshim_calls(tree: Tree) -> Iterator[Violation]:
    functions = {match[1] for header in tree.layer("include/kshim")
                 for _, match in header.matches(r"\b(kshim_\w+)\s*\((?!\*)")}
    for path, source in tree.module.items():
        if layer_of(path) in KSHIM_CALLERS:
            continue
        for line, match in source.matches(r"\bkshim_\w+"):
            if match[0] in functions:
                yield Violation(path, line, "kshim call", f"{match[0]}() is used outside "
                                "src/kernel", "wrap it in a class of src/kernel and use that")


def _entry_points(tree: Tree) -> Iterator[Violation]:
    header, definitions = tree.module[ENTRY_HEADER], tree.module[ENTRY_DEFINITIONS]
    declared = {match[1]: line for line, match in header.matches(r"\b(xen_front_\w+)\s*\(")}
    defined = {match[1]: line for line, match in
               definitions.matches(r"\b(xen_front_\w+)\s*\([^;{}]*\)\s*\{")}
    for name in declared.keys() - defined.keys():
        yield Violation(header.path, declared[name], "entry point", f"{name}() is not defined in "
                        f"{ENTRY_DEFINITIONS}", "define it there or remove the declaration")
    for name in defined.keys() - declared.keys():
        yield Violation(definitions.path, defined[name], "entry point", f"{name}() is not declared "
                        f"in {ENTRY_HEADER}", "declare it there or put it into a namespace")
    for path, source in tree.module.items():
        if path == ENTRY_DEFINITIONS:
            continue
        pattern = r"\b(xen_front_\w+)\s*\("
        if layer_of(path) in ENTRY_CALLERS:
            pattern += r"[^;{}]*\)\s*\{"
        for line, match in source.matches(pattern):
            if match[1] in declared or layer_of(path) not in ENTRY_CALLERS:
                yield Violation(path, line, "entry point", f"{match[1]}() does not belong here",
                                f"entry points are defined in {ENTRY_DEFINITIONS} and called by "
                                "src/shim; everything else lives in the namespace")


def _linkage(tree: Tree) -> Iterator[Violation]:
    for path, source in tree.module.items():
        if path.endswith((".cpp", ".hpp")):
            for match in re.finditer(r'\bextern\s+"C"', source.code):
                yield Violation(path, source.line_of(match.start()), "linkage",
                                "C linkage is declared in C++", "declare it in include/kshim")


def _unit(tree: Tree) -> Iterator[Violation]:
    wanted = {path.removeprefix("src/") for path in tree.module
              if path.startswith("src/") and path.endswith(".cpp") and path != UNIT}
    seen: dict[str, int] = {}
    for line, name in tree.module[UNIT].includes:
        if name not in wanted:
            yield Violation(UNIT, line, "one unit", f"{name} is no .cpp file of src",
                            "remove the line")
        elif name in seen:
            yield Violation(UNIT, line, "one unit", f"{name} is included on line {seen[name]} "
                            "already", "remove one")
        seen.setdefault(name, line)
    for name in sorted(wanted - seen.keys()):
        yield Violation(f"src/{name}", 1, "one unit", f"{UNIT} does not include it",
                        f'add #include "{name}" there')


def _kbuild(tree: Tree) -> Iterator[Violation]:
    objects = _kbuild_objects(tree.root)
    kbuild = tree.all["Kbuild"]

    def line_of(name: str) -> int:
        stem = pathlib.PurePosixPath(name).stem
        lines = [line for line, _ in kbuild.matches(rf"(?<![\w-]){re.escape(stem)}(?![\w-])")]
        # The name may be in a comment further up; the list is the last to mention it.
        return lines[-1] if lines else 1

    for name in objects:
        stem = name.removesuffix(".o")
        if f"{stem}.c" not in tree.module and f"{stem}.cpp" not in tree.module:
            yield Violation("Kbuild", line_of(name), "object", f"{name} has no source {stem}.c or "
                            f"{stem}.cpp", "remove it from the list")
        elif f"{stem}.cpp" in tree.module and name != UNIT_OBJECT:
            yield Violation("Kbuild", line_of(name), "object", f"{name} is C++ that {UNIT} "
                            "includes", "remove it from the list")
    wanted = [path for path in tree.module if path.startswith("src/shim/") and path.endswith(".c")]
    for path in [*wanted, UNIT]:
        name = str(pathlib.PurePosixPath(path).with_suffix(".o"))
        if name not in objects:
            yield Violation(path, 1, "object", f"Kbuild does not list {name}",
                            "add it to snd-xen-front-y")


def _kbuild_objects(root: pathlib.Path) -> list[str]:
    """What make understands of Kbuild's list, however it is written."""
    return process.output(
        ["make", "--no-print-directory", "-f", "Kbuild",
         "--eval=print-objects: ; @echo $(snd-xen-front-y)", "print-objects"],
        "repair the line of Kbuild that it names", cwd=root, env=process.environment()).split()


def _headers_compile(tree: Tree) -> Iterator[Violation]:
    for header in tree.layer("include/kshim"):
        for language, (name, flags) in COMPILERS.items():
            compiler = subprocess.run(
                [f"{name}-{toolchain.version('gcc')}", *flags, *COMPILER_FLAGS, header.path],
                cwd=tree.root, check=False, capture_output=True, text=True)
            if compiler.returncode != 0:
                first = next((line for line in compiler.stderr.splitlines() if "error:" in line),
                             compiler.stderr.strip())
                match = re.match(rf"{re.escape(header.path)}:(\d+):\d+: error: (.*)", first)
                yield Violation(header.path, int(match[1]) if match else 1, "header",
                                f"does not compile by itself as {language}: "
                                f"{match[2] if match else first}",
                                "include what it needs from include/kshim")


def _length(tree: Tree) -> Iterator[Violation]:
    backend = {path: source for path, source in tree.all.items() if _is_backend(path)}
    for path, source in (tree.module | backend).items():
        count = len(source.text.splitlines())
        if count > LONGEST_FILE:
            yield Violation(path, LONGEST_FILE + 1, "length", f"{count} lines are more than "
                            f"{LONGEST_FILE}", "split the file by subject")


def _licence(tree: Tree) -> Iterator[Violation]:
    for path, source in tree.all.items():
        if not any(LICENSE in line for line in source.text.splitlines()[:LICENSE_WITHIN]):
            yield Violation(path, 1, "licence", f"the first lines have no '{LICENSE}'", "add it")


def _unfinished(tree: Tree) -> Iterator[Violation]:
    for path, source in tree.all.items():
        for match in re.finditer(UNFINISHED, source.text):
            yield Violation(path, source.line_of(match.start()), "unfinished",
                            f"{match[0]} marks work that is left", "do it or open an issue")


ALL_RULES: tuple[Callable[[Tree], Iterator[Violation]], ...] = (
    _layers, _includes, _backend_includes, _kshim_calls, _entry_points, _linkage, _unit, _kbuild,
    _headers_compile,
    _length, _licence, _unfinished)


def check(tree: Tree) -> list[Violation]:
    """All violations, in the order of files and lines."""
    found = [violation for rule in ALL_RULES for violation in rule(tree)]
    return sorted(found, key=lambda violation: (violation.path, violation.line, violation.rule))
