# SPDX-License-Identifier: GPL-2.0-only
"""How the machines of each architecture boot."""

import pathlib
import tempfile
import unittest

from xenfront import architectures
from xenfront.errors import Failure


def boot(directory: str, kernel_bytes: int = 5) -> architectures.Boot:
    root = pathlib.Path(directory)
    (root / "kernel").write_bytes(b"\0" * kernel_bytes)
    return architectures.Boot(root / "xen", "dom0_mem=1M,max:1M", root / "kernel",
                              "console=x,115200 quiet", root / "initramfs")


class Architectures(unittest.TestCase):
    def test_every_machine_has_its_programs_and_guests(self) -> None:
        self.assertEqual(sorted(architectures.ALL), ["amd64", "arm64"])
        for name, architecture in architectures.ALL.items():
            with self.subTest(name):
                self.assertEqual(architecture.name, name)
                self.assertTrue(architecture.qemu[0].startswith("qemu-system-"))
                self.assertTrue(architecture.dom0_console[-1].endswith("dom0"))
                self.assertIn("none", architecture.sounds)
                self.assertIn("pvh", architecture.guest_types)

    def test_multiboot(self) -> None:
        with tempfile.TemporaryDirectory(prefix="boot-") as directory:
            options = architectures.ALL["amd64"].boot(boot(directory))
            self.assertEqual(options, [
                "-kernel", f"{directory}/xen", "-append", "dom0_mem=1M,max:1M", "-initrd",
                f"{directory}/kernel console=x,,115200 quiet,{directory}/initramfs"])
        with tempfile.TemporaryDirectory(prefix="boot, ") as directory:
            with self.assertRaisesRegex(Failure, "comma"):
                architectures.ALL["amd64"].boot(boot(directory))

    def test_guest_loader(self) -> None:
        with tempfile.TemporaryDirectory(prefix="boot,") as directory:
            options = architectures.ALL["arm64"].boot(boot(directory, (2 << 20) + 1))
            escaped = directory.replace(",", ",,")
            self.assertEqual(options, [
                "-kernel", f"{directory}/xen", "-append", "dom0_mem=1M,max:1M",
                "-device", f"guest-loader,addr=0x49000000,kernel={escaped}/kernel,"
                           "bootargs=console=x,,115200 quiet",
                "-device", f"guest-loader,addr=0x49400000,initrd={escaped}/initramfs"])

    def test_initramfs_is_behind_the_kernel(self) -> None:
        for size in (1, 1 << 21, (1 << 21) + 1, 51642304):
            with self.subTest(size):
                address = architectures.arm64_initramfs(size)
                self.assertGreaterEqual(address, 0x49000000 + size)
                self.assertLess(address, 0x49000000 + size + (1 << 21))
                self.assertEqual(address % (1 << 21), 0)
