# SPDX-License-Identifier: GPL-2.0-only
"""The lab: Xen, a Dom0 and any number of DomUs in QEMU, made from Debian packages.

How a run comes about, one module per step:

    options   what the user asked for, validated
    packages  Debian packages resolved and fetched by the machine's own apt, and unpacked
    kernels   guest kernels with the modules the lab needs
    trees     the file trees of Dom0 and DomU
    cpio      those trees as initramfs archives; an initramfs is a concatenation of such archives
    image     what is particular to a run: scripts, driver, overlays, xl configurations
    machine   QEMU: its command line, progress, the host's time limit
    reports   kernel reports (panic, WARN, lockdep ...) in the logs
    results   what came back, the summary and the exit status

headers is for scripts/check-kernels: headers that are not installed, and a cross compiler.

The programs that run inside the guests are shell scripts under guest/.
"""
