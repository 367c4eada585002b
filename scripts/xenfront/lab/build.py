# SPDX-License-Identifier: GPL-2.0-only
"""Runs this repository's make for the kernels that the lab can boot, with their compilers."""

import os
import subprocess

from xenfront import ROOT, process
from xenfront.command import Say
from xenfront.debian import debug_kernel, headers
from xenfront.debian.headers import Headers


def headers_of(kernel: str, architecture: str, say: Say) -> Headers:
    """What modules for a kernel of --kernel are built with."""
    if debug_kernel.is_one(kernel):
        return debug_kernel.prepared(kernel, say)
    return headers.prepared(kernel, architecture, say)


def make(kernel: Headers, arguments: list[str]) -> "subprocess.CompletedProcess[str]":
    """Runs make with these arguments; its output, with what it complained about, is in the result."""
    return subprocess.run(
        ["make", "--no-print-directory", "-C", ROOT, f"-j{os.cpu_count()}",
         f"KDIR={kernel.directory}", *kernel.variables, *arguments],
        env={**process.environment(), **kernel.environment}, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True, errors="replace", check=False)
