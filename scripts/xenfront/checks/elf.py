# SPDX-License-Identifier: GPL-2.0-only
"""Reads the tables of a relocatable ELF64 object: sections, symbols and where they are used.

The binary tables and not readelf's text: that cuts and pads columns, and a name may be empty.
"""

import dataclasses
import functools
import pathlib
import struct
from typing import Iterator

MACHINES = {62: "x86-64", 183: "arm64"}

# Values that have a meaning here, by their names in elf(5).
SHT_SYMTAB, SHT_RELA, SHT_NOBITS = 2, 4, 8
SHF_WRITE, SHF_ALLOC, SHF_EXECINSTR = 1, 2, 4
SHN_UNDEF, SHN_LORESERVE, SHN_COMMON, SHN_XINDEX = 0, 0xFF00, 0xFFF2, 0xFFFF
STB_WEAK = 2
STT_OBJECT, STT_FUNC, STT_SECTION, STT_FILE, STT_GNU_IFUNC = 1, 2, 3, 4, 10

_HEADER = struct.Struct("<16sHHIQQQIHHHHHH")
_SECTION = struct.Struct("<IIQQQQIIQQ")
_SYMBOL = struct.Struct("<IBBHQQ")
_RELA = struct.Struct("<QQq")


class ElfError(Exception):
    """The file is not what this program reads; the message says what it is instead."""


@dataclasses.dataclass(frozen=True)
class Section:
    """A row of the section table."""

    name: str
    kind: int
    flags: int
    offset: int
    size: int
    link: int
    info: int

    @property
    def writable(self) -> bool:
        return bool(self.flags & SHF_WRITE)

    @property
    def allocated(self) -> bool:
        return bool(self.flags & SHF_ALLOC)

    @property
    def executable(self) -> bool:
        return bool(self.flags & SHF_EXECINSTR)


@dataclasses.dataclass(frozen=True)
class Symbol:
    """A row of the symbol table; `section` is its section's name, or None when it has none."""

    name: str
    kind: int
    binding: int
    index: int
    value: int
    size: int
    section: str | None

    @property
    def undefined(self) -> bool:
        return self.index == SHN_UNDEF and bool(self.name)

    @property
    def weak(self) -> bool:
        return self.binding == STB_WEAK


@dataclasses.dataclass(frozen=True)
class Relocation:
    """An address of `symbol` that has to be put into section `target`, in the way that `kind` says."""

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
            self._bytes = path.read_bytes()
        except OSError as failure:
            raise ElfError(f"{path}: cannot be read ({failure.strerror}); build it first: make"
                           ) from failure
        try:
            self._read_header()
            self.sections = tuple(self._read_sections())
            self.symbols = tuple(self._read_symbols())
        except (struct.error, IndexError) as failure:
            raise ElfError(f"{path}: the file is cut short or damaged ({failure}); build it anew: "
                           "make clean module") from failure

    def _read_header(self) -> None:
        if self._bytes[:4] != b"\x7fELF":
            raise ElfError(f"{self.path}: starts with {self._bytes[:4]!r}, which is no ELF file; "
                           "give a .ko or .o file")
        if self._bytes[4:6] != b"\x02\x01":
            raise ElfError(f"{self.path}: is not 64-bit little-endian ELF; only "
                           f"{' and '.join(MACHINES.values())} modules can be checked")
        header = _HEADER.unpack_from(self._bytes)
        kind, machine = header[1:3]
        self._section_offset, self._section_count, self._names_index = (
            header[6], header[12], header[13])
        if kind != 1:
            raise ElfError(f"{self.path}: ELF type {kind} is no relocatable object (1); give a .ko "
                           "or .o file, not a linked program")
        if machine not in MACHINES:
            raise ElfError(f"{self.path}: machine {machine} is unknown; "
                           f"{' and '.join(MACHINES.values())} can be checked")
        self.machine = MACHINES[machine]

    def _read_sections(self) -> Iterator[Section]:
        rows = [_SECTION.unpack_from(self._bytes, self._section_offset + i * _SECTION.size)
                for i in range(max(self._section_count, 1))]
        if self._section_count == 0 and rows[0][5] > 1:
            # More than SHN_LORESERVE sections: the first row has the real numbers.
            rows = [_SECTION.unpack_from(self._bytes, self._section_offset + i * _SECTION.size)
                    for i in range(rows[0][5])]
        names = rows[rows[0][6] if self._names_index == SHN_XINDEX else self._names_index]
        for name, kind, flags, _, offset, size, link, info, _, _ in rows:
            yield Section(self._string(names[4], name), kind, flags, offset, size, link, info)

    def _read_symbols(self) -> Iterator[Symbol]:
        for table in self.sections:
            if table.kind != SHT_SYMTAB:
                continue
            strings = self.sections[table.link].offset
            for at in range(table.offset, table.offset + table.size, _SYMBOL.size):
                name, info, _, index, value, size = _SYMBOL.unpack_from(self._bytes, at)
                has_section = 0 < index < SHN_LORESERVE
                section = self.sections[index].name if has_section else None
                text = self._string(strings, name)
                if info & 15 == STT_SECTION and section is not None:
                    text = section
                yield Symbol(text, info & 15, info >> 4, index, value, size, section)

    def _string(self, table: int, offset: int) -> str:
        end = self._bytes.index(b"\0", table + offset)
        return self._bytes[table + offset:end].decode("utf-8", "replace")

    def content(self, section: Section) -> bytes:
        if section.kind == SHT_NOBITS:
            return b""
        return self._bytes[section.offset:section.offset + section.size]

    @functools.cached_property
    def _functions(self) -> dict[int, list[Symbol]]:
        functions: dict[int, list[Symbol]] = {}
        for symbol in self.symbols:
            if symbol.section is not None and symbol.kind in (STT_FUNC, STT_OBJECT):
                functions.setdefault(symbol.index, []).append(symbol)
        return functions

    def relocations(self) -> Iterator[Relocation]:
        """Those of allocated sections, which are all that the kernel applies."""
        for table in self.sections:
            if table.kind != SHT_RELA or not self.sections[table.info].allocated:
                continue
            for at in range(table.offset, table.offset + table.size, _RELA.size):
                offset, info, _ = _RELA.unpack_from(self._bytes, at)
                yield Relocation(table.info, self.sections[table.info], offset, info & 0xFFFFFFFF,
                                 self.symbols[info >> 32])

    def uses(self) -> dict[str, list[str]]:
        """Where each symbol is used, outside debug information: "function in section"."""
        uses: dict[str, list[str]] = {}
        for relocation in self.relocations():
            owner = next((s.name for s in self._functions.get(relocation.target_index, ())
                          if s.value <= relocation.offset < s.value + s.size), None)
            section = relocation.target.name
            place = f"{owner} in {section}" if owner else section
            places = uses.setdefault(relocation.symbol.name, [])
            if place not in places:
                places.append(place)
        return uses

    def module_information(self) -> list[tuple[str, str]]:
        """The tag=value pairs of .modinfo, in their order."""
        pairs = []
        for section in self.sections:
            if section.name == ".modinfo":
                for entry in self.content(section).split(b"\0"):
                    if entry:
                        tag, _, value = entry.decode("utf-8", "replace").partition("=")
                        pairs.append((tag, value))
        return pairs


def kind_name(kind: int) -> str:
    return {STT_OBJECT: "object", STT_FUNC: "function"}.get(kind, "symbol")


def named(symbols: tuple[Symbol, ...]) -> list[Symbol]:
    """Symbols that a programmer gave a name to."""
    return [s for s in symbols if s.name and s.kind not in (STT_SECTION, STT_FILE)]
