# SPDX-License-Identifier: GPL-2.0-only
"""Programs for domains of another architecture: where they are built, and with what."""

import pathlib
from typing import Iterable
from unittest import mock

from support import DirectoryTest
from xenfront import ROOT, toolchain
from xenfront.debian import compilers, packages, suites
from xenfront.debian.packages import Origin, Package
from xenfront.lab import build


def resolve(names: Iterable[str], origin: Origin) -> list[Package]:
    return [Package(name, "1", origin.architecture) for name in names]


class Programs(DirectoryTest):
    def setUp(self) -> None:
        super().setUp()
        self.replace_cache()
        self.unpacked: list[Package] = []
        self.command: list[str] = []
        self.environment: dict[str, str] = {}
        self.replace(
            mock.patch.object(packages, "machine_architecture", return_value="amd64"),
            mock.patch.object(packages, "resolve", resolve),
            mock.patch.object(packages, "fetch", lambda chosen, *_: chosen),
            mock.patch.object(packages, "unpack",
                              lambda chosen, _root: self.unpacked.extend(chosen)),
            mock.patch.object(toolchain, "version", return_value="12"),
            mock.patch.object(suites, "machine",
                              return_value=suites.Mirrors("", "", "bookworm")),
            mock.patch.object(compilers, "prepared",
                              lambda names, suite, _: pathlib.Path("/", suite, *names)),
            mock.patch.object(build.subprocess, "run", self.run_make))

    def run_make(self, command: list[str], env: dict[str, str], **_: object) -> mock.Mock:
        self.command, self.environment = list(map(str, command)), env
        return mock.Mock(returncode=0 if "backend" in command else 2)

    def test_of_this_machine(self) -> None:
        self.assertTrue(build.programs("amd64", ["backend"], lambda _: None))
        self.assertEqual(self.command[-2:], [f"BUILD={ROOT}/build", "backend"])
        self.assertNotIn("CMAKE_TOOLCHAIN_FILE", self.environment)
        self.assertEqual(build.how_to("amd64"), "make")

    def test_of_another(self) -> None:
        self.assertTrue(build.programs("arm64", ["backend"], lambda _: None))
        self.assertEqual(self.command[-2:], [f"BUILD={ROOT}/build/arm64", "backend"])
        self.assertTrue(self.environment["PATH"].startswith(
            "/bookworm/g++-12-aarch64-linux-gnu/usr/bin:"))
        description = pathlib.Path(self.environment["CMAKE_TOOLCHAIN_FILE"])
        # CMake is told where the libraries are, not where they were unpacked at first.
        self.assertIn(f"set(CMAKE_SYSROOT {description.parent}/root)", description.read_text("ascii"))
        self.assertIn("set(CMAKE_SYSTEM_PROCESSOR aarch64)", description.read_text("ascii"))
        self.assertEqual({package.architecture for package in self.unpacked}, {"arm64"})
        self.assertIn("--arch arm64", build.how_to("arm64"))

    def test_failure(self) -> None:
        self.assertFalse(build.programs("arm64", ["nothing"], lambda _: None))
