# SPDX-License-Identifier: GPL-2.0-only
"""Compilers of any Debian suite, with the programs of a kernel's build, unpacked and not installed.

A module has to be built by the compiler of the kernel's own release, and the build tools that come
with a kernel's headers want that release's libraries as well. So each program is started by the
dynamic linker unpacked beside it, with the libraries there, by a script in the program's place. It
runs on any release of Debian, and without privileges, and programs of the machine are left alone.
(Programs into which patchelf 0.18 of Debian 13 has written the dynamic linker's name crash.)
"""

import pathlib
import shlex
from typing import BinaryIO, Iterator

from elftools.common.exceptions import ELFError
from elftools.construct import ConstructError
from elftools.elf.elffile import ELFFile

from xenfront import cache, cpio
from xenfront.command import Say
from xenfront.debian import packages

_LIBRARIES = "usr/lib/x86_64-linux-gnu"
_DYNAMIC_LINKER = f"{_LIBRARIES}/ld-linux-x86-64.so.2"
_PROGRAMS = ("usr/bin", "usr/lib/gcc", "usr/lib/gcc-cross", "usr/libexec/gcc", "usr/libexec/gcc-cross",
             "usr/lib/linux-kbuild-*")


def prepared(names: list[str], suite: str, say: Say) -> pathlib.Path:
    """The root of a tree with the packages `names` and all that they need; usr/bin is for PATH."""
    origin = packages.Origin(suite)
    chosen = packages.resolve(names, origin)
    key = cache.digest(*map(str, chosen), pathlib.Path(__file__).read_bytes())
    # Scripts have to say where programs will be, not where they are made.
    final = cache.path_of("toolchain", key) / "root"

    def build(directory: pathlib.Path) -> None:
        root = directory / "root"
        cpio.make_merged_usr(root)
        packages.unpack(packages.fetch(chosen, say, origin), root)
        for program in list(programs(root)):
            wrap(program, root, final)

    cache.entry("toolchain", key, build, f"unpacks {', '.join(names)} of {suite}", say)
    return final


def wrap(program: pathlib.Path, root: pathlib.Path, final: pathlib.Path) -> None:
    """Puts a script in the place of `program` in the tree `root`, which will be at `final`."""
    moved = program.with_name(f"{program.name}.elf")
    program.rename(moved)
    linker, libraries, name = (shlex.quote(str(final / path)) for path in (
        _DYNAMIC_LINKER, _LIBRARIES, moved.relative_to(root)))
    # Compilers look for their parts beside the name they are called by.
    program.write_text(f'#!/bin/sh\n'
                       f'exec {linker} --library-path {libraries} --argv0 "$0" {name} "$@"\n',
                       encoding="utf-8")
    program.chmod(0o755)


def programs(root: pathlib.Path) -> Iterator[pathlib.Path]:
    """The dynamically linked programs of a tree."""
    for place in _PROGRAMS:
        for top in root.glob(place):
            for path in sorted(top.rglob("*")):
                if path.is_file() and not path.is_symlink() and ".so" not in path.name:
                    with open(path, "rb") as handle:
                        if has_interpreter(handle):
                            yield path


def has_interpreter(file: BinaryIO) -> bool:
    """Whether a file is an x86-64 program which wants a dynamic linker."""
    if file.read(4) != b"\x7fELF":
        return False
    try:
        elf = ELFFile(file)
        return elf["e_machine"] == "EM_X86_64" and any(
            segment["p_type"] == "PT_INTERP" for segment in elf.iter_segments())
    except (ELFError, ConstructError):
        return False
