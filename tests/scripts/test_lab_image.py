# SPDX-License-Identifier: GPL-2.0-only
"""What xl is told of a guest, and how much memory an image is found to need."""

import gzip
import pathlib
import tempfile
import unittest

from support import DirectoryTest
from xenfront.errors import UsageError
from xenfront.lab import arguments as arguments_of
from xenfront.lab import image, options


def images(*arguments: str) -> image.Images:
    """Those of a run, before anything is fetched for it."""
    made = image.Images.__new__(image.Images)
    made._options = options.checked(arguments_of.parse(["run", *arguments]))
    return made


class Configuration(unittest.TestCase):
    def config(self, *arguments: str) -> list[str]:
        return images(*arguments)._xl_config(1).splitlines()  # pylint: disable=protected-access

    def test_guests_results_have_a_disk_each(self) -> None:
        self.assertIn("disk = [ 'vdev=xvde, access=rw, format=raw, backendtype=phy, "
                      "script=/lab/block, target=/dev/loop1' ]", self.config())

    def test_a_root_on_a_disk_is_everybodys_and_read_only(self) -> None:
        disks, = (line for line in self.config("--root", "disk", "--guests", "2")
                  if line.startswith("disk"))
        self.assertIn("'vdev=xvdf, access=ro,", disks)
        self.assertIn("target=/dev/loop2' ]", disks)

    def test_only_hvm_guests_have_a_device_model(self) -> None:
        self.assertIn('device_model_version = "qemu-xen"', self.config("--type", "hvm"))
        self.assertIn('type = "hvm"', self.config("--type", "hvm"))
        for guest_type in ("pv", "pvh"):
            self.assertFalse([line for line in self.config("--type", guest_type)
                              if "device_model" in line])

    def test_what_an_hvm_guest_boots_is_compressed(self) -> None:
        with tempfile.NamedTemporaryFile() as file:
            file.write(bytes(1000))
            file.flush()
            path = pathlib.Path(file.name)
            packed = images("--type", "hvm")._boot_image(path)  # pylint: disable=protected-access
            plain = images("--type", "pvh")._boot_image(path)  # pylint: disable=protected-access
        self.assertLess(len(packed), 100)
        self.assertEqual(gzip.decompress(packed), bytes(1000))
        self.assertEqual(plain, bytes(1000))

    def test_processors(self) -> None:
        self.assertIn("vcpus = 4", self.config("--vcpus", "4"))


class Memory(DirectoryTest):
    def check(self, mebibytes: int, *arguments: str) -> None:
        """Whether guests' images of that size can boot; a sparse file takes none of it."""
        path = self.directory / "image"
        with open(path, "wb") as handle:
            handle.truncate(mebibytes << 20)
        made = images(*arguments)
        made._domu_tree = path  # pylint: disable=protected-access
        made._check_memory(path)  # pylint: disable=protected-access

    def test_what_fits(self) -> None:
        self.check(200)
        self.check(100, "--root", "disk")

    def test_the_remedy_is_named(self) -> None:
        with self.assertRaisesRegex(UsageError, "--memory 896, or have it on a disk with --root disk"):
            self.check(400)
        with self.assertRaisesRegex(UsageError, "needs --dom0-memory 1600"):
            self.check(400, "--memory", "900")

    def test_a_disk_and_a_device_model_are_in_dom0s_memory(self) -> None:
        with self.assertRaisesRegex(UsageError, "--dom0-memory 1536: .* 400 MiB and needs "
                                                "--dom0-memory 1700"):
            self.check(200, "--root", "disk", "--type", "hvm")
