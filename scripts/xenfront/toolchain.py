# SPDX-License-Identifier: GPL-2.0-only
"""What scripts/toolchain says of this machine's compilers."""

import functools

from xenfront import ROOT, process


@functools.lru_cache(maxsize=None)
def version(family: str) -> str:
    """The version of "gcc", of "llvm" or of "kernel-llvm" to use here, such as "12" for g++-12."""
    return process.output([ROOT / "scripts" / "toolchain", family]).strip()
