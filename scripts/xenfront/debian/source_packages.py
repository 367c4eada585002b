# SPDX-License-Identifier: GPL-2.0-only
"""Upstream's sources of Debian's packages, by the machine's own apt."""

import pathlib
import re
import shutil

from xenfront import cache, process
from xenfront.command import Say
from xenfront.debian import packages
from xenfront.errors import Failure


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
