# SPDX-License-Identifier: GPL-2.0-only
"""Kernel files as Xen wants to boot them: an ELF file, uncompressed, with what is loaded alone."""

import lzma
import re
import struct
import subprocess
import zlib

from xenfront.errors import Failure


def is_bzimage(image: bytes) -> bool:
    """Whether this is a bzImage (Documentation/arch/x86/boot.rst, header)."""
    return image[0x202:0x206] == b"HdrS"


def decompress_bzimage(image: bytes) -> bytes | None:
    """The ELF kernel inside an x86 bzImage; None when this is not a bzImage.

    Offsets: Documentation/arch/x86/boot.rst, setup_sects, header, payload_offset, payload_length.
    """
    if not is_bzimage(image):
        return None
    setup_sectors = image[0x1F1] or 4
    offset, length = struct.unpack_from("<II", image, 0x248)
    start = (setup_sectors + 1) * 512 + offset
    payload = image[start:start + length]
    if payload.startswith(b"\xfd7zXZ\0"):
        return lzma.LZMADecompressor().decompress(payload)
    if payload.startswith(b"\x1f\x8b"):
        return zlib.decompressobj(31).decompress(payload)
    if payload.startswith(b"\x28\xb5\x2f\xfd"):
        # The last four bytes are the uncompressed size, which zstd takes for garbage.
        done = subprocess.run(["zstd", "-q", "-d", "-c"], input=payload[:-4], capture_output=True,
                              check=False)
        if done.stdout:
            return done.stdout
        raise Failure(f"zstd could not decompress the kernel: {done.stderr.decode().strip()}")
    raise Failure(f"kernel payload starts with {payload[:4].hex()}, which is neither xz, gzip nor "
                  "zstd; bring a vmlinux instead of a bzImage")


def is_arm64(image: bytes) -> bool:
    """Whether this is an arm64 kernel as it is in memory (Documentation/arch/arm64/booting.rst)."""
    return image[0x38:0x3C] == b"ARM\x64"


_ELF_HEADER = 64
_PROGRAM_HEADER = struct.Struct("<IIQQQQQQ")
_PT_LOAD = 1


def loadable_part(elf: bytes) -> bytes:
    """The ELF kernel with nothing but its segments, and those without the zeros at their ends.

    Sections, symbols and a .bss spelled out make half of a vmlinux, and each byte passes through
    several emulated copies on its way.
    """
    table, = struct.unpack_from("<Q", elf, 0x20)
    count, = struct.unpack_from("<H", elf, 0x38)
    segments = [list(_PROGRAM_HEADER.unpack_from(elf, table + index * _PROGRAM_HEADER.size))
                for index in range(count)]
    output = bytearray(4096 * -(-(_ELF_HEADER + count * _PROGRAM_HEADER.size) // 4096))
    # Others (the notes that Xen reads) lie within a loaded segment and move along with it.
    inner = [segment for segment in segments if segment[0] != _PT_LOAD]
    moved = []
    for segment in segments:
        kind, _, offset, _, _, size, _, _ = segment
        if kind == _PT_LOAD:
            data = elf[offset:offset + size].rstrip(b"\0")
            ends = [other[2] + other[5] - offset for other in inner
                    if offset <= other[2] and other[2] + other[5] <= offset + size]
            data = elf[offset:offset + max([len(data), *ends])]
            moved.append((offset, len(data), len(output)))
            segment[2], segment[5] = len(output), len(data)
            output += data + b"\0" * (-len(data) % 4096)
    for segment in inner:
        _, _, offset, _, _, size, _, _ = segment
        for start, length, new in moved:
            if start <= offset and offset + size <= start + length:
                segment[2] = new + offset - start
    output[:_ELF_HEADER] = elf[:_ELF_HEADER]
    struct.pack_into("<QQ", output, 0x20, _ELF_HEADER, 0)
    # No section headers: their entry size stays, their number and name table go.
    struct.pack_into("<HH", output, 0x3C, 0, 0)
    for index, segment in enumerate(segments):
        _PROGRAM_HEADER.pack_into(output, _ELF_HEADER + index * _PROGRAM_HEADER.size, *segment)
    return bytes(output)


def release_of(image: bytes) -> str | None:
    """The release that a bzImage or vmlinux names itself with."""
    match = re.search(rb"(?:Linux version )?(\d+\.\d+\.[0-9][^\s\0]*) \([^\s)]+@", image)
    return match[1].decode() if match else None
