# SPDX-License-Identifier: GPL-2.0-only
"""The tables of a relocatable ELF64 object: sections, symbols and where they are used."""

import dataclasses
import functools
import pathlib
from typing import Iterator

from elftools.common.exceptions import ELFError, ELFParseError
from elftools.construct import ConstructError
from elftools.elf.constants import SH_FLAGS
from elftools.elf.elffile import ELFFile
from elftools.elf.relocation import RelocationSection
from elftools.elf.sections import SymbolTableSection

from xenfront.errors import Failure

# What elftools calls 10, which is an indirect function of GNU's.
STT_GNU_IFUNC = "STT_LOOS"

MACHINES = {"EM_X86_64": "x86-64", "EM_AARCH64": "arm64"}


@dataclasses.dataclass(frozen=True)
class Section:
    """A row of the section table; `kind` is as elf(5) calls it, such as SHT_SYMTAB."""

    name: str
    kind: str
    flags: int
    size: int

    @property
    def writable(self) -> bool:
        return bool(self.flags & SH_FLAGS.SHF_WRITE)

    @property
    def allocated(self) -> bool:
        return bool(self.flags & SH_FLAGS.SHF_ALLOC)

    @property
    def executable(self) -> bool:
        return bool(self.flags & SH_FLAGS.SHF_EXECINSTR)


@dataclasses.dataclass(frozen=True)
class Symbol:
    """A row of the symbol table; `index` is that of its section, or as elf(5) has it, such as
    SHN_UNDEF, and `section` the section's name, or None when it has none."""

    name: str
    kind: str
    binding: str
    index: int | str
    value: int
    size: int
    section: str | None

    @property
    def undefined(self) -> bool:
        return self.index == "SHN_UNDEF" and bool(self.name)

    @property
    def weak(self) -> bool:
        return self.binding == "STB_WEAK"


@dataclasses.dataclass(frozen=True)
class Relocation:
    """An address of `symbol` that has to be put into section `target`, in the way that `kind`, a
    number of the architecture's ABI, says."""

    target_index: int
    target: Section
    offset: int
    kind: int
    symbol: Symbol


class Object:
    """One object file, read completely."""

    def __init__(self, path: pathlib.Path):
        self.path = path
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
        self.sections = tuple(Section(one.name, one["sh_type"], one["sh_flags"], one["sh_size"])
                              for one in raw)
        self.symbols: tuple[Symbol, ...] = ()
        for one in raw:
            if isinstance(one, SymbolTableSection) and one["sh_type"] == "SHT_SYMTAB":
                self.symbols = tuple(self._symbol(symbol) for symbol in one.iter_symbols())
        # Those of allocated sections, which are all that the kernel applies.
        self.relocations = tuple(
            Relocation(one["sh_info"], self.sections[one["sh_info"]], entry["r_offset"],
                       entry["r_info_type"], self.symbols[entry["r_info_sym"]])
            for one in raw if isinstance(one, RelocationSection)
            and self.sections[one["sh_info"]].allocated for entry in one.iter_relocations())
        # The tag=value pairs of .modinfo, in their order.
        self.module_information = [
            tuple(entry.decode("utf-8", "replace").partition("=")[::2])
            for one in raw if one.name == ".modinfo" for entry in one.data().split(b"\0") if entry]

    def _symbol(self, symbol: object) -> Symbol:
        index = symbol["st_shndx"]
        section = self.sections[index].name if isinstance(index, int) and \
            index < len(self.sections) else None
        info = symbol["st_info"]
        # The symbol of a section has the section's name.
        name = section if info["type"] == "STT_SECTION" else symbol.name
        return Symbol(name or "", info["type"], info["bind"], index, symbol["st_value"],
                      symbol["st_size"], section)

    @functools.cached_property
    def _functions(self) -> dict[int | str, list[Symbol]]:
        functions: dict[int | str, list[Symbol]] = {}
        for symbol in self.symbols:
            if symbol.section is not None and symbol.kind in ("STT_FUNC", "STT_OBJECT"):
                functions.setdefault(symbol.index, []).append(symbol)
        return functions

    @functools.cached_property
    def uses(self) -> dict[str, list[str]]:
        """Where each symbol is used, outside debug information: "function in section"."""
        uses: dict[str, list[str]] = {}
        for relocation in self.relocations:
            owner = next((s.name for s in self._functions.get(relocation.target_index, ())
                          if s.value <= relocation.offset < s.value + s.size), None)
            section = relocation.target.name
            place = f"{owner} in {section}" if owner else section
            places = uses.setdefault(relocation.symbol.name, [])
            if place not in places:
                places.append(place)
        return uses


def kind_name(kind: str) -> str:
    return {"STT_OBJECT": "object", "STT_FUNC": "function"}.get(kind, "symbol")


def named(symbols: tuple[Symbol, ...]) -> Iterator[Symbol]:
    """Symbols that a programmer gave a name to."""
    return (s for s in symbols if s.name and s.kind not in ("STT_SECTION", "STT_FILE"))
