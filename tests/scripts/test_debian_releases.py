# SPDX-License-Identifier: GPL-2.0-only
"""Which kernel of which suite a name means."""

from typing import Iterable
from unittest import mock

from support import DirectoryTest
from xenfront.debian import kernels, packages, releases
from xenfront.debian.packages import Origin, Package
from xenfront.errors import Failure, UsageError

# What each suite has, by the package that is asked for.
OFFERED = {
    ("bookworm", "linux-image-amd64"): ["linux-base", "linux-image-6.1.0-56-amd64"],
    ("bookworm", "linux-image-6.12-rt-amd64"): ["linux-image-6.12.117+deb12-rt-amd64"],
    ("trixie", "linux-image-amd64"): ["linux-image-6.12.118+deb13-amd64"],
    ("trixie", "linux-image-arm64"): ["linux-image-6.12.118+deb13-arm64"],
    ("trixie-backports", "linux-image-amd64"): [
        "linux-base-7.3.4+deb13-amd64", "linux-binary-7.3.4+deb13-amd64",
        "linux-image-7.3.4+deb13-amd64", "linux-modules-7.3.4+deb13-amd64", "linux-modules-amd64"],
    ("sid", "linux-image-amd64"): ["linux-image-7.2.13+deb14-amd64"],
    ("trixie-backports", "linux-image-6.12.115+deb13.1-amd64"): [
        "linux-image-6.12.115+deb13.1-amd64"],
}


def resolve(names: Iterable[str], origin: Origin) -> list[Package]:
    name, = names
    if (origin.suite, name) not in OFFERED:
        raise Failure(f"Unable to locate package {name}")
    return [Package(found, "1", "amd64") for found in sorted({*OFFERED[origin.suite, name], name})]


class Find(DirectoryTest):
    def setUp(self) -> None:
        super().setUp()
        self.replace(mock.patch.object(packages, "resolve", resolve))

    def test_series_of_debian_12_and_13_are_told_apart(self) -> None:
        self.assertEqual(releases.find("6.1").name, "6.1.0-56-amd64")
        self.assertEqual(releases.find("6.12").name, "6.12.118+deb13-amd64")
        self.assertEqual(releases.find("6.12+deb13"), releases.find("6.12"))
        self.assertEqual(releases.find("6.12+deb12-rt").name, "6.12.117+deb12-rt-amd64")

    def test_a_plain_kernel_is_no_other_flavour(self) -> None:
        self.assertNotIn("rt", releases.find("6.12").name)
        self.assertNotIn("cloud", releases.find("6.12").name)

    def test_the_kernel_may_be_in_several_packages(self) -> None:
        self.assertEqual([package.name for package in releases.find("trixie-backports").images],
                         ["linux-binary-7.3.4+deb13-amd64", "linux-image-7.3.4+deb13-amd64",
                          "linux-modules-7.3.4+deb13-amd64"])

    def test_series_of_suites_that_move_on(self) -> None:
        self.assertEqual(releases.find("7.3").origin.suite, "trixie-backports")
        self.assertEqual(releases.find("7.2").headers, "linux-headers-7.2.13+deb14-amd64")
        with self.assertRaisesRegex(UsageError, "trixie-backports has 7.3.4.*sid has 7.2.13"):
            releases.find("7.1")

    def test_a_single_release(self) -> None:
        self.assertEqual(releases.find("6.12.115+deb13.1-amd64").name, "6.12.115+deb13.1-amd64")
        with self.assertRaisesRegex(UsageError, "none of .* has it any more"):
            releases.find("6.12.1+deb13-amd64")

    def test_another_architecture(self) -> None:
        found = releases.find("6.12", "arm64")
        self.assertEqual((found.name, found.origin),
                         ("6.12.118+deb13-arm64", Origin("trixie", "arm64")))

    def test_what_is_no_name(self) -> None:
        for name in ("latest", "6.12-cloud", "", "6", "6.12+deb14"):
            with self.assertRaisesRegex(UsageError, "there are 6.1, 6.12.deb12"):
                releases.find(name)


class Contents(DirectoryTest):
    RELEASE = "7.3.4+deb13-amd64"

    def make(self, *names: str) -> None:
        for name in names:
            self.write(name, "")

    def test_as_until_debian_13(self) -> None:
        self.make(f"boot/vmlinuz-{self.RELEASE}", f"lib/modules/{self.RELEASE}/modules.order")
        self.assertEqual(kernels.contents(self.directory, self.RELEASE),
                         (self.directory / f"boot/vmlinuz-{self.RELEASE}",
                          self.directory / f"lib/modules/{self.RELEASE}"))

    def test_all_of_it_under_usr(self) -> None:
        self.make(f"usr/lib/modules/{self.RELEASE}/vmlinuz")
        modules = self.directory / "usr/lib/modules" / self.RELEASE
        self.assertEqual(kernels.contents(self.directory, self.RELEASE), (modules / "vmlinuz", modules))

    def test_no_modules(self) -> None:
        self.make(f"boot/vmlinuz-{self.RELEASE}", "usr/lib/modules/other/modules.order")
        with self.assertRaisesRegex(Failure, "no directory of modules: .* usr/lib/modules/7"):
            kernels.contents(self.directory, self.RELEASE)
