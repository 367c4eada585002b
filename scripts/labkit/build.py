# SPDX-License-Identifier: GPL-2.0-only
"""Runs this repository's make for the kernels that the lab can boot, with their compilers."""

import os
import pathlib
import subprocess

from . import headers, packages, source_kernel
from .headers import Headers

# What a make that started the lab was told ("-n", its job server) is not for the one started here.
_MAKES_OWN = ("MAKEFLAGS", "MAKELEVEL", "MFLAGS")


def headers_of(kernel: str, architecture: str, say: packages.Say) -> Headers:
    """What modules for a kernel of --kernel are built with."""
    if source_kernel.kind_of(kernel):
        return source_kernel.prepared(kernel, say)
    return headers.prepared(kernel, architecture, say)


def make(source: pathlib.Path, kernel: Headers,
         arguments: list[str]) -> "subprocess.CompletedProcess[str]":
    """Runs make with these arguments; its output, with what it complained about, is in the result."""
    environment = {name: value for name, value in os.environ.items() if name not in _MAKES_OWN}
    return subprocess.run(
        ["make", "--no-print-directory", "-C", source, f"-j{os.cpu_count()}",
         f"KDIR={kernel.directory}", *kernel.variables, *arguments],
        env={**environment, **kernel.environment}, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True, errors="replace", check=False)
