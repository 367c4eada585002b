# SPDX-License-Identifier: GPL-2.0-only
"""The lab: Xen, a Dom0 and any number of DomUs in QEMU, made from Debian packages.

How a run comes about, one module per step:

    arguments options   what the user asks for, checked and converted
    trees     the file trees of Dom0 and DomU as archives, from packages of xenfront.debian
    image     what is particular to a run: scripts, driver, overlays, xl configurations
    machine   QEMU: its command line, progress, the host's time limit
    reports   kernel reports (panic, WARN, lockdep ...) in the logs
    results   what came back, the summary and the exit status

build runs make for one of these kernels, or for another architecture; runs starts scripts/lab for
selftests, demo and bench. What runs inside the guests are shell scripts, in guest/.
"""
