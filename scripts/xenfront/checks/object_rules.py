# SPDX-License-Identifier: GPL-2.0-only
"""What a kernel module written in C++ must not contain.

A rule takes a Module and yields violations. Names that only say what to reject are rows of the
tables below, what needs a comparison is a function; ALL_RULES has both, and what load_rules has.

Weak definitions that are left over are no matter: one object has no second definition to choose.
"""

import collections
import re
from typing import Callable, Iterator

from xenfront.checks.floating_point import disassemble, uses_floating_point
from xenfront.checks.load_rules import LOAD_RULES
from xenfront.checks.module import Module, Symbol, Violation

# Rule, pattern of the whole section name, why, remedy.
_CONSTANT = "make the object constexpr or constinit, or a member of an object that probe creates"
_FORBIDDEN_SECTIONS = (
    ("static constructor", r"\.(init_array|preinit_array|ctors)(\..*)?",
     "the kernel never runs static constructors", _CONSTANT),
    ("static destructor", r"\.(fini_array|dtors)(\..*)?",
     "the kernel never runs static destructors",
     "give the object a trivial destructor, or have remove or module exit destroy it"),
    ("exception tables", r"\.gcc_except_table(\..*)?", "nothing in the kernel can unwind",
     "compile with -fno-exceptions and return a Result"),
    ("thread-local storage", r"\.(tdata|tbss)(\..*)?", "the kernel has no thread-local storage",
     "keep the state in an object that a caller passes on"),
)

_CONSTRUCTOR_RULES = ("static constructor", "static destructor")

# Rule, pattern of the whole symbol name, why, remedy.
_FORBIDDEN_SYMBOLS = (
    ("static constructor", r"_GLOBAL__(sub_)?[ID]_.*|_Z41__static_initialization_and_dest.*",
     "initialises globals at run time, which the kernel never lets it do", _CONSTANT),
    ("guard variable", r"_ZGV.*|__cxa_guard_.*", "guards the first initialisation of a static",
     "make the static constexpr, or a member; -fno-threadsafe-statics only hides the race"),
    ("C++ run-time", r"__cxa_(?!pure_virtual$|guard_).*|atexit|__dso_handle",
     "belongs to the C++ run-time library, which the kernel has not",
     "remove what needs it: exceptions, destructors of statics, dynamic_cast"),
    ("exceptions", r"__gxx_personality.*|_Unwind_.*|__gcc_personality.*",
     "belongs to exception handling", "compile with -fno-exceptions and return a Result"),
    ("operator new", r"_Zn[wa][jmy](RKSt9nothrow_t|St11align_val_t.*)?",
     "is the global operator new", "allocate through src/kernel/memory.hpp, which can fail"),
    ("operator delete", r"_Zd[la]Pv.*",
     "is the global operator delete; a virtual destructor is enough to need it",
     "own memory through src/kernel/memory.hpp; give interfaces a protected non-virtual destructor"),
    ("type information", r"_ZT[IS].*", "is run-time type information",
     "compile with -fno-rtti; use neither dynamic_cast nor typeid"),
)

# What every module says about itself exactly once.
_MODULE_INFORMATION = {"license": "MODULE_LICENSE()", "description": "MODULE_DESCRIPTION()"}
# The link editor's own; modpost knows it as well.
_RESOLVED_WITHOUT_EXPORT = ("_GLOBAL_OFFSET_TABLE_", "__this_module")
_MANGLED = re.compile(r"_Z\w")
_KINDS = {"STT_OBJECT": "object", "STT_FUNC": "function"}


def _sections(module: Module) -> Iterator[Violation]:
    for rule, pattern, why, remedy in _FORBIDDEN_SECTIONS:
        # Those of the C++ are still known by their names: _FORBIDDEN_SYMBOLS.
        if module.kernel_runs_constructors and rule in _CONSTRUCTOR_RULES:
            continue
        for section in module.sections:
            if re.fullmatch(pattern, section.name):
                yield Violation(rule, f"section {section.name} of {section.size} bytes: {why}"
                                f"{_constructors(module)}", remedy)


def _constructors(module: Module) -> str:
    names = [s.name for s in module.symbols if s.name.startswith("_GLOBAL__")]
    return f" (generated for {', '.join(names)})" if names else ""


def _unwind_tables(module: Module) -> Iterator[Violation]:
    if module.kernel_has_unwind_tables:
        return
    for section in module.sections:
        if section.name.startswith(".eh_frame"):
            yield Violation("unwind tables", f"section {section.name} of {section.size} bytes, "
                            "which the kernel's own C objects do not have",
                            "compile with the kernel's flags (-fno-asynchronous-unwind-tables) "
                            "and -fno-exceptions")


def _symbols(module: Module) -> Iterator[Violation]:
    for symbol in module.symbols:
        for rule, pattern, why, remedy in _FORBIDDEN_SYMBOLS:
            if symbol.named and re.fullmatch(pattern, symbol.name):
                yield Violation(rule, f"{_place(module, symbol)} {why}", remedy)


def _undefined(module: Module) -> Iterator[Violation]:
    for symbol in module.symbols:
        name = symbol.name
        if not symbol.undefined or name in _RESOLVED_WITHOUT_EXPORT or _is_forbidden(name):
            continue
        users = module.users(name)
        if symbol.weak:
            yield Violation("weak undefined symbol", f"{name} ({users}) becomes a null pointer "
                            "without a word when nothing defines it",
                            "define it, or call it only where it is exported")
        elif _MANGLED.match(name) and name not in module.exports:
            yield Violation("undefined C++ symbol", f"{name} ({users}) is defined nowhere",
                            "define it in a file that src/xen_front.cpp includes")
        elif name not in module.exports:
            yield Violation("undefined symbol", f"{name} ({users}) is not exported by the kernel "
                            f"of {module.symvers}",
                            "call only what the kernel exports, from src/shim; if the compiler "
                            "made the call, avoid what it replaces")


def _is_forbidden(name: str) -> bool:
    return any(re.fullmatch(pattern, name) for _, pattern, _, _ in _FORBIDDEN_SYMBOLS)


def _read_only(module: Module) -> Iterator[Violation]:
    writable = {s.name for s in module.sections if s.writable}
    for symbol in module.symbols:
        if (symbol.kind == "STT_OBJECT" and _MANGLED.match(symbol.name) and
                not symbol.name.startswith("_ZGV") and symbol.section in writable):
            what = "vtable" if symbol.name.startswith("_ZTV") else "object"
            yield Violation("writable data", f"{what} {symbol.name} of {symbol.size} bytes is in "
                            f"writable section {symbol.section}",
                            "make a table constexpr or const, compile with -fno-pic; state belongs "
                            "into objects, not into globals")


def _information(module: Module) -> Iterator[Violation]:
    counts = collections.Counter(tag for tag, _ in module.information)
    for tag, macro in _MODULE_INFORMATION.items():
        if counts[tag] == 0:
            yield Violation("module information", f"section .modinfo has no {tag}",
                            f"add {macro} to src/shim/module.c")
        elif counts[tag] > 1:
            yield Violation("module information", f"section .modinfo has {counts[tag]} entries of "
                            f"{tag}", f"keep one {macro}")


def _floating_point(module: Module) -> Iterator[Violation]:
    found: dict[tuple[str, str], list[str]] = {}
    for instruction in disassemble(module):
        module.instructions += 1
        if uses_floating_point(module.machine, instruction.text):
            where = instruction.section, instruction.symbol or "?"
            found.setdefault(where, []).append(f"{instruction.text} at {instruction.address}")
    for (section, symbol), instructions in found.items():
        more = f" and {len(instructions) - 1} more" if len(instructions) > 1 else ""
        yield Violation("floating point", f"{symbol} in {section}: {instructions[0]}{more}",
                        "calculate in integers; let the kernel's own flags (-mno-sse, "
                        "-mgeneral-regs-only) reach the compiler")


def _place(module: Module, symbol: Symbol) -> str:
    if symbol.undefined:
        return f"{symbol.name} ({module.users(symbol.name)})"
    return f"{_KINDS.get(symbol.kind, 'symbol')} {symbol.name} in {symbol.section or 'no section'}"


ALL_RULES: tuple[Callable[[Module], Iterator[Violation]], ...] = (
    *LOAD_RULES, _sections, _unwind_tables, _symbols, _undefined, _read_only, _information,
    _floating_point)


def check(module: Module) -> list[Violation]:
    """Everything that is wrong with `module`."""
    return [violation for rule in ALL_RULES for violation in rule(module)]
