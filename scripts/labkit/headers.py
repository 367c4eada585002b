# SPDX-License-Identifier: GPL-2.0-only
"""Kernel headers and a cross compiler from Debian packages, unpacked and not installed.

The headers of another architecture would bring its compiler along, in the place of the machine's.
Their build tools are programs of the machine's architecture and serve any other.
"""

import os
import pathlib
from typing import NamedTuple

from . import cache, packages
from .errors import LabError

_COMPILER = "g++-12-aarch64-linux-gnu"
_TRIPLET = "aarch64-linux-gnu-"


class Variant(NamedTuple):
    """A Debian kernel: the package that names its newest headers, and where they can run."""

    package: str
    # Debian's name, or empty when it is this machine's.
    architecture: str = ""


class Headers(NamedTuple):
    """What a module is built against, and make's variables and the environment it takes."""

    directory: pathlib.Path
    variables: list[str]
    environment: dict[str, str]


def prepared(variant: Variant, say: packages.Say) -> Headers:
    """The headers of a variant, from the cache or the packages."""
    origin = packages.Origin(architecture=variant.architecture)
    chosen = [package for package in packages.resolve([variant.package], origin)
              if package.name.startswith(("linux-headers-", "linux-kbuild-"))]
    headers = [package for package in chosen if package.name.startswith("linux-headers-")]
    # Of the machine's own architecture, whatever the headers are for.
    wanted = [package.name for package in chosen if package.name.startswith("linux-kbuild-")]
    tools = [package for package in packages.resolve(wanted) if package.name in wanted]
    if not headers or not tools:
        raise LabError(f"{variant.package} depends on no headers or no build tools, but on "
                       f"{', '.join(map(str, chosen)) or 'nothing'}; run 'apt-get update' as root")

    def build(directory: pathlib.Path) -> None:
        root = directory / "root"
        root.mkdir()
        packages.unpack([*packages.fetch(headers, say, origin),
                         *packages.fetch(tools, say)], root, everything=True)
        for makefile in (root / "usr/src").glob("*/Makefile"):
            text = makefile.read_text(encoding="utf-8")
            makefile.write_text(relocated(text), encoding="utf-8")

    where = cache.entry("headers", cache.digest(*map(str, [*headers, *tools]), _own_source()),
                        build, f"unpacks {variant.package}", say)
    found = [path.parent for path in (where / "root/usr/src").glob("*/Module.symvers")]
    if len(found) != 1:
        raise LabError(f"{variant.package} has {len(found)} files Module.symvers, not 1; remove "
                       f"{where} and try again")
    if not variant.architecture:
        return Headers(found[0], [], {})
    return Headers(found[0], [f"ARCH={variant.architecture}", f"CROSS_COMPILE={_TRIPLET}"],
                   _cross_environment(say))


def relocated(makefile: str) -> str:
    """The Makefile of Debian's headers, which includes that of the common ones, for any place."""
    here = "include $(dir $(lastword $(MAKEFILE_LIST)))../"
    return "".join(here + line.removeprefix("include /usr/src/")
                   if line.startswith("include /usr/src/") else line
                   for line in makefile.splitlines(keepends=True))


def _cross_environment(say: packages.Say) -> dict[str, str]:
    """The environment in which the cross compiler is found; its libraries are the machine's."""
    chosen = [package for package in packages.resolve([_COMPILER])
              if "aarch64-linux-gnu" in package.name or package.name == "libgcc-12-dev-arm64-cross"]

    def build(directory: pathlib.Path) -> None:
        root = directory / "root"
        root.mkdir()
        packages.unpack(packages.fetch(chosen, say), root)

    where = cache.entry("compiler", cache.digest(*map(str, chosen), _own_source()), build,
                        f"unpacks {_COMPILER}", say)
    return {"PATH": f"{where}/root/usr/bin:{os.environ['PATH']}",
            "LD_LIBRARY_PATH": f"{where}/root/usr/lib/x86_64-linux-gnu"}


def _own_source() -> bytes:
    return pathlib.Path(__file__).read_bytes()
