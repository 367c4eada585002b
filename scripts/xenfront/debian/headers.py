# SPDX-License-Identifier: GPL-2.0-only
"""What modules for a kernel are built with: its headers and the compiler of its Debian release.

Nothing is installed: the headers of another architecture would bring its compiler along, in the
place of the machine's. The build tools, which come apart from the headers, are programs of the
machine's architecture and serve any other.
"""

import os
import pathlib
import re
from typing import NamedTuple

from xenfront import architectures, cache
from xenfront.command import Say
from xenfront.debian import compilers, packages, releases
from xenfront.errors import Failure


class Headers(NamedTuple):
    """What a module is built against, and make's variables and the environment it takes."""

    directory: pathlib.Path
    variables: list[str]
    environment: dict[str, str]


class Toolchain(NamedTuple):
    """The compiler of a kernel and the programs of its build."""

    root: pathlib.Path
    # The version of the compiler: 12 of gcc-12.
    gcc: str

    @property
    def environment(self) -> dict[str, str]:
        """In which make finds them."""
        return {"PATH": f"{self.root}/usr/bin:{os.environ['PATH']}"}


def toolchain(release: releases.Release, architecture: str, say: Say) -> Toolchain:
    """What builds modules for a kernel, and could build the kernel."""
    depends = [package.name for package in packages.resolve([release.headers], release.origin)]
    wanted = tools(release.headers, depends, architecture)
    return Toolchain(compilers.prepared(wanted, release.origin.suite, say), wanted[0].split("-")[1])


def prepared(name: str, architecture: str, say: Say) -> Headers:
    """The headers of the kernel that releases.py calls `name`."""
    release = releases.find(name, architecture)
    headers = [package for package in packages.resolve([release.headers], release.origin)
               if package.name.startswith("linux-headers-")]
    programs = toolchain(release, architecture, say)
    key = cache.digest(*map(str, headers), str(programs.root), pathlib.Path(__file__).read_bytes())
    final = cache.path_of("headers", key)

    def build(directory: pathlib.Path) -> None:
        packages.unpack(packages.fetch(headers, say, release.origin), directory, everything=True)
        (directory / "usr/lib").mkdir(exist_ok=True)
        for kbuild in (programs.root / "usr/lib").glob("linux-kbuild-*"):
            (directory / "usr/lib" / kbuild.name).symlink_to(kbuild)
        for makefile in (directory / "usr/src").glob("*/Makefile"):
            text = makefile.read_text(encoding="utf-8")
            makefile.write_text(relocated(text, final), encoding="utf-8")

    where = cache.entry("headers", key, build, f"unpacks {release.headers}", say)
    variables = [] if architecture == packages.machine_architecture() else \
        [f"ARCH={architecture}", f"CROSS_COMPILE={architectures.ALL[architecture].gnu_name}-"]
    return Headers(where / "usr/src" / release.headers, variables, programs.environment)


def tools(headers: str, names: list[str], architecture: str) -> list[str]:
    """The packages to build with, from the names of all that `headers` depends on."""
    gcc = {match[1] for name in names if (match := re.fullmatch(r"gcc-(\d+)(-for-host)?", name))}
    kbuild = [name for name in names if name.startswith("linux-kbuild-")]
    if len(gcc) != 1 or len(kbuild) != 1:
        raise Failure(f"{headers} depends on {len(gcc)} compilers and {len(kbuild)} packages "
                      "linux-kbuild, not on one of each; run 'apt-get update' as root")
    compiler = f"g++-{gcc.pop()}"
    if architecture != packages.machine_architecture():
        compiler += f"-{architectures.ALL[architecture].gnu_name}"
    return [compiler, *kbuild, *(name for name in names if name == "pahole")]


def relocated(makefile: str, root: pathlib.Path) -> str:
    """The Makefile of Debian's headers, which names /usr/src, for headers below `root`."""
    return re.sub(r"^(include |KBUILD_OUTPUT=)/usr/src/", rf"\g<1>{root}/usr/src/", makefile,
                  flags=re.MULTILINE)
