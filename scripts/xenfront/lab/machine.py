# SPDX-License-Identifier: GPL-2.0-only
"""QEMU as the machine under Xen: its command line, and following it while it runs."""

import contextlib
import os
import pathlib
import re
import subprocess
import sys
import time

from xenfront.architectures import Boot, escaped
from xenfront.errors import Failure, explained
from xenfront.lab.options import RunOptions
from xenfront.lab.results import DISK_BYTES, PHASE, disk_of
from xenfront.progress import Progress

_REBOOTS = re.compile(r"\(XEN\).*([Rr]eboot(ing machine)? in (five|5) seconds)")


def create_disk(directory: pathlib.Path) -> None:
    """Makes the machine's disk, or gives it its size behind what is already in its file."""
    with explained(disk_of(directory), "the file system has to take a sparse file of that size",
                   "cannot be made"), open(disk_of(directory), "ab") as handle:
        handle.truncate(DISK_BYTES)


def _memory(options: RunOptions, boot: Boot) -> int:
    """MiB of the whole machine, a multiple of 1536: many runs are to have the same machine."""
    domains = (options.dom0_memory + options.guests * (options.memory + 32) +
               options.spare_memory)
    kept = boot.kernel.stat().st_size + boot.initramfs.stat().st_size
    if options.architecture.keeps_boot_files:
        domains += kept >> 20
    return -(-(domains + options.architecture.xen_memory) // 1536) * 1536


def command_line(options: RunOptions, boot: Boot, directory: pathlib.Path) -> list[str]:
    """QEMU's complete command line for a machine whose logs and disk are in `directory`."""
    architecture = options.architecture
    command = [*architecture.qemu, "-smp", str(options.cpus), "-m", str(_memory(options, boot)),
               "-nodefaults", "-no-user-config", "-no-reboot", "-display", "none"]
    if options.icount is None:
        command += ["-accel", "tcg,thread=multi"]
    else:
        command += ["-accel", "tcg,thread=single", "-icount", f"shift={options.icount},sleep=off",
                    "-rtc", "base=utc,clock=vm"]
    if options.qemu_plugin is not None:
        command += ["-plugin", options.qemu_plugin]
    command += ["-chardev", f"file,id=xen,append=on,path={escaped(directory / 'xen.log')}",
                "-serial", "chardev:xen"]
    if options.shell is None:
        console = escaped(directory / "dom0/console.log")
        command += ["-chardev", f"file,id=dom0,append=on,path={console}"]
    else:
        command += ["-chardev", "stdio,id=dom0,signal=off"]
    command += architecture.dom0_console
    # Results are read after the machine has ended; nothing needs to reach the platters.
    command += ["-drive", f"file={escaped(disk_of(directory))},if=none,id=disk,format=raw,cache=unsafe",
                "-device", "virtio-blk-pci,drive=disk"]
    # There is one in any case: what Dom0 plays on is no other machine.
    if "ac97" in architecture.sounds:
        wav = f"wav,path={escaped(directory / 'dom0-ac97.wav')},out.frequency={options.sound_rate}"
        command += ["-audiodev", f"{wav if options.sound == 'ac97' else 'none'},id=sound",
                    "-device", "AC97,audiodev=sound"]
    return command + architecture.boot(boot)


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
