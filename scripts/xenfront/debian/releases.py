# SPDX-License-Identifier: GPL-2.0-only
"""Debian's kernels by the names that the lab gives them: which suite has one, in which packages."""

import re
from typing import NamedTuple

from xenfront.debian import packages
from xenfront.errors import Failure, UsageError

FLAVOUR = "-rt"


class Line(NamedTuple):
    """Kernels that replace each other: always the newest of a suite."""

    suite: str
    # What stands before the architecture in the names of its packages, if it is not the suite's
    # usual kernel.
    series: str = ""


LINES = {
    "6.1": Line("bookworm"),
    "6.12+deb12": Line("bookworm", "6.12-"),
    "6.12+deb13": Line("trixie"),
    "trixie-backports": Line("trixie-backports"),
    "sid": Line("sid"),
}

ALIASES = {"6.12": "6.12+deb13"}

# The series of these change, so that apt is asked which they have.
_MOVING = ("trixie-backports", "sid")

# Where a single release may be found; a suite of backports includes what it adds to.
_ALL_SUITES = ("bookworm-backports", "trixie-backports", "sid")

NAMES = (f"{', '.join([*LINES, *ALIASES])}, the series that {' or '.join(_MOVING)} has (such as 7.3), "
         f"each also with {FLAVOUR} appended, or a release such as 6.12.118+deb13-amd64")


class Release(NamedTuple):
    """A kernel that apt offers."""

    name: str
    origin: packages.Origin
    # The packages with the kernel and its modules.
    images: tuple[packages.Package, ...]

    @property
    def headers(self) -> str:
        """The package that modules are built against."""
        return f"linux-headers-{self.name}"


def release_in(chosen: list[packages.Package], origin: packages.Origin) -> Release | None:
    """The kernel among the packages that apt would install; None if there is not one."""
    found = [package.name.removeprefix("linux-image-") for package in chosen
             if re.match(r"linux-image-\d+\.\d+\.\d", package.name)]
    if len(found) != 1:
        return None
    names = [f"linux-{part}-{found[0]}" for part in ("image", "binary", "modules")]
    return Release(found[0], origin, tuple(p for p in chosen if p.name in names))


def _newest(line: Line, flavour: str, architecture: str) -> Release:
    origin = packages.Origin(line.suite, architecture)
    package = f"linux-image-{line.series}{flavour}{architecture}"
    release = release_in(packages.resolve([package], origin), origin)
    if release is None:
        raise Failure(f"{package} of {line.suite} depends on no kernel; run 'apt-get update' as "
                      "root")
    return release


def find(name: str, architecture: str = "amd64") -> Release:
    """The kernel that is called `name`, see NAMES."""
    plain = name.removesuffix(FLAVOUR)
    flavour = f"{FLAVOUR[1:]}-" if plain != name else ""
    line = LINES.get(ALIASES.get(plain, plain))
    if line is not None:
        return _newest(line, flavour, architecture)
    if re.fullmatch(r"\d+\.\d+", plain):
        offered = {suite: _newest(LINES[suite], flavour, architecture) for suite in _MOVING}
        for release in offered.values():
            if release.name.startswith(f"{plain}."):
                return release
        has = ", ".join(f"{suite} has {release.name}" for suite, release in offered.items())
        raise UsageError(f"kernel {name}: {has}; else there are {NAMES}")
    if re.fullmatch(rf"\d+\.\d+\.\d+\S*-{architecture}", name):
        for suite in _ALL_SUITES:
            origin = packages.Origin(suite, architecture)
            try:
                release = release_in(packages.resolve([f"linux-image-{name}"], origin), origin)
            except Failure:
                continue
            if release is not None:
                return release
        raise UsageError(f"kernel {name}: none of {', '.join(_ALL_SUITES)} has it any more; there "
                         f"are {NAMES}")
    raise UsageError(f"kernel {name}: there are {NAMES}")
