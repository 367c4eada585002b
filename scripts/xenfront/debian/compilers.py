# SPDX-License-Identifier: GPL-2.0-only
"""Compilers of any Debian suite, with the programs of a kernel's build, unpacked and not installed.

A module has to be built by the compiler of the kernel's own release, and the build tools that come
with a kernel's headers want that release's libraries as well. The programs are told, by patchelf,
to use the dynamic linker and the libraries unpacked beside them; so they run on any release of
Debian, and without privileges, and programs of the machine are left alone.
"""

import pathlib
import subprocess
from typing import Iterator

from xenfront import cache
from xenfront.debian import packages
from xenfront.errors import LabError
from xenfront.lab import cpio

_LIBRARIES = "usr/lib/x86_64-linux-gnu"
_DYNAMIC_LINKER = f"{_LIBRARIES}/ld-linux-x86-64.so.2"
_PROGRAMS = ("usr/bin", "usr/lib/gcc", "usr/lib/gcc-cross", "usr/libexec/gcc", "usr/libexec/gcc-cross",
             "usr/lib/linux-kbuild-*")
_PT_INTERP = 3


def prepared(names: list[str], suite: str, say: packages.Say) -> pathlib.Path:
    """The root of a tree with the packages `names` and all that they need; usr/bin is for PATH."""
    origin = packages.Origin(suite)
    chosen = packages.resolve(names, origin)
    key = cache.digest(*map(str, chosen), pathlib.Path(__file__).read_bytes())
    # Programs have to be told where they will be, not where they are made.
    final = cache.path_of("toolchain", key) / "root"

    def build(directory: pathlib.Path) -> None:
        root = directory / "root"
        cpio.make_merged_usr(root)
        packages.unpack(packages.fetch(chosen, say, origin), root)
        command = ["patchelf", "--set-interpreter", f"{final}/{_DYNAMIC_LINKER}", "--force-rpath",
                   "--set-rpath", f"{final}/{_LIBRARIES}", *map(str, programs(root))]
        try:
            done = subprocess.run(command, capture_output=True, text=True, check=False)
        except FileNotFoundError as failure:
            raise LabError("patchelf is not installed; run scripts/setup") from failure
        if done.returncode != 0:
            raise LabError(f"patchelf: {done.stderr.strip()}")

    cache.entry("toolchain", key, build, f"unpacks {', '.join(names)} of {suite}", say)
    return final


def programs(root: pathlib.Path) -> Iterator[pathlib.Path]:
    """The dynamically linked programs of a tree."""
    for place in _PROGRAMS:
        for top in root.glob(place):
            for path in sorted(top.rglob("*")):
                if path.is_file() and not path.is_symlink() and ".so" not in path.name:
                    with open(path, "rb") as handle:
                        if has_interpreter(handle.read(4096)):
                            yield path


def has_interpreter(start: bytes) -> bool:
    """Whether a file that starts like this is an x86-64 program which wants a dynamic linker."""
    if start[:6] != b"\x7fELF\x02\x01" or start[0x12:0x14] != b"\x3e\0":
        return False
    table, size, count = (int.from_bytes(start[at:at + length], "little")
                          for at, length in ((0x20, 8), (0x36, 2), (0x38, 2)))
    headers = (start[table + index * size:][:4] for index in range(count))
    return any(int.from_bytes(header, "little") == _PT_INTERP for header in headers)
