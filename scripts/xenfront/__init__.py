# SPDX-License-Identifier: GPL-2.0-only
"""What the commands in scripts/ are made of.

    command, process, cache, toolchain   a command line, programs that it runs, what it keeps
    audio, plot, cpio, architectures     WAV files, pictures, initramfs archives, emulated machines
    debian    packages of any Debian suite, kernels, compilers: fetched and unpacked, not installed
    lab       a machine with Xen, Dom0 and guests in QEMU
    uml       the driver in User Mode Linux
    selftests, demo, bench   what runs in the lab
    judgement, provoked      what has passed, and what kernels have to report of provoked mistakes
    traces    what the driver and the backend have traced
    checks    what a source tree and a module must not contain

A part with a cli.py is a command.
"""

import pathlib

# The top of the source tree.
ROOT = pathlib.Path(__file__).resolve().parents[2]
