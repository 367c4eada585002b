# SPDX-License-Identifier: GPL-2.0-only
"""QEMU as the machine under Xen: its command line, and following it while it runs."""

import contextlib
import os
import pathlib
import re
import subprocess
import sys
import time

from xenfront import architectures
from xenfront.architectures import Architecture, escaped
from xenfront.errors import Failure
from xenfront.lab.image import KERNEL_PARAMETERS, Images
from xenfront.lab.options import RunOptions
from xenfront.lab.results import PHASE
from xenfront.progress import Progress

_REBOOTS = re.compile(r"\(XEN\).*([Rr]eboot(ing machine)? in (five|5) seconds)")

# A result disk is sparse: this is a limit, not what it takes.
_DISK_BYTES = 16 << 30


def create_disks(options: RunOptions, directory: pathlib.Path) -> list[pathlib.Path]:
    """The raw disks on which Dom0 hands over the results, its own and each guest's, at the end:
    while one of them is waited for, an idle machine skips seconds."""
    disks = [directory / "dom0.disk",
             *(directory / f"domu{guest}.disk" for guest in range(options.guests))]
    for disk in disks:
        with open(disk, "wb") as handle:
            handle.truncate(_DISK_BYTES)
    return disks


def _memory(options: RunOptions, architecture: Architecture, boot_files: list[pathlib.Path]) -> int:
    """MiB of the whole machine."""
    domains = (options.dom0_memory + options.guests * (options.memory + 32) +
               options.spare_memory)
    kept = sum(path.stat().st_size for path in boot_files) if architecture.keeps_boot_files else 0
    return domains + architecture.xen_memory + (kept >> 20)


def command_line(options: RunOptions, images: Images, initramfs: pathlib.Path,
                 directory: pathlib.Path) -> list[str]:
    """QEMU's complete command line."""
    architecture = options.architecture
    memory = _memory(options, architecture, [images.dom0_kernel.elf, initramfs])
    command = [*architecture.qemu, "-smp", str(options.cpus), "-m", str(memory),
               "-nodefaults", "-no-user-config", "-no-reboot", "-display", "none"]
    if options.icount is None:
        command += ["-accel", "tcg,thread=multi"]
    else:
        command += ["-accel", "tcg,thread=single", "-icount", f"shift={options.icount},sleep=off",
                    "-rtc", "base=utc,clock=vm"]
    if options.qemu_plugin is not None:
        command += ["-plugin", options.qemu_plugin]
    command += ["-chardev", f"file,id=xen,path={escaped(directory / 'xen.log')}",
                "-serial", "chardev:xen"]
    if options.shell is None:
        console = escaped(directory / "dom0/console.log")
        command += ["-chardev", f"file,id=dom0,path={console}"]
    else:
        command += ["-chardev", "stdio,id=dom0,signal=off"]
    command += architecture.dom0_console
    for disk in create_disks(options, directory):
        # Results are read after the machine has ended; nothing needs to reach the platters.
        command += ["-drive", f"file={escaped(disk)},if=none,id={disk.stem},format=raw,"
                              "cache=unsafe",
                    "-device", f"virtio-blk-pci,drive={disk.stem},serial={disk.stem}"]
    if options.sound == "ac97":
        wav = escaped(directory / "dom0-ac97.wav")
        command += ["-audiodev", f"wav,id=sound,path={wav},out.frequency={options.sound_rate}",
                    "-device", "AC97,audiodev=sound"]
    xen = (f"{architecture.xen_options} dom0_mem={options.dom0_memory}M,"
           f"max:{options.dom0_memory}M dom0_max_vcpus=1 {options.xen_cmdline}").strip()
    # rodata=off spares Dom0 a walk over its page tables; the guests keep the protection.
    dom0 = f"{architecture.dom0_options} {KERNEL_PARAMETERS} rodata=off"
    return command + architecture.boot(architectures.Boot(
        images.hypervisor, xen, images.dom0_kernel.elf, dom0, initramfs))


class _GrowingLog:
    """The lines that are appended to a file."""

    def __init__(self, path: pathlib.Path):
        path.touch()
        self._log = open(path, encoding="utf-8", errors="replace", newline="\n")
        self._rest = ""

    def new_lines(self) -> list[str]:
        *lines, self._rest = (self._rest + self._log.read()).split("\n")
        return lines


class _Follower:
    """Shows the progress that Dom0 writes to its console, and notices when there will be no more."""

    def __init__(self, directory: pathlib.Path, progress: Progress):
        self._dom0 = _GrowingLog(directory / "dom0/console.log")
        self._xen = _GrowingLog(directory / "xen.log")
        self._progress = progress
        self._phases = 0
        self.crashed = False

    def poll(self) -> None:
        # Xen counts the five seconds before it reboots in busy loops, which takes a minute here.
        self.crashed = self.crashed or any(_REBOOTS.search(line) for line in self._xen.new_lines())
        for line in self._dom0.new_lines():
            match = PHASE.search(line)
            if match:
                self._phases += 1
                self._progress.step(self._phases)
                self._progress(f"{match[1]}: {match[3].strip()} (guest time {match[2]} s)")
        self._progress.show()


def _stop(process: "subprocess.Popen[bytes]") -> None:
    """Ends QEMU in order, so that it completes its files, or else at once."""
    process.terminate()
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def phases(options: RunOptions) -> int:
    """How many Dom0 tells of, if all goes well: see guest/dom0-init."""
    return 5 + options.guests + (options.backend != "none") + (options.sound != "none")


def run(command: list[str], options: RunOptions, directory: pathlib.Path,
        progress: Progress) -> tuple[bool, str | None]:
    """Runs the machine to its end. Returns whether the host's time limit stopped it, and what
    QEMU complained about, if it failed."""
    (directory / "qemu.command").write_text(
        " \\\n    ".join(map(repr, command)) + "\n", encoding="utf-8")
    interactive = options.shell is not None
    with open(directory / "qemu.log", "wb") as log:
        try:
            process = subprocess.Popen(
                command, stdin=None if interactive else subprocess.DEVNULL,
                stdout=None if interactive else log, stderr=log)
        except FileNotFoundError as failure:
            raise Failure(f"{command[0]} is not installed; run scripts/setup") from failure
    follower = _Follower(directory, progress)
    deadline = time.monotonic() + options.host_limit
    limit_reached = False
    try:
        while process.poll() is None:
            follower.poll()
            if not interactive and time.monotonic() >= deadline:
                limit_reached = True
                _stop(process)
            elif follower.crashed:
                progress("Dom0 or Xen crashed")
                _stop(process)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(0.1)
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
        if interactive and sys.stdin.isatty():
            os.system("stty sane")
    follower.poll()
    failure = None
    if process.returncode != 0 and not limit_reached and not follower.crashed:
        complaint = (directory / "qemu.log").read_text(encoding="utf-8", errors="replace").strip()
        failure = f"{command[0]} exited with {process.returncode}: {complaint[-600:]}"
    return limit_reached, failure
