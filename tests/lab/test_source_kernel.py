# SPDX-License-Identifier: GPL-2.0-only
"""Kernels built here: whether a configuration is what was asked for, and which names mean one."""

import pathlib
import tempfile
import unittest
from unittest import mock

import support  # noqa: F401 # pylint: disable=unused-import
from labkit import boot_image, source_kernel, packages
from labkit.errors import LabError
from labkit.headers import Toolchain

FRAGMENT = """# a comment about CONFIG_THINGS
CONFIG_PROVE_LOCKING=y
CONFIG_NR_CPUS=4
# CONFIG_SLUB_TINY is not set
"""


class LostLines(unittest.TestCase):
    def test_all_there(self) -> None:
        config = "CONFIG_PROVE_LOCKING=y\nCONFIG_NR_CPUS=4\n# CONFIG_SLUB_TINY is not set\n"
        self.assertEqual(source_kernel.lost_lines(FRAGMENT, config), [])

    def test_not_set_is_true_of_the_unknown(self) -> None:
        config = "CONFIG_PROVE_LOCKING=y\nCONFIG_NR_CPUS=4\n"
        self.assertEqual(source_kernel.lost_lines(FRAGMENT, config), [])

    def test_another_value_is_lost(self) -> None:
        config = "# CONFIG_PROVE_LOCKING is not set\nCONFIG_NR_CPUS=64\nCONFIG_SLUB_TINY=y\n"
        self.assertEqual(source_kernel.lost_lines(FRAGMENT, config),
                         ["CONFIG_PROVE_LOCKING=y", "CONFIG_NR_CPUS=4",
                          "# CONFIG_SLUB_TINY is not set"])

    def test_a_longer_name_is_another_option(self) -> None:
        config = FRAGMENT + "CONFIG_SLUB_TINY_BUT_NOT_THIS=y\n"
        self.assertEqual(source_kernel.lost_lines(FRAGMENT, config), [])


class Build(unittest.TestCase):
    """The build of a kernel whose make makes nothing but the names of what it is asked for."""

    def setUp(self) -> None:
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.cache = pathlib.Path(temporary.name)
        self.dropped_in: list[str] = []
        self.config = ""
        source = packages.Package("linux-source-6.1", "6.1.1-1", "all")
        for patch in (
                mock.patch.dict("os.environ", {"XDG_CACHE_HOME": temporary.name,
                                               "MAKEFLAGS": "n"}),
                mock.patch.object(source_kernel.linux_source, "package", return_value=source),
                mock.patch.object(source_kernel.linux_source, "extract"),
                mock.patch.object(source_kernel.releases, "find"),
                mock.patch.object(source_kernel.headers, "toolchain",
                                  return_value=Toolchain(pathlib.Path("/toolchain"), "12")),
                mock.patch.object(boot_image, "loadable_part", lambda elf: elf),
                mock.patch.object(source_kernel.subprocess, "run", self._make)):
            patch.start()
            self.addCleanup(patch.stop)

    def _make(self, command: list[str], cwd: pathlib.Path, env: dict[str, str],
              **_options: object) -> mock.Mock:
        self.assertNotIn("MAKEFLAGS", env)
        self.assertTrue(env["PATH"].startswith("/toolchain/usr/bin:"))
        if command[0].endswith("drop-in"):
            self.dropped_in.append(command[1])
            return mock.Mock(returncode=0)
        self.assertIn("HOSTCC=gcc-12", command)
        self.assertTrue({"CC=gcc-12", "LLVM=-19"} & set(command))
        if command[-1] == "tinyconfig":
            (cwd / ".config").write_text("")
        elif command[-1] == "olddefconfig":
            self.config = (cwd / ".config").read_text(encoding="utf-8")
        elif command[-1] == "modules":
            for directory in ("include/config", "scripts", "arch/x86", "tools/objtool"):
                (cwd / directory).mkdir(parents=True)
            for name in ("Makefile", "Module.symvers"):
                (cwd / name).touch()
            (cwd / "include/config/kernel.release").write_text("6.1.1-debug\n")
            (cwd / "vmlinux").write_bytes(b"\x7fELF")
        return mock.Mock(returncode=0)

    def test_kernel_and_headers_are_kept(self) -> None:
        kernel = source_kernel.by_name("debug-6.1", [], lambda _text: None)
        self.assertEqual(kernel.release, "6.1.1-debug")
        self.assertEqual(kernel.elf.read_bytes(), b"\x7fELF")
        headers = source_kernel.prepared("debug-6.1", lambda _text: None)
        self.assertTrue((headers.directory / "include/config/kernel.release").exists())
        self.assertTrue((headers.directory / "tools/objtool").is_dir())
        self.assertIn("CC=gcc-12", headers.variables)
        self.assertFalse((kernel.elf.parent / "source").exists())
        self.assertIn("CONFIG_PROVE_LOCKING=y\n", self.config)
        self.assertIn('CONFIG_LOCALVERSION="-xen-front-debug"\n', self.config)
        self.assertEqual(self.dropped_in, [])

    def test_the_driver_in_its_tree(self) -> None:
        for name, value in (("built-in-6.1", "y"), ("in-tree-6.1", "m")):
            source_kernel.by_name(name, [], lambda _text: None)
            self.assertIn(f"CONFIG_SND_XEN_FRONT={value}\n", self.config)
            self.assertNotIn("CONFIG_PROVE_LOCKING", self.config)
        self.assertEqual(len(self.dropped_in), 2)

    def test_changed_sources_of_the_driver_make_another_kernel(self) -> None:
        def build(sources: list[bytes], name: str) -> int:
            with mock.patch.object(source_kernel, "_driver_sources", lambda: sources):
                source_kernel.by_name(name, [], lambda _text: None)
            return len(list(self.cache.glob("*/*-kernel-*")))

        self.assertEqual([build([source], "built-in-6.1") for source in (b"a", b"b", b"a")],
                         [1, 2, 2])
        self.assertEqual([build([source], "debug-6.1") for source in (b"a", b"b")], [3, 3])

    def test_clang(self) -> None:
        clang = [packages.Package("clang", "1:19.0", "amd64"),
                 packages.Package("clang-19", "1:19.1", "amd64")]
        with mock.patch.object(source_kernel.packages, "resolve", return_value=clang), \
                mock.patch.object(source_kernel.suites, "base_of", return_value="trixie"), \
                mock.patch.object(source_kernel.compilers, "prepared",
                                  return_value=pathlib.Path("/clang")) as prepared:
            headers = source_kernel.prepared("clang-6.1", lambda _text: None)
        self.assertEqual(prepared.call_args[0][0], ["clang-19", "lld-19", "llvm-19"])
        self.assertIn("LLVM=-19", headers.variables)
        self.assertIn("/clang/usr/bin", headers.environment["PATH"])
        self.assertIn("CONFIG_CFI_CLANG=y\n", self.config)


class Names(unittest.TestCase):
    def test_other_names_are_debians(self) -> None:
        with mock.patch.object(source_kernel.kernels, "debian_kernel") as debian:
            source_kernel.by_name("6.1", ["loop"], print)
        debian.assert_called_once_with("6.1", ["loop"], print)

    def test_series_without_source(self) -> None:
        with mock.patch.object(packages, "resolve", return_value=[]), \
                self.assertRaisesRegex(LabError, "kernel"):
            source_kernel.by_name("debug-9.9", [], print)


if __name__ == "__main__":
    unittest.main()
