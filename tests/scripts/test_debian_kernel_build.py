# SPDX-License-Identifier: GPL-2.0-only
"""The debug kernel: whether a configuration is what was asked for, and which names mean one."""

import pathlib
import subprocess
import unittest
from unittest import mock

from support import DirectoryTest
from xenfront.debian import boot_image, debug_kernel, packages, sources
from xenfront.debian.headers import Toolchain
from xenfront.errors import Failure, UsageError
from xenfront.uml import kernel

FRAGMENT = """# a comment about CONFIG_THINGS
CONFIG_PROVE_LOCKING=y
CONFIG_NR_CPUS=4
# CONFIG_SLUB_TINY is not set
"""


class LostLines(unittest.TestCase):
    def test_all_there(self) -> None:
        config = "CONFIG_PROVE_LOCKING=y\nCONFIG_NR_CPUS=4\n# CONFIG_SLUB_TINY is not set\n"
        self.assertEqual(debug_kernel.lost_lines(FRAGMENT, config), [])

    def test_not_set_is_true_of_the_unknown(self) -> None:
        config = "CONFIG_PROVE_LOCKING=y\nCONFIG_NR_CPUS=4\n"
        self.assertEqual(debug_kernel.lost_lines(FRAGMENT, config), [])

    def test_another_value_is_lost(self) -> None:
        config = "# CONFIG_PROVE_LOCKING is not set\nCONFIG_NR_CPUS=64\nCONFIG_SLUB_TINY=y\n"
        self.assertEqual(debug_kernel.lost_lines(FRAGMENT, config),
                         ["CONFIG_PROVE_LOCKING=y", "CONFIG_NR_CPUS=4",
                          "# CONFIG_SLUB_TINY is not set"])

    def test_a_longer_name_is_another_option(self) -> None:
        config = FRAGMENT + "CONFIG_SLUB_TINY_BUT_NOT_THIS=y\n"
        self.assertEqual(debug_kernel.lost_lines(FRAGMENT, config), [])


class Build(DirectoryTest):
    """The build of a kernel whose make makes nothing but the names of what it is asked for."""

    def setUp(self) -> None:
        super().setUp()
        self.replace_cache()
        source = packages.Package("linux-source-6.1", "6.1.1-1", "all")
        self.replace(
            mock.patch.dict("os.environ", MAKEFLAGS="n"),
            mock.patch.object(sources, "kernel", return_value=source),
            mock.patch.object(sources, "extract"),
            mock.patch.object(debug_kernel.releases, "find"),
            mock.patch.object(debug_kernel.headers, "toolchain",
                              return_value=Toolchain(pathlib.Path("/toolchain"), "12")),
            mock.patch.object(boot_image, "loadable_part", lambda elf: elf),
            mock.patch.object(subprocess, "run", self._make))

    def _make(self, command: list[str], cwd: pathlib.Path | None = None,
              env: dict[str, str] | None = None, **_options: object) -> mock.Mock:
        if cwd is None or env is None:
            return mock.Mock(returncode=0, stdout="12.2.0\n")
        self.assertNotIn("MAKEFLAGS", env)
        self.assertIn("CC=gcc-12", command)
        if "ARCH=um" not in command:
            self.assertTrue(env["PATH"].startswith("/toolchain/usr/bin:"))
        if command[-1] == "tinyconfig":
            (cwd / ".config").write_text("")
        elif command[-1] == "modules":
            for directory in ("include/config", "scripts", "arch/x86", "arch/um", "tools/objtool",
                              "sound/drivers"):
                (cwd / directory).mkdir(parents=True)
            for name in ("Makefile", "Module.symvers", "linux", "sound/drivers/snd-dummy.ko"):
                (cwd / name).touch()
            (cwd / "include/config/kernel.release").write_text("6.1.1-debug\n")
            (cwd / "vmlinux").write_bytes(b"\x7fELF")
        return mock.Mock(returncode=0, stdout="")

    def test_that_of_user_mode_linux(self) -> None:
        self.replace(mock.patch.object(kernel.toolchain, "version", return_value="12"),
                     mock.patch.object(debug_kernel, "lost_lines", return_value=[]))
        where = kernel.built(kernel.MODES["smp"], lambda _text: None)
        self.assertTrue((where / "linux").exists())
        for path in ("arch/um", "arch/x86", "sound/drivers/snd-dummy.ko", "Module.symvers"):
            self.assertTrue((where / "headers" / path).exists(), path)
        self.assertEqual({path.name for path in where.iterdir()}, {"linux", "headers"})

    def test_kernel_and_headers_are_kept(self) -> None:
        kernel = debug_kernel.by_name("debug-6.1", "amd64", [], lambda _text: None)
        self.assertEqual(kernel.release, "6.1.1-debug")
        self.assertEqual(kernel.elf.read_bytes(), b"\x7fELF")
        headers = debug_kernel.prepared("debug-6.1", lambda _text: None)
        self.assertTrue((headers.directory / "include/config/kernel.release").exists())
        self.assertTrue((headers.directory / "tools/objtool").is_dir())
        self.assertIn("CC=gcc-12", headers.variables)
        self.assertFalse((kernel.elf.parent / "source").exists())


class Names(unittest.TestCase):
    def test_another_architecture(self) -> None:
        with self.assertRaisesRegex(UsageError, "amd64 only, not for arm64"):
            debug_kernel.by_name("debug-6.1", "arm64", [], print)

    def test_series_without_source(self) -> None:
        with mock.patch.object(packages, "resolve", return_value=[]), \
                self.assertRaisesRegex(Failure, "linux-source-9.9"):
            debug_kernel.by_name("debug-9.9", "amd64", [], print)
