# SPDX-License-Identifier: GPL-2.0-only
"""What scripts/toolchain says of this machine's compilers."""

import functools
import pathlib
import subprocess

from .errors import LabError

_SCRIPT = pathlib.Path(__file__).resolve().parent.parent / "toolchain"


@functools.lru_cache(maxsize=None)
def version(family: str) -> str:
    """The version of "gcc" or of "llvm" to use here, such as "12" for g++-12."""
    done = subprocess.run([_SCRIPT, family], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise LabError(done.stderr.strip())
    return done.stdout.strip()
