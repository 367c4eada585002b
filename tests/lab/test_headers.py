# SPDX-License-Identifier: GPL-2.0-only
"""Headers of kernels that are not installed: which packages they are, and where they end up."""

import os
import pathlib
import tempfile
import unittest
from typing import Iterable
from unittest import mock

import support  # noqa: F401 # pylint: disable=unused-import
from labkit import headers, packages
from labkit.errors import LabError
from labkit.packages import Package

DEBIANS = "include /usr/src/linux-headers-6.1.0-1-common/Makefile\n"
HEADERS = [Package("linux-headers-6.1.0-1-arm64", "1", "arm64"),
           Package("linux-headers-6.1.0-1-common", "1", "all")]
TOOLS = Package("linux-kbuild-6.1", "1", "amd64")


def resolve(names: Iterable[str], origin: packages.Origin = packages.MACHINE) -> list[Package]:
    if origin.architecture:
        return [*HEADERS, TOOLS._replace(architecture=origin.architecture),
                Package("gcc-12", "12", origin.architecture)]
    return [Package(name, "1", "amd64") for name in names]


def unpack(archives: list[Package], root: pathlib.Path, everything: bool = False) -> None:
    del everything
    for package in archives:
        if package.name.startswith("linux-headers-"):
            directory = root / "usr/src" / package.name
            directory.mkdir(parents=True)
            (directory / "Makefile").write_text(DEBIANS, encoding="utf-8")
            if package.architecture != "all":
                (directory / "Module.symvers").touch()


class Prepared(unittest.TestCase):
    def setUp(self) -> None:
        temporary = tempfile.TemporaryDirectory(prefix="headers-")
        self.addCleanup(temporary.cleanup)
        self.fetched: list[tuple[Package, str]] = []
        for patch in (mock.patch.dict(os.environ, XDG_CACHE_HOME=temporary.name),
                      mock.patch.object(packages, "resolve", resolve),
                      mock.patch.object(packages, "fetch", self.fetch),
                      mock.patch.object(packages, "unpack", unpack)):
            patch.start()
            self.addCleanup(patch.stop)

    def fetch(self, chosen: list[Package], _: packages.Say,
              origin: packages.Origin = packages.MACHINE) -> list[Package]:
        self.fetched += [(package, origin.architecture) for package in chosen]
        return chosen

    def test_another_architecture(self) -> None:
        found = headers.prepared(headers.Variant("linux-headers-arm64", "arm64"), lambda _: None)
        self.assertEqual(found.directory.name, "linux-headers-6.1.0-1-arm64")
        self.assertEqual((found.directory / "Makefile").read_text(encoding="utf-8"),
                         "include $(dir $(lastword $(MAKEFILE_LIST)))../"
                         "linux-headers-6.1.0-1-common/Makefile\n")
        self.assertIn("ARCH=arm64", found.variables)
        self.assertEqual(set(found.environment), {"PATH", "LD_LIBRARY_PATH"})
        # The headers are arm64's, the programs this machine's, and its compiler is left alone.
        self.assertEqual(self.fetched[:3],
                         [(HEADERS[0], "arm64"), (HEADERS[1], "arm64"), (TOOLS, "")])
        self.assertFalse([package for package, _ in self.fetched if package.name == "gcc-12"])

    def test_no_headers(self) -> None:
        with self.assertRaisesRegex(LabError, "linux-image-amd64 depends on no headers"):
            headers.prepared(headers.Variant("linux-image-amd64"), lambda _: None)


class Relocated(unittest.TestCase):
    def test_only_what_debian_includes(self) -> None:
        other = "all:\n\tcat /usr/src/file\n"
        self.assertEqual(headers.relocated(other), other)


if __name__ == "__main__":
    unittest.main()
