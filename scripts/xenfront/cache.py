# SPDX-License-Identifier: GPL-2.0-only
"""A cache of directories, each named by a hash of everything it was made from.

An entry is built in a temporary directory beside it and renamed into place, so that a reader sees
it complete or not at all. A lock file per entry makes two runs that want the same entry build it
once. An entry never changes, so readers need no lock.
"""

import contextlib
import fcntl
import hashlib
import os
import pathlib
import shutil
import tempfile
import time
from typing import Callable, Iterator

_UNUSED_SECONDS = 30 * 24 * 3600


def cache_root() -> pathlib.Path:
    """Where downloads and images are kept, outside the source tree."""
    base = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return pathlib.Path(base) / "snd-xen-front"


def digest(*parts: str | bytes) -> str:
    """A short hash over `parts`; their boundaries count."""
    state = hashlib.sha256()
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        state.update(len(data).to_bytes(8, "big"))
        state.update(data)
    return state.hexdigest()[:20]


@contextlib.contextmanager
def lock(name: str) -> Iterator[None]:
    """Holds the cache's lock `name`; waits for another process that has it."""
    directory = cache_root() / "locks"
    directory.mkdir(parents=True, exist_ok=True)
    with open(directory / name, "w", encoding="ascii") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def path_of(kind: str, key: str) -> pathlib.Path:
    """Where the entry `kind`-`key` is, or will be."""
    return cache_root() / f"{kind}-{key}"


def entry(kind: str, key: str, build: Callable[[pathlib.Path], None],
          announce: str, say: Callable[[str], None]) -> pathlib.Path:
    """The directory `kind`-`key`, made by `build(directory)` if it is not there yet.

    `announce` is what `say` gets before a build starts, since a build takes a while.
    """
    final = path_of(kind, key)
    if final.is_dir():
        os.utime(final)
        return final
    with lock(f"{kind}-{key}"):
        if final.is_dir():
            return final
        say(announce)
        work = pathlib.Path(tempfile.mkdtemp(prefix=f".{kind}-", dir=cache_root()))
        try:
            work.chmod(0o755)
            build(work)
            # A package sets the times of the directory that it is unpacked into.
            os.utime(work)
            work.rename(final)
        except BaseException:
            shutil.rmtree(work, ignore_errors=True)
            raise
        _forget_unused(kind)
    return final


def _forget_unused(kind: str) -> None:
    """Removes entries of a kind that has just got a new one, and what builds that were killed have left,
    if no run used them for long."""
    for path in [*cache_root().glob(f"{kind}-*"), *cache_root().glob(f".{kind}-*")]:
        if time.time() - path.stat().st_mtime > _UNUSED_SECONDS:
            shutil.rmtree(path, ignore_errors=True)


def clean() -> int:
    """Removes the whole cache and returns how many bytes that freed."""
    root = cache_root()
    freed = sum(path.stat().st_blocks * 512 for path in root.rglob("*")
                if path.is_file() and not path.is_symlink())
    shutil.rmtree(root, ignore_errors=True)
    return freed
