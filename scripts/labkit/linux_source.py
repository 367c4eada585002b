# SPDX-License-Identifier: GPL-2.0-only
"""The kernel's sources, from Debian's linux-source packages of the suite whose kernel they are."""

import pathlib
import shutil
import subprocess

from . import packages, releases
from .errors import LabError


_PREFIX = "linux-source-"


def _origin(name: str) -> packages.Origin:
    """The suite whose kernel is built from these sources."""
    return releases.find(name.removeprefix(_PREFIX)).origin


def package(series: str) -> packages.Package:
    """The package of a series ("6.1"), in the version that apt offers."""
    name = f"{_PREFIX}{series}"
    for chosen in packages.resolve([name], _origin(name)):
        if chosen.name == name:
            return chosen
    raise LabError(f"apt knows no package {name}")


def extract(source: packages.Package, paths: list[str], directory: pathlib.Path,
            say: packages.Say) -> None:
    """Puts `paths` of the sources, or everything when there are none, into `directory`."""
    archive, = packages.fetch([source], say, _origin(source.name))
    unpacked = directory / "package"
    unpacked.mkdir()
    packages.unpack([archive], unpacked, everything=True)
    # As large as all other packages of the lab together, and seldom needed again.
    archive.unlink()
    tarball = unpacked / "usr" / "src" / f"{source.name}.tar.xz"
    command = ["tar", "-xJf", str(tarball), "-C", str(directory), "--strip-components=1",
               *(f"{source.name}/{path}" for path in paths)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise LabError(f"cannot take {', '.join(paths) or 'everything'} out of {tarball.name}: "
                       f"{done.stderr.strip()}")
    shutil.rmtree(unpacked)
