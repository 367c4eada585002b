# SPDX-License-Identifier: GPL-2.0-only
"""What differs between the machines that the lab emulates: one description for each architecture.

The rest of the lab knows an architecture by its description only.
"""

import dataclasses
import pathlib
from typing import Callable

from xenfront.errors import Failure


@dataclasses.dataclass(frozen=True)
class Boot:
    """What a machine boots: files, and the command lines of Xen and of Dom0's kernel."""

    xen: pathlib.Path
    xen_options: str
    kernel: pathlib.Path
    kernel_options: str
    initramfs: pathlib.Path


@dataclasses.dataclass(frozen=True)
class Architecture:
    """A machine of QEMU's, with Debian's Xen and Linux on it."""

    # Debian's name, and GNU's, after which directories of libraries and cross compilers are called.
    name: str
    gnu_name: str
    # QEMU's program, and the machine and processor that its guests see.
    qemu: tuple[str, ...]
    # QEMU's options that boot Xen.
    boot: Callable[[Boot], list[str]]
    # How many of them there are, unless the user asks for another number.
    cpus: int
    # Whether more than one of them can count instructions (QEMU's icount).
    counts_on_all_cpus: bool
    # MiB that Xen needs besides the domains' memory.
    xen_memory: int
    # Whether Xen keeps kernel and initramfs in memory of their own until Dom0 is made of them.
    keeps_boot_files: bool
    xen_options: str
    # QEMU's options for the serial port of Dom0, whose character device is "dom0": Xen's console
    # is another one, so that their lines do not mix.
    dom0_console: tuple[str, ...]
    # What Dom0's kernel is told, that port first.
    dom0_options: str
    # The default comes first.
    guest_types: tuple[str, ...]
    # What Dom0 can have for a sound card.
    sounds: tuple[str, ...]


def escaped(value: object) -> str:
    """A value inside a QEMU option, where a comma separates."""
    return str(value).replace(",", ",,")


def _multiboot(boot: Boot) -> list[str]:
    for path in (boot.kernel, boot.initramfs):
        if "," in str(path) or " " in str(path):
            raise Failure(f"{path}: QEMU's multiboot loader takes no path with a comma or a "
                          "space; use another directory (XDG_CACHE_HOME moves the cache)")
    return ["-kernel", str(boot.xen), "-append", boot.xen_options, "-initrd",
            f"{boot.kernel} {escaped(boot.kernel_options)},{boot.initramfs}"]


# Memory of QEMU's "virt" begins at 1 GiB, where QEMU puts Xen and, 128 MiB further, the device tree.
_ARM64_KERNEL = 0x49000000
_ARM64_ALIGNMENT = 2 << 20


def arm64_initramfs(kernel_bytes: int) -> int:
    """The address of the initramfs: behind a kernel of that size."""
    return _ARM64_KERNEL + -(-kernel_bytes // _ARM64_ALIGNMENT) * _ARM64_ALIGNMENT


def _guest_loader(boot: Boot) -> list[str]:
    initramfs = arm64_initramfs(boot.kernel.stat().st_size)
    return ["-kernel", str(boot.xen), "-append", boot.xen_options,
            "-device", f"guest-loader,addr={_ARM64_KERNEL:#x},kernel={escaped(boot.kernel)},"
                       f"bootargs={escaped(boot.kernel_options)}",
            "-device", f"guest-loader,addr={initramfs:#x},initrd={escaped(boot.initramfs)}"]


_AMD64 = Architecture(
    name="amd64", gnu_name="x86_64-linux-gnu",
    qemu=("qemu-system-x86_64", "-M", "q35", "-cpu", "qemu64,+svm,+npt,+rdrand"), boot=_multiboot,
    cpus=2, counts_on_all_cpus=True, xen_memory=192, keeps_boot_files=False,
    # Nothing secret is in this memory that Xen would have to scrub.
    xen_options="console=com1 com1=115200,8n1 bootscrub=0",
    dom0_console=("-serial", "chardev:dom0"), dom0_options="console=ttyS1,115200",
    guest_types=("pv", "pvh", "hvm"), sounds=("none", "ac97", "aloop", "dummy"))

_ARM64 = Architecture(
    name="arm64", gnu_name="aarch64-linux-gnu",
    qemu=("qemu-system-aarch64", "-M", "virt,virtualization=on,gic-version=3",
          "-cpu", "cortex-a57"), boot=_guest_loader,
    # When it boots, this Xen has processors wait for each other in a loop that none of them leaves as
    # long as only one of them runs at a time.
    cpus=1, counts_on_all_cpus=False,
    # Dom0's memory is where it seems to be, so that not every hole between other things can be used.
    xen_memory=512, keeps_boot_files=True,
    # Debian's Xen would let a guest reach no domain but Dom0: no backend in another one.
    xen_options="xsm=dummy bootscrub=0",
    # This Xen hands Dom0 no message-signalled interrupts.
    dom0_console=("-device", "pci-serial,chardev=dom0"),
    dom0_options="console=ttyS0,115200 pci=nomsi",
    guest_types=("pvh",), sounds=("none", "aloop"))

ALL = {architecture.name: architecture for architecture in (_AMD64, _ARM64)}
