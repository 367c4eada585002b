# SPDX-License-Identifier: GPL-2.0-only
"""A module that is checked, as tables of sections, symbols and their uses; the kernel it is for, and
what can be wrong with it."""

import functools
import pathlib
import re
from typing import Any, NamedTuple

from elftools.common.exceptions import ELFError, ELFParseError
from elftools.construct import ConstructError
from elftools.elf.constants import SH_FLAGS
from elftools.elf.elffile import ELFFile
from elftools.elf.relocation import RelocationSection
from elftools.elf.sections import SymbolTableSection

from xenfront.errors import Failure, explained

# What elftools calls 10, which is an indirect function of GNU's.
STT_GNU_IFUNC = "STT_LOOS"

MACHINES = {"EM_X86_64": "x86-64", "EM_AARCH64": "arm64"}


class Violation(NamedTuple):
    """Something that must not be there: which rule, where and what, and what to do about it."""

    rule: str
    what: str
    remedy: str


class Section(NamedTuple):
    """A row of the section table; `kind` is as elf(5) calls it, such as SHT_SYMTAB."""

    name: str
    kind: str
    size: int
    writable: bool
    allocated: bool
    executable: bool


class Symbol(NamedTuple):
    """A row of the symbol table; `index` is that of its section, or as elf(5) has it, such as
    SHN_UNDEF, and `section` the section's name, or None when it has none."""

    name: str
    kind: str
    index: int | str
    value: int
    size: int
    section: str | None
    weak: bool

    @property
    def undefined(self) -> bool:
        return self.index == "SHN_UNDEF" and bool(self.name)

    @property
    def named(self) -> bool:
        """Whether a programmer gave it a name."""
        return bool(self.name) and self.kind not in ("STT_SECTION", "STT_FILE")


class Relocation(NamedTuple):
    """An address of `symbol` that has to be put into section `target`, in the way that `kind`, a
    number of the architecture's ABI, says."""

    target_index: int
    target: Section
    offset: int
    kind: int
    symbol: Symbol


class Module:
    """A relocatable ELF64 object, read completely, and the kernel that has this Module.symvers."""

    def __init__(self, path: pathlib.Path, symvers: pathlib.Path | None):
        self.path = path
        # How many there are, once they have been looked at.
        self.instructions = 0
        try:
            with open(path, "rb") as handle:
                self._read(ELFFile(handle))
        except OSError as failure:
            raise Failure(f"{path}: cannot be read ({failure.strerror}); build it first: make"
                          ) from failure
        except (ELFParseError, ConstructError, AttributeError, UnicodeDecodeError) as failure:
            raise Failure(f"{path}: the file is cut short or damaged ({failure}); build it anew: "
                          "make clean module") from failure
        except ELFError as failure:
            raise Failure(f"{path}: is no ELF file ({failure}); give a .ko or .o file") from failure
        self.symvers = symvers or self._symvers()
        # What the kernel and its modules export.
        self.exports = _exports(self.symvers)
        configuration = self.symvers.parent / "include/config/auto.conf"
        options = configuration.read_text("utf-8").splitlines() if configuration.exists() else []
        # The kernel's own C code has .eh_frame (arm64).
        self.kernel_has_unwind_tables = "CONFIG_UNWIND_TABLES=y" in options
        # It calls what the compiler adds to each object for KASAN or gcov.
        self.kernel_runs_constructors = "CONFIG_CONSTRUCTORS=y" in options

    def _read(self, file: ELFFile) -> None:
        machine = file["e_machine"]
        if (file.elfclass, file.little_endian) != (64, True) or machine not in MACHINES:
            raise Failure(f"{self.path}: {file.elfclass} bits, machine {machine}; expected a little-"
                          f"endian ELF64 file for {' or '.join(MACHINES.values())}")
        if file["e_type"] != "ET_REL":
            raise Failure(f"{self.path}: has ELF type {file['e_type']}; give a relocatable .ko or "
                          ".o file, not a linked program")
        self.machine = MACHINES[machine]
        raw = list(file.iter_sections())
        self.sections = tuple(Section(one.name, one["sh_type"], one["sh_size"], *(
            bool(one["sh_flags"] & flag) for flag in (
                SH_FLAGS.SHF_WRITE, SH_FLAGS.SHF_ALLOC, SH_FLAGS.SHF_EXECINSTR))) for one in raw)
        self.symbols: tuple[Symbol, ...] = ()
        for one in raw:
            if isinstance(one, SymbolTableSection) and one["sh_type"] == "SHT_SYMTAB":
                self.symbols = tuple(map(self._symbol, one.iter_symbols()))
        # Those of allocated sections, which are all that the kernel applies.
        self.relocations = tuple(
            Relocation(one["sh_info"], self.sections[one["sh_info"]], entry["r_offset"],
                       entry["r_info_type"], self.symbols[entry["r_info_sym"]])
            for one in raw if isinstance(one, RelocationSection)
            and self.sections[one["sh_info"]].allocated for entry in one.iter_relocations())
        # The tag=value pairs of .modinfo, in their order.
        self.information = [
            tuple(entry.decode("utf-8", "replace").partition("=")[::2])
            for one in raw if one.name == ".modinfo" for entry in one.data().split(b"\0") if entry]

    def _symbol(self, symbol: Any) -> Symbol:
        index, info = symbol["st_shndx"], symbol["st_info"]
        section = self.sections[index].name if isinstance(index, int) and \
            index < len(self.sections) else None
        # The symbol of a section has the section's name.
        name = section if info["type"] == "STT_SECTION" else symbol.name
        return Symbol(name or "", info["type"], index, symbol["st_value"], symbol["st_size"],
                      section, info["bind"] == "STB_WEAK")

    def _symvers(self) -> pathlib.Path:
        """That of the installed kernel which the module says it is for."""
        release = dict(self.information).get("vermagic", "").split(" ")[0]
        if not re.fullmatch(r"\w[\w.+~-]*", release):
            raise Failure(f"{self.path}: its vermagic '{release}' names no kernel release; give "
                          "the kernel's export list with --symvers FILE")
        return pathlib.Path("/lib/modules", release, "build/Module.symvers")

    @functools.cached_property
    def _uses(self) -> dict[str, list[str]]:
        """Where each symbol is used, outside debug information: "function in section"."""
        functions: dict[int | str, list[Symbol]] = {}
        for symbol in self.symbols:
            if symbol.section is not None and symbol.kind in ("STT_FUNC", "STT_OBJECT"):
                functions.setdefault(symbol.index, []).append(symbol)
        uses: dict[str, list[str]] = {}
        for relocation in self.relocations:
            owner = next((s.name for s in functions.get(relocation.target_index, ())
                          if s.value <= relocation.offset < s.value + s.size), None)
            section = relocation.target.name
            place = f"{owner} in {section}" if owner else section
            places = uses.setdefault(relocation.symbol.name, [])
            if place not in places:
                places.append(place)
        return uses

    def users(self, name: str) -> str:
        places = self._uses.get(name, [])
        more = f" and {len(places) - 3} more" if len(places) > 3 else ""
        return f"used by {', '.join(places[:3])}{more}" if places else "used by no code"


def _exports(symvers: pathlib.Path) -> frozenset[str]:
    with explained(symvers, "install the kernel's headers (scripts/setup) or give the file with "
                            "--symvers FILE"):
        lines = symvers.read_text(encoding="utf-8").splitlines()
    # CRC, symbol, module, kind of export, namespace.
    rows = [line.split("\t") for line in lines]
    exports = frozenset(row[1] for row in rows if len(row) >= 4)
    if not exports:
        raise Failure(f"{symvers}: has no line of the form 'CRC symbol module EXPORT_SYMBOL'; "
                      "give a kernel's Module.symvers with --symvers FILE")
    return exports
