# SPDX-License-Identifier: GPL-2.0-only
"""What scripts/toolchain says of this machine's compilers."""

import functools
import subprocess

from xenfront import ROOT
from xenfront.errors import LabError

_SCRIPT = ROOT / "scripts" / "toolchain"


@functools.lru_cache(maxsize=None)
def version(family: str) -> str:
    """The version of "gcc" or of "llvm" to use here, such as "12" for g++-12."""
    done = subprocess.run([_SCRIPT, family], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise LabError(done.stderr.strip())
    return done.stdout.strip()
