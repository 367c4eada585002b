# SPDX-License-Identifier: GPL-2.0-only
"""Archives, kernels, packages and results: the parts that need neither network nor QEMU."""

import io
import os
import struct
import tarfile
import unittest
import zlib

from support import DirectoryTest
from xenfront import cache, cpio
from xenfront.debian import boot_image, kernels, module_files, packages
from xenfront.errors import Failure
from xenfront.lab import results


def entries(archive: bytes) -> dict[str, tuple[int, bytes]]:
    """Reads a newc archive back: name to mode and data."""
    found = {}
    position = 0
    while archive[position:position + 6] == b"070701":
        fields = [int(archive[position + 6 + 8 * i:position + 14 + 8 * i], 16) for i in range(13)]
        name_start = position + 110
        name = archive[name_start:name_start + fields[11] - 1].decode()
        data_start = (name_start + fields[11] + 3) & ~3
        found[name] = (fields[1], archive[data_start:data_start + fields[6]])
        position = (data_start + fields[6] + 3) & ~3
    return found


class Cpio(DirectoryTest):
    def test_round_trip(self) -> None:
        output = io.BytesIO()
        with cpio.Writer(output) as archive:
            archive.directory("etc")
            archive.data("etc/odd", b"12345")
            archive.symlink("bin", "usr/bin")
            archive.character_device("dev/console", 5, 1)
        found = entries(output.getvalue())
        self.assertEqual(found["etc/odd"], (0o100644, b"12345"))
        self.assertEqual(found["bin"], (0o120777, b"usr/bin"))
        self.assertEqual(found["dev/console"][0], 0o020600)
        self.assertIn("TRAILER!!!", found)
        self.assertEqual(len(output.getvalue()) % 4096, 0)

    def test_overlay_goes_to_merged_usr(self) -> None:
        self.write("lib/modules/x.ko", "module")
        self.write("bin/tool", "tool").chmod(0o755)
        output = io.BytesIO()
        with cpio.Writer(output) as archive:
            archive.tree(self.directory)
        found = entries(output.getvalue())
        self.assertEqual(found["usr/bin/tool"], (0o100755, b"tool"))
        self.assertEqual(found["usr/lib/modules/x.ko"][1], b"module")
        self.assertNotIn("bin", found)
        self.assertNotIn("lib", found)

    def test_a_tree_below_a_directory(self) -> None:
        self.write("sbin/tool", "tool")
        output = io.BytesIO()
        with cpio.Writer(output) as archive:
            archive.tree(self.directory, "over/")
        found = entries(output.getvalue())
        self.assertEqual(found["over/usr/sbin/tool"][1], b"tool")
        self.assertNotIn("over/sbin", found)


def header(kind: int, offset: int, size: int, memory: int) -> bytes:
    """Of a segment, as elf(5) has it."""
    return struct.pack("<IIQQQQQQ", kind, 5, offset, 0x1000, 0x1000, size, memory, 4096)


def loadable(headers: bytes) -> tuple[bytes, tuple[int, ...], tuple[int, ...]]:
    """What is loaded of a kernel with two segments of "codenote", and their new headers."""
    elf = bytearray(0x9000)
    elf[:6] = b"\x7fELF\x02\x01"
    struct.pack_into("<QQ", elf, 0x20, 64, 0x8000)
    struct.pack_into("<HHHHHH", elf, 0x34, 64, 56, 2, 64, 9, 8)
    elf[64:176] = headers
    elf[0x2000:0x2008] = b"codenote"
    small = boot_image.loadable_part(bytes(elf))
    load, note = (struct.unpack_from("<IIQQQQQQ", small, 64 + 56 * i) for i in range(2))
    return small, load, note


class Kernels(unittest.TestCase):
    def test_bzimage(self) -> None:
        payload = zlib.compressobj(wbits=31)
        compressed = payload.compress(b"\x7fELF kernel") + payload.flush()
        image = bytearray(512 * 5)
        image[0x1F1] = 4
        image[0x202:0x206] = b"HdrS"
        struct.pack_into("<II", image, 0x248, 16, len(compressed))
        image += b"\0" * 16 + compressed
        self.assertEqual(boot_image.decompress_bzimage(bytes(image)), b"\x7fELF kernel")
        self.assertIsNone(boot_image.decompress_bzimage(b"\0" * 4096))
        image[512 * 5 + 16:512 * 5 + 20] = b"????"
        with self.assertRaisesRegex(Failure, "3f3f3f3f"):
            boot_image.decompress_bzimage(bytes(image))

    def test_loadable_part(self) -> None:
        small, load, note = loadable(header(1, 0x2000, 0x3000, 0x4000) + header(4, 0x2004, 4, 4))
        self.assertEqual(small[load[2]:load[2] + load[5]], b"codenote")
        self.assertEqual(load[6], 0x4000)
        self.assertEqual(small[note[2]:note[2] + note[5]], b"note")
        self.assertEqual(struct.unpack_from("<HH", small, 0x3C), (0, 0))
        self.assertEqual(len(small), 8192)

    def test_note_that_ends_in_zeros(self) -> None:
        """At a segment's end, zeros of a note are not the segment's to lose."""
        small, load, note = loadable(header(1, 0x2000, 0x3000, 0x3000) + header(4, 0x2004, 8, 8))
        self.assertEqual(small[load[2]:load[2] + load[5]], b"codenote\0\0\0\0")
        self.assertEqual(note[2], load[2] + 4)

    def test_what_is_booted(self) -> None:
        arm64 = b"MZ" + b"\0" * 0x36 + b"ARM\x64" + b"code"
        self.assertEqual(kernels.uncompressed(arm64), arm64)
        self.assertIsNone(kernels.uncompressed(arm64.replace(b"ARM", b"arm")))

    def test_release_in_image(self) -> None:
        self.assertEqual(boot_image.release_of(b"\0Linux version 6.1.9-x (me@here) (gcc)"), "6.1.9-x")
        self.assertEqual(boot_image.release_of(b"\0006.1.9-x (me@here) #1 SMP\0"), "6.1.9-x")
        self.assertIsNone(boot_image.release_of(b"nothing"))

    def test_modinfo_of_something_else(self) -> None:
        self.assertEqual(module_files.modinfo(b"not an ELF file"), {})


class Packages(unittest.TestCase):
    def test_simulation(self) -> None:
        output = ("Reading package lists...\n"
                  "Inst libc6 (2.36-9 Debian:12.1/stable [amd64]) []\n"
                  "Inst busybox (1:1.35.0-4 Debian:12.1/stable, Debian-Security:12 [amd64])\n"
                  "Conf libc6 (2.36-9 Debian:12.1/stable [amd64])\n")
        self.assertEqual(packages.parse_simulation(output),
                         [packages.Package("busybox", "1:1.35.0-4", "amd64"),
                          packages.Package("libc6", "2.36-9", "amd64")])

    def test_keys_depend_on_boundaries(self) -> None:
        self.assertNotEqual(cache.digest("ab", "c"), cache.digest("a", "bc"))
        self.assertEqual(cache.digest("a", b"b"), cache.digest(b"a", "b"))


class Results(DirectoryTest):
    def setUp(self) -> None:
        super().setUp()
        self.disk = self.directory / "disk"

    def _archive(self, names: list[str]) -> None:
        with tarfile.open(self.disk, "w") as archive:
            for name in names:
                member = tarfile.TarInfo(name)
                member.size = 4
                archive.addfile(member, io.BytesIO(b"\0\1\2\xff"))
            link = tarfile.TarInfo("out/files/link")
            link.type = tarfile.SYMTYPE
            link.linkname = "/etc/passwd"
            archive.addfile(link)
        with open(self.disk, "r+b") as handle:
            handle.truncate(1 << 22)

    def test_complete(self) -> None:
        self._archive(["out/files/a", "out/status", "complete"])
        self.assertIsNone(results.unpack(self.disk, 0, self.directory / "domu0"))
        self.assertEqual((self.directory / "domu0/files/a").read_bytes(), b"\0\1\2\xff")
        self.assertEqual((self.directory / "domu0/files/link.link").read_text("utf-8"),
                         "/etc/passwd\n")

    def test_archive_cannot_leave_its_directory(self) -> None:
        self._archive(["out/../../escaped", "/out/absolute", "etc/other", "complete"])
        self.assertIsNone(results.unpack(self.disk, 0, self.directory / "domu0"))
        self.assertFalse((self.directory / "escaped").exists())
        self.assertEqual([path.name for path in (self.directory / "domu0").rglob("*")],
                         ["files", "link.link"])

    def test_archive_cannot_reach_into_the_next(self) -> None:
        header = tarfile.TarInfo("out/files/long")
        header.size = results.ARCHIVE_BYTES
        with open(self.disk, "wb") as handle:
            handle.write(header.tobuf())
            handle.truncate(2 * results.ARCHIVE_BYTES)
        self.assertRegex(results.unpack(self.disk, 0, self.directory / "a"), "more than its place")
        self.assertFalse((self.directory / "a/files").exists())

    def test_nothing_and_a_part(self) -> None:
        with open(self.disk, "wb") as handle:
            handle.truncate(1 << 20)
        self.assertRegex(results.unpack(self.disk, 0, self.directory / "a"), "no results")
        self._archive(["out/files/a"])
        self.assertRegex(results.unpack(self.disk, 0, self.directory / "b"), "only a part")


class Entries(DirectoryTest):
    def test_a_new_entry_is_not_unused(self) -> None:
        """Even if what was unpacked into it says that it is old."""
        self.replace_cache()
        entry = cache.entry("extracted", "key", lambda directory: os.utime(directory, (1, 1)), "",
                            lambda _: None)
        self.assertTrue(entry.is_dir())

    def test_what_a_killed_build_left_goes_when_it_is_old(self) -> None:
        self.replace_cache()
        left = self.write("snd-xen-front/.booted-left/machine.disk", "").parent
        old = self.write("snd-xen-front/.booted-old/machine.disk", "").parent
        os.utime(old, (1, 1))
        cache.entry("booted", "key", lambda _: None, "", lambda _: None)
        self.assertEqual((left.is_dir(), old.is_dir()), (True, False))

    def test_a_sparse_file_counts_what_it_takes(self) -> None:
        self.replace_cache()
        with open(self.write("snd-xen-front/booted-key/machine.disk", ""), "wb") as disk:
            disk.truncate(1 << 40)
        self.assertLess(cache.clean(), 1 << 20)
