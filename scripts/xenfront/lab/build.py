# SPDX-License-Identifier: GPL-2.0-only
"""Runs this repository's make for the kernels that the lab can boot, with their compilers."""

import os
import pathlib
import subprocess

from xenfront.debian import headers, packages
from xenfront.debian.headers import Headers
from xenfront.lab import debug_kernel


def headers_of(kernel: str, architecture: str, say: packages.Say) -> Headers:
    """What modules for a kernel of --kernel are built with."""
    if kernel.startswith(debug_kernel.PREFIX):
        return debug_kernel.prepared(kernel, say)
    return headers.prepared(kernel, architecture, say)


def environment() -> dict[str, str]:
    """The lab's own, but for what a make that started it was told ("-n", its job server)."""
    return {name: value for name, value in os.environ.items()
            if name not in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS")}


def make(source: pathlib.Path, kernel: Headers,
         arguments: list[str]) -> "subprocess.CompletedProcess[str]":
    """Runs make with these arguments; its output, with what it complained about, is in the result."""
    return subprocess.run(
        ["make", "--no-print-directory", "-C", source, f"-j{os.cpu_count()}",
         f"KDIR={kernel.directory}", *kernel.variables, *arguments],
        env={**environment(), **kernel.environment}, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True, errors="replace", check=False)
