# SPDX-License-Identifier: GPL-2.0-only
"""What modules are built with: which compiler, how its programs are started."""

import io
import pathlib
import shutil
import struct
import subprocess
import unittest
from unittest import mock

from support import DirectoryTest
from xenfront.debian import compilers, headers, packages
from xenfront.errors import Failure


def elf(machine: int = 62, kinds: tuple[int, ...] = (6, 3, 1)) -> bytes:
    """The start of a program for `machine` with segments of these kinds."""
    header = bytearray(64)
    header[:6] = b"\x7fELF\x02\x01"
    struct.pack_into("<H", header, 0x12, machine)
    struct.pack_into("<Q", header, 0x20, 64)
    struct.pack_into("<HH", header, 0x36, 56, len(kinds))
    return bytes(header) + b"".join(struct.pack("<I52x", kind) for kind in kinds)


class Tools(unittest.TestCase):
    def setUp(self) -> None:
        patch = mock.patch.object(packages, "machine_architecture", lambda: "amd64")
        patch.start()
        self.addCleanup(patch.stop)

    def tools(self, *names: str, architecture: str = "amd64") -> list[str]:
        return headers.tools("linux-headers-x", list(names), architecture)

    def test_the_sibling_of_the_kernels_compiler(self) -> None:
        self.assertEqual(self.tools("gcc-12", "gcc-12-base", "linux-kbuild-6.1"),
                         ["g++-12", "linux-kbuild-6.1"])

    def test_a_compiler_for_the_host(self) -> None:
        self.assertEqual(self.tools("gcc-16-base", "gcc-16-for-host", "gcc-16-x86-64-linux-gnu",
                                    "pahole", "linux-kbuild-7.2"),
                         ["g++-16", "linux-kbuild-7.2", "pahole"])

    def test_another_architecture(self) -> None:
        self.assertEqual(self.tools("gcc-14", "linux-kbuild-6.12", architecture="arm64"),
                         ["g++-14-aarch64-linux-gnu", "linux-kbuild-6.12"])

    def test_no_compiler_or_two(self) -> None:
        for names in (["linux-kbuild-6.1"], ["gcc-12", "gcc-13", "linux-kbuild-6.1"]):
            with self.assertRaisesRegex(Failure, "linux-headers-x depends on [02] compilers"):
                self.tools(*names)
        with self.assertRaisesRegex(Failure, "0 packages linux-kbuild"):
            self.tools("gcc-12")


class Relocated(unittest.TestCase):
    ROOT = pathlib.Path("/cache/headers")

    def test_what_debian_includes_and_where_it_builds(self) -> None:
        text = ("KBUILD_OUTPUT=/usr/src/linux-headers-7.3-amd64\n"
                "include /usr/src/linux-headers-7.3-common/Makefile\n")
        self.assertEqual(headers.relocated(text, self.ROOT),
                         text.replace("/usr/src/", "/cache/headers/usr/src/"))

    def test_nothing_else(self) -> None:
        other = "all:\n\tcat /usr/src/file\n"
        self.assertEqual(headers.relocated(other, self.ROOT), other)


class Programs(DirectoryTest):
    def test_who_wants_a_dynamic_linker(self) -> None:
        self.assertTrue(compilers.has_interpreter(io.BytesIO(elf())))
        self.assertFalse(compilers.has_interpreter(io.BytesIO(elf(kinds=(1, 6)))))
        self.assertFalse(compilers.has_interpreter(io.BytesIO(elf(machine=183))))
        self.assertFalse(compilers.has_interpreter(io.BytesIO(b"#!/bin/sh\n")))
        self.assertFalse(compilers.has_interpreter(io.BytesIO(b"")))

    def test_neither_libraries_nor_links_nor_scripts(self) -> None:
        for path, data in (("usr/bin/as", elf()), ("usr/bin/script", b"#!/bin/sh\n"),
                           ("usr/libexec/gcc/x/14/cc1", elf()), ("usr/share/as", elf()),
                           ("usr/lib/linux-kbuild-6.1/tools/objtool/objtool", elf()),
                           ("usr/libexec/gcc/x/14/liblto_plugin.so", elf())):
            self.write(path, data)
        (self.directory / "usr/bin/ld").symlink_to("as")
        self.assertEqual({path.name for path in compilers.programs(self.directory)},
                         {"as", "cc1", "objtool"})

    def test_a_script_in_its_place_starts_it(self) -> None:
        """With the arguments as they are, and by the name it was called by."""
        libraries = self.directory / "usr/lib/x86_64-linux-gnu"
        libraries.parent.mkdir(parents=True)
        libraries.symlink_to("/usr/lib/x86_64-linux-gnu")
        program = self.directory / "usr/bin/a shell"
        program.parent.mkdir()
        shutil.copy("/bin/sh", program)
        compilers.wrap(program, self.directory, self.directory)
        link = program.with_name("link")
        link.symlink_to(program.name)
        done = subprocess.run([link, "-c", 'echo "$0"; exit 3'], capture_output=True, text=True,
                              check=False)
        self.assertEqual((done.returncode, done.stdout, done.stderr), (3, f"{link}\n", ""))
