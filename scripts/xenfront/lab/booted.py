# SPDX-License-Identifier: GPL-2.0-only
"""Machines whose Dom0 has booted, in the cache: runs begin there.

Until Dom0's first init waits for the run's archive (guest/boot-init), nothing of a machine depends on
the run. On an emulated processor this takes half a minute, most of it in loops of Xen and of the kernel
that wait or count. QEMU writes the state of a machine that waits there, as it does to migrate it, and
every run with the same kernel, Xen, files and hardware goes on from that.
"""

import contextlib
import copy
import json
import pathlib
import re
import shlex
import shutil
import subprocess
import time
from typing import Any

from xenfront import cache, process
from xenfront.architectures import Boot
from xenfront.command import Say
from xenfront.errors import Failure
from xenfront.lab import machine, reports
from xenfront.lab.options import RunOptions
from xenfront.lab.results import PHASE, disk_of

# What a run begins with, below its directory.
_LOGS = ("xen.log", "dom0/console.log")


def prepared(options: RunOptions, boot: Boot, say: Say) -> pathlib.Path:
    """The cache's directory of the machine of these options, which boots it if it is not there yet."""
    plain = copy.copy(options)
    plain.sound, plain.shell, plain.qemu_plugin = "none", None, None
    command = machine.command_line(plain, boot, pathlib.Path("RUN"))
    # In real time, its time stamp counter is the host's.
    processor = process.read(pathlib.Path("/proc/cpuinfo")) if options.icount is None else ""
    key = cache.digest(*command, process.output([command[0], "--version"]),
                       pathlib.Path(__file__).read_bytes(), *re.findall("model name.*", processor)[:1])

    def build(directory: pathlib.Path) -> None:
        (directory / "dom0").mkdir()
        machine.create_disk(directory)
        try:
            _boot_and_keep(machine.command_line(plain, boot, directory), options, directory)
        except Failure as failure:
            logs = cache.cache_root() / "not-booted"
            disk_of(directory).unlink()
            shutil.copytree(directory, logs, dirs_exist_ok=True)
            raise Failure(f"{failure}; the logs are in {logs}") from failure
        disk_of(directory).unlink()

    return cache.entry("booted", key, build, "boots Xen and Dom0, once", say)


def resume(booted: pathlib.Path, directory: pathlib.Path) -> list[str]:
    """QEMU's options for a machine that goes on from there; its logs so far go to the run's directory."""
    for log in _LOGS:
        shutil.copyfile(booted / log, directory / log)
    return ["-incoming", f"exec:zstd -dcq {shlex.quote(str(booted / 'state'))}"]


def _boot_and_keep(command: list[str], options: RunOptions, directory: pathlib.Path) -> None:
    with open(directory / "qemu.log", "wb") as log, subprocess.Popen(
            [*command, "-qmp", "stdio"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log,
            bufsize=0) as qemu:
        try:
            _wait_for_dom0(qemu, options.host_limit, directory)
            # What such a machine reports, each run that goes on from it would report.
            for name in _LOGS:
                for report in reports.scan(name, process.read(directory / name), options.allow_report):
                    raise Failure(f"a kernel report while Dom0 boots: {report}")
            _keep(_Monitor(qemu), options.host_limit, directory / "state")
        finally:
            qemu.kill()


def _wait_for_dom0(qemu: "subprocess.Popen[bytes]", seconds: int, directory: pathlib.Path) -> None:
    deadline = time.monotonic() + seconds
    while not any(match[3] == "kernel is up"
                  for match in PHASE.finditer(process.read(directory / "dom0/console.log"))):
        if qemu.poll() is not None:
            said = "".join(process.read(directory / name)[-600:] for name in (*_LOGS, "qemu.log"))
            raise Failure(f"the machine has ended before Dom0 was up: {said}")
        if time.monotonic() >= deadline:
            raise Failure(f"Dom0 has not booted within {seconds} s; raise --host-limit on a slow host")
        time.sleep(0.1)


def _keep(monitor: "_Monitor", seconds: int, state: pathlib.Path) -> None:
    deadline = time.monotonic() + seconds
    monitor("migrate-set-parameters", **{"max-bandwidth": 1 << 40})
    part = shlex.quote(f"{state}.part")
    monitor("migrate", uri=f"exec:zstd -1q >{part} && mv {part} {shlex.quote(str(state))}")
    while (status := monitor("query-migrate")["status"]) not in ("completed", "failed", "cancelled"):
        if time.monotonic() >= deadline:
            break
        time.sleep(0.1)
    # QEMU has written all that it has to; zstd may still be at it, and QEMU waits for it as it ends.
    monitor("quit")
    with contextlib.suppress(subprocess.TimeoutExpired):
        monitor.wait_for_end(timeout=60)
    if status != "completed" or not state.exists():
        raise Failure(f"QEMU could not write the state of a machine ({status}) to {state}; is the disk "
                      "full?")


class _Monitor:
    """QEMU's machine protocol, on its standard input and output."""

    def __init__(self, qemu: "subprocess.Popen[bytes]"):
        assert qemu.stdin and qemu.stdout
        self._input, self._output = qemu.stdin, qemu.stdout
        self.wait_for_end = qemu.wait
        self("qmp_capabilities")

    def __call__(self, execute: str, **arguments: Any) -> dict[str, Any]:
        with contextlib.suppress(BrokenPipeError):
            self._input.write(json.dumps({"execute": execute, "arguments": arguments}).encode() + b"\n")
        # Between commands and answers come events.
        for line in self._output:
            answer = json.loads(line)
            if "return" in answer:
                return dict(answer["return"])
            if "error" in answer:
                raise Failure(f"QEMU refuses {execute}: {answer['error']}")
        raise Failure(f"QEMU has ended before it answered {execute}")
