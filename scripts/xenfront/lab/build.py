# SPDX-License-Identifier: GPL-2.0-only
"""Runs this repository's make: for the kernels that the lab can boot, each with its compiler, and for
what runs in their domains.

Programs for another architecture are built by a cross compiler of the machine's Debian release, with
that release's libraries: the trees of the domains are made of the same packages.
"""

import os
import pathlib
import subprocess
from typing import Any, Iterable, Mapping

from xenfront import ROOT, architectures, cache, cpio, process, toolchain
from xenfront.command import Say
from xenfront.debian import compilers, debug_kernel, headers, packages, suites
from xenfront.debian.headers import Headers

# What backend and guest tests are built with, besides the compiler and its own libraries.
_LIBRARIES = """
    libc6-dev libxen-dev libasound2-dev libcli11-dev libseccomp-dev libfmt-dev
""".split()

_CMAKE = """\
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR {processor})
set(CMAKE_LIBRARY_ARCHITECTURE {gnu})
set(CMAKE_C_COMPILER {gnu}-gcc-{gcc})
set(CMAKE_CXX_COMPILER {gnu}-g++-{gcc})
set(CMAKE_SYSROOT {sysroot})
# Before the compiler's own, whose linker scripts name directories of this machine.
set(CMAKE_EXE_LINKER_FLAGS_INIT -L{sysroot}/usr/lib/{gnu})
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)
"""


def build_directory(architecture: str) -> pathlib.Path:
    """Where what runs in domains of an architecture is built, below the source tree."""
    root = ROOT / "build"
    return root if architecture == packages.machine_architecture() else root / architecture


def how_to(architecture: str) -> str:
    """The command that builds there, but for its targets."""
    return "make" if architecture == packages.machine_architecture() else \
        f"scripts/lab programs --arch {architecture}"


def _make(arguments: Iterable[object], environment: Mapping[str, str],
          **options: Any) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(["make", "--no-print-directory", "-C", ROOT, *arguments], check=False,
                          env={**process.environment(), **environment}, **options)


def programs(architecture: str, targets: list[str], say: Say) -> bool:
    """Runs make for programs of an architecture; whether it succeeded."""
    environment = {} if architecture == packages.machine_architecture() else \
        _cross_environment(architectures.ALL[architecture], say)
    return _make([f"BUILD={build_directory(architecture)}", *targets], environment).returncode == 0


def headers_of(kernel: str, architecture: str, say: Say) -> Headers:
    """What modules for a kernel of --kernel are built with."""
    if debug_kernel.is_one(kernel):
        return debug_kernel.prepared(kernel, say)
    return headers.prepared(kernel, architecture, say)


def module(kernel: Headers, arguments: Iterable[str] = ("module",)
           ) -> "subprocess.CompletedProcess[str]":
    """Runs make for a kernel; its output, with what it complained about, is in the result."""
    return _make([f"-j{os.cpu_count()}", f"KDIR={kernel.directory}", *kernel.variables, *arguments],
                 kernel.environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                 errors="replace")


def _cross_environment(architecture: architectures.Architecture, say: Say) -> dict[str, str]:
    """In which CMake, pkg-config and CC build for an architecture."""
    gcc, gnu = toolchain.version("gcc"), architecture.gnu_name
    compiler = compilers.prepared([f"g++-{gcc}-{gnu}"], suites.machine().release, say)
    description = _sysroot(architecture, gcc, say)
    root = description.parent / "root"
    return {"PATH": f"{compiler}/usr/bin:{os.environ['PATH']}",
            "CC": f"{gnu}-gcc-{gcc} --sysroot={root} -L{root}/usr/lib/{gnu}",
            "CMAKE_TOOLCHAIN_FILE": str(description), "PKG_CONFIG_SYSROOT_DIR": str(root),
            "PKG_CONFIG_LIBDIR": f"{root}/usr/lib/{gnu}/pkgconfig:{root}/usr/share/pkgconfig"}


def _sysroot(architecture: architectures.Architecture, gcc: str, say: Say) -> pathlib.Path:
    """CMake's description of a tree "root" beside it, with headers and libraries."""
    origin = packages.Origin(architecture=architecture.name)
    chosen = packages.resolve(_LIBRARIES, origin)
    key = cache.digest(*map(str, chosen), gcc, _CMAKE)
    final = cache.path_of("sysroot", key)

    def unpack(directory: pathlib.Path) -> None:
        root = directory / "root"
        cpio.make_merged_usr(root)
        packages.unpack(packages.fetch(chosen, say, origin), root)
        (directory / "toolchain.cmake").write_text(
            _CMAKE.format(processor=architecture.gnu_name.partition("-")[0],
                          gnu=architecture.gnu_name, gcc=gcc, sysroot=final / "root"),
            encoding="ascii")

    return cache.entry("sysroot", key, unpack, f"unpacks libraries of {architecture.name}",
                       say) / "toolchain.cmake"
