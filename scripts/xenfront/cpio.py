# SPDX-License-Identifier: GPL-2.0-only
"""Writes initramfs archives (cpio "newc", Documentation/driver-api/early-userspace/buffer-format.rst).

The kernel unpacks a concatenation of archives in order, later files replacing earlier ones. That
is what lets a run put its own small archive behind a big cached one. Every file belongs to root,
also if a user built the archive, and device nodes need no privilege.
"""

import contextlib
import os
import pathlib
import shutil
import stat
from typing import BinaryIO, Iterator

# Where the directories of a merged-/usr tree really are; an archive that names lib/x after one
# in which lib is a symbolic link would replace the link by a directory.
MERGED_USR = {"bin": "usr/bin", "sbin": "usr/sbin", "lib": "usr/lib", "lib64": "usr/lib64"}


def in_merged_usr(name: str) -> str:
    """`name`, relative to the root, as it is called once /bin, /sbin and /lib are links."""
    first, slash, rest = name.partition("/")
    if first in MERGED_USR:
        return MERGED_USR[first] + slash + rest
    return name


def make_merged_usr(root: pathlib.Path) -> None:
    """Makes a directory `root` whose /bin, /sbin and /lib are links, for packages to be unpacked."""
    for link, target in MERGED_USR.items():
        (root / target).mkdir(parents=True, exist_ok=True)
        (root / link).symlink_to(target)


@contextlib.contextmanager
def behind(image: pathlib.Path, *archives: pathlib.Path) -> Iterator["Writer"]:
    """Writes an archive behind others into a file."""
    with open(image, "wb") as output:
        for path in archives:
            with open(path, "rb") as archive:
                shutil.copyfileobj(archive, output, 1 << 20)
        with Writer(output) as writer:
            yield writer


class Writer:
    """Appends one archive to an open binary file, at a multiple of four; use as a context manager."""

    def __init__(self, output: BinaryIO):
        self._output = output
        self._next_inode = 1

    def __enter__(self) -> "Writer":
        return self

    def __exit__(self, failure: object, *_: object) -> None:
        if failure is None:
            self._entry("TRAILER!!!", 0, b"")
            # The kernel skips zeros between archives; whole pages keep what follows aligned.
            self._pad(4096)

    def directory(self, name: str, mode: int = 0o755) -> None:
        self._entry(name, stat.S_IFDIR | mode, b"")

    def data(self, name: str, data: bytes, mode: int = 0o644) -> None:
        self._entry(name, stat.S_IFREG | mode, data)

    def symlink(self, name: str, target: str) -> None:
        self._entry(name, stat.S_IFLNK | 0o777, target.encode())

    def character_device(self, name: str, major: int, minor: int, mode: int = 0o600) -> None:
        self._entry(name, stat.S_IFCHR | mode, b"", (major, minor))

    def file(self, name: str, source: pathlib.Path, mode: int | None = None) -> None:
        """A regular file with the content (and, unless given, the permissions) of `source`."""
        with open(source, "rb") as handle:
            status = os.fstat(handle.fileno())
            permissions = stat.S_IMODE(status.st_mode) if mode is None else mode
            self._header(name, stat.S_IFREG | permissions, status.st_size)
            start = self._output.tell()
            shutil.copyfileobj(handle, self._output, 1 << 20)
        if self._output.tell() != start + status.st_size:
            raise OSError(f"{source}: changed its size while it was copied into an image")
        self._pad()

    def tree(self, root: pathlib.Path, prefix: str = "", merged_usr: bool = True) -> None:
        """Everything under `root`, in a stable order, below `prefix` in the archive.

        With `merged_usr`, files that `root` has under bin, sbin or lib go to usr/.
        """
        # Parents before children; does not follow links.
        for path in sorted(root.rglob("*")):
            name = path.relative_to(root).as_posix()
            if merged_usr and name in MERGED_USR:
                if path.is_symlink():
                    self.symlink(prefix + name, os.readlink(path))
                continue
            name = prefix + (in_merged_usr(name) if merged_usr else name)
            status = path.lstat()
            if stat.S_ISLNK(status.st_mode):
                self.symlink(name, os.readlink(path))
            elif stat.S_ISDIR(status.st_mode):
                self.directory(name, stat.S_IMODE(status.st_mode))
            elif stat.S_ISREG(status.st_mode):
                self.file(name, path)
            # Sockets, pipes and devices have no place in an image.

    def _entry(self, name: str, mode: int, data: bytes, device: tuple[int, int] = (0, 0)) -> None:
        self._header(name, mode, len(data), device)
        self._output.write(data)
        self._pad()

    def _header(self, name: str, mode: int, size: int, device: tuple[int, int] = (0, 0)) -> None:
        encoded = name.encode() + b"\0"
        if size >= 1 << 32:
            raise OSError(f"{name}: {size} bytes do not fit in an initramfs, which ends at 4 GiB")
        links = 2 if stat.S_ISDIR(mode) else 1
        fields = (self._next_inode, mode, 0, 0, links, 0, size, 0, 0, *device, len(encoded), 0)
        self._next_inode += 1
        self._output.write(b"070701" + b"".join(b"%08x" % field for field in fields) + encoded)
        self._pad()

    def _pad(self, alignment: int = 4) -> None:
        self._output.write(b"\0" * (-self._output.tell() % alignment))
