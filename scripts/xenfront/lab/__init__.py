# SPDX-License-Identifier: GPL-2.0-only
"""The lab: Xen, a Dom0 and any number of DomUs in QEMU, made from Debian packages.

How a run comes about, one module per step:

    options   what the user asked for, validated
    architectures  what the machines of an architecture are like
    suites    where the packages of Debian suites other than the machine's come from
    packages  Debian packages resolved and fetched by the machine's own apt, and unpacked
    releases  Debian's kernels by name: which suite has one, in which packages
    kernels   kernels with the modules the lab needs
    trees     the file trees of Dom0 and DomU
    cpio      those trees as initramfs archives; an initramfs is a concatenation of such archives
    image     what is particular to a run: scripts, driver, overlays, xl configurations
    machine   QEMU: its command line, progress, the host's time limit
    reports   kernel reports (panic, WARN, lockdep ...) in the logs
    results   what came back, the summary and the exit status

build runs make for one of these kernels, with the headers and the compiler that headers and
compilers have unpacked.

The programs that run inside the guests are shell scripts under guest/.
"""
