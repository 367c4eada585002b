# SPDX-License-Identifier: GPL-2.0-only
"""Dom0's files: of which Debian release, for each Xen on each machine."""

import pathlib
from typing import Iterable
import unittest
from unittest import mock

from support import DirectoryTest
from xenfront.debian import packages, suites
from xenfront.debian.packages import Package
from xenfront.lab import trees

VERSIONS = {"bookworm": ("4.17", "9"), "trixie": ("4.20", "10")}
MACHINE = "bookworm"


def resolve(names: Iterable[str], origin: packages.Origin = packages.MACHINE) -> list[Package]:
    """A release in which everything needs the C library, and the toolstack one of its own."""
    suite = origin.suite or MACHINE
    _, fmt = VERSIONS[suite]
    found = {*names, "libc6"}
    if {"libfmt-dev", "libseccomp-dev"} <= found:
        found |= {"libseccomp2", f"libfmt{fmt}"}
    for name in list(found):
        if name.startswith("xen-utils-4"):
            found.add(name.replace("xen-utils-", "libxenmisc"))
    return [Package(name, suite, "amd64") for name in sorted(found)]


class LeftOut(unittest.TestCase):
    def test_systemd_comes_with_its_own_package_only(self) -> None:
        self.assertIn("./lib/systemd/*", packages.left_out({"bash"}))
        wanted = packages.left_out({"bash", "systemd"})
        self.assertNotIn("./lib/systemd/*", wanted)
        self.assertIn("./usr/share/doc/*", wanted)


class Dom0(unittest.TestCase):
    def layers(self, machine: str, xen: str, architecture: str = "amd64") -> dict[str, set[str]]:
        """The names of the packages that Dom0 gets, by release, the undermost first."""
        with mock.patch.object(trees.suites, "machine", lambda: suites.Mirrors("", "", machine)), \
                mock.patch(f"{__name__}.MACHINE", machine), \
                mock.patch.object(packages, "resolve", resolve), \
                mock.patch.object(trees, "_tree", return_value=pathlib.Path("image")) as tree:
            trees.dom0_tree(xen, architecture, False, [], lambda _: None)
        self.assertEqual({layer.origin.architecture for layer in tree.call_args[0][1]}, {architecture})
        return {layer.origin.suite: {package.name for package in layer.contents}
                for layer in tree.call_args[0][1]}

    def test_machine_and_xen_of_one_release(self) -> None:
        layers = self.layers("bookworm", "4.17")
        self.assertEqual(list(layers), ["bookworm"])
        self.assertLessEqual({"xen-utils-4.17", "libseccomp2", "libfmt9", "bash"},
                             layers["bookworm"])

    def test_a_newer_xen_brings_its_release_and_the_backend_its_libraries(self) -> None:
        layers = self.layers("bookworm", "4.20")
        self.assertEqual(list(layers), ["bookworm", "trixie"])
        self.assertEqual(layers["bookworm"], {"libseccomp2", "libfmt9"})
        self.assertLessEqual({"xen-utils-4.20", "bash", "libc6"}, layers["trixie"])

    def test_an_older_xen_runs_on_the_machines_release(self) -> None:
        layers = self.layers("trixie", "4.17")
        self.assertEqual(list(layers), ["bookworm", "trixie"])
        self.assertLessEqual({"xen-utils-4.17", "libxenmisc4.17"}, layers["bookworm"])
        self.assertFalse({"bash", "libc6"} & layers["bookworm"])
        self.assertLessEqual({"libseccomp2", "libfmt10", "bash"}, layers["trixie"])

    def test_another_architecture_has_the_same(self) -> None:
        self.assertEqual(self.layers("bookworm", "4.20", "arm64"), self.layers("bookworm", "4.20"))

    def test_headers_of_libraries_stay_away(self) -> None:
        self.assertNotIn("libfmt-dev", self.layers("bookworm", "4.17")["bookworm"])


class Configure(DirectoryTest):
    def test_alternatives_are_linked_if_they_are_there(self) -> None:
        libraries = self.directory / "usr/lib/x86_64-linux-gnu"
        for path in ("blas/libblas.so.3", "pulseaudio/libpulsecommon-16.1.so.0"):
            self.write(f"usr/lib/x86_64-linux-gnu/{path}", "")
        for file in ("share/base-passwd/passwd.master", "share/base-passwd/group.master", "bin/x"):
            self.write(f"usr/{file}", "")
        (self.directory / "etc").mkdir()
        with mock.patch.object(trees, "_add_busybox_applets"):
            trees._configure(self.directory, self.directory)  # pylint: disable=protected-access
        self.assertEqual((libraries / "libblas.so.3").resolve(),
                         (libraries / "blas/libblas.so.3").resolve())
        self.assertFalse((libraries / "libpulsecommon-16.1.so.0").exists())


class DefaultXen(unittest.TestCase):
    def test_that_of_the_machines_release_or_the_newest(self) -> None:
        for release, xen in (("bookworm", "4.17"), ("trixie", "4.20"), ("forky", "4.20")):
            with mock.patch.object(suites, "codename", lambda release=release: release):
                self.assertEqual(trees.default_xen(), xen)
