# SPDX-License-Identifier: GPL-2.0-only
"""Sources by the machine's own apt: the kernel's, from Debian's linux-source packages, and upstream's
of other packages."""

import pathlib
import re
import shutil

from xenfront import cache, process
from xenfront.command import Say
from xenfront.debian import packages, releases
from xenfront.errors import Failure

_PREFIX = "linux-source-"

# The series of which the commands here take these parts: newer than any that has fewer tests, and in
# Debian 12 and 13.
SERIES = "6.12"
_PARTS = ["scripts/checkpatch.pl", "scripts/spelling.txt", "scripts/const_structs.checkpatch",
          "tools/testing/selftests/alsa", "tools/testing/selftests/kselftest.h"]


def _origin(name: str) -> packages.Origin:
    """The suite whose kernel is built from these sources, or else this machine's."""
    series = name.removeprefix(_PREFIX)
    line = releases.LINES.get(releases.ALIASES.get(series, series))
    return packages.Origin(line.suite) if line else packages.MACHINE


def kernel(series: str, origin: packages.Origin | None = None) -> packages.Package:
    """The package of a series ("6.1"), in the version that apt offers.

    `origin` is where it comes from if no kernel that the lab boots is made of it.
    """
    name = f"{_PREFIX}{series}"
    for chosen in packages.resolve([name], origin or _origin(name)):
        if chosen.name == name:
            return chosen
    raise Failure(f"apt knows no package {name}")


def extract(source: packages.Package, paths: list[str], directory: pathlib.Path,
            say: Say, origin: packages.Origin | None = None) -> None:
    """Puts `paths` of the sources, or everything when there are none, into `directory`."""
    archive, = packages.fetch([source], say, origin or _origin(source.name))
    unpacked = directory / "package"
    unpacked.mkdir()
    packages.unpack([archive], unpacked, everything=True)
    # As large as all other packages of the lab together, and seldom needed again.
    archive.unlink()
    process.output(["tar", "-xJf", unpacked / "usr" / "src" / f"{source.name}.tar.xz", "-C", directory,
                    "--strip-components=1", *(f"{source.name}/{path}" for path in paths)])
    shutil.rmtree(unpacked)


def parts(say: Say) -> pathlib.Path:
    """A directory of the cache with checkpatch and ALSA's selftests, as they are in the kernel's tree:
    out of a large package, which is downloaded and unpacked once for both."""
    source = kernel(SERIES)
    return cache.entry("parts", cache.digest(str(source), *_PARTS),
                       lambda directory: extract(source, _PARTS, directory, say),
                       f"takes checkpatch and ALSA's selftests out of {source}", say)


def unpacked(name: str, binary: str, say: Say) -> pathlib.Path:
    """A directory of the cache with what upstream released as source package `name`, in the version
    of its package `binary` that this machine's apt offers. Debian's changes are not applied."""
    built, = [package for package in packages.resolve([binary]) if package.name == binary]
    # Built once more without a change ("+b1"), it has the same source.
    version = re.sub(r"\+b\d+$", "", built.version)

    def build(directory: pathlib.Path) -> None:
        download = directory / "download"
        download.mkdir()
        packages.download_source(f"{name}={version}", download)
        archives = [path for path in download.glob(f"{name}_*.orig.tar.*") if path.suffix != ".asc"]
        if len(archives) != 1:
            raise Failure(f"the source package {name}={version} has {len(archives)} archives of "
                          "upstream's sources, and one is expected")
        process.output(["tar", "-xf", archives[0], "-C", directory, "--strip-components=1"])
        shutil.rmtree(download)

    return cache.entry("sources", cache.digest(name, version), build,
                       f"downloads the sources of {name} {version}", say)
