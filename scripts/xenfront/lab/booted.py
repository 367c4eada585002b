# SPDX-License-Identifier: GPL-2.0-only
"""Machines whose Dom0 has booted, in the cache: runs begin there.

Until Dom0's first init waits for the run's archive (guest/boot-init), nothing of a machine depends on
the run. On an emulated processor this takes half a minute, most of it in loops of Xen and of the kernel
that wait or count. QEMU writes the state of a machine that waits there, as it does to migrate it, and
every run with the same kernel, Xen, files and hardware goes on from that.
"""

import copy
import json
import pathlib
import shlex
import shutil
import subprocess
import time
from typing import Any

from xenfront import cache, process
from xenfront.architectures import Boot
from xenfront.command import Say
from xenfront.errors import Failure
from xenfront.lab import machine
from xenfront.lab.options import RunOptions
from xenfront.lab.results import PHASE, disk_of

# A loaded machine can take minutes.
_LIMIT_SECONDS = 900

# What a run begins with, below its directory.
_LOGS = ("xen.log", "dom0/console.log")


def prepared(options: RunOptions, boot: Boot, say: Say) -> pathlib.Path:
    """The cache's directory of the machine of these options, which boots it if it is not there yet."""
    plain = copy.copy(options)
    plain.sound, plain.shell, plain.qemu_plugin = "none", None, None
    command = machine.command_line(plain, boot, pathlib.Path("RUN"))
    key = cache.digest(*command, process.output([command[0], "--version"]))

    def build(directory: pathlib.Path) -> None:
        (directory / "dom0").mkdir()
        machine.create_disk(directory)
        _boot_and_keep(machine.command_line(plain, boot, directory), directory)
        disk_of(directory).unlink()

    return cache.entry("booted", key, build, "boots Xen and Dom0, once", say)


def resume(booted: pathlib.Path, directory: pathlib.Path) -> list[str]:
    """QEMU's options for a machine that goes on from there; its logs so far go to the run's directory."""
    for log in _LOGS:
        shutil.copyfile(booted / log, directory / log)
    return ["-incoming", f"exec:zstd -dcq {shlex.quote(str(booted / 'state'))}"]


def _boot_and_keep(command: list[str], directory: pathlib.Path) -> None:
    with open(directory / "qemu.log", "wb") as log, subprocess.Popen(
            [*command, "-qmp", "stdio"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log,
            text=True) as qemu:
        try:
            _wait_for_dom0(qemu, directory)
            _keep(_Monitor(qemu), directory / "state")
        finally:
            qemu.kill()


def _wait_for_dom0(qemu: "subprocess.Popen[str]", directory: pathlib.Path) -> None:
    deadline = time.monotonic() + _LIMIT_SECONDS
    while not any(match[3] == "kernel is up"
                  for match in PHASE.finditer(process.read(directory / "dom0/console.log"))):
        if qemu.poll() is not None or time.monotonic() >= deadline:
            said = "".join(process.read(directory / name)[-600:] for name in (*_LOGS, "qemu.log"))
            raise Failure(f"Dom0 has not booted within {_LIMIT_SECONDS} s, or its machine has ended: "
                          f"{said}")
        time.sleep(0.1)


def _keep(monitor: "_Monitor", state: pathlib.Path) -> None:
    monitor("migrate-set-parameters", **{"max-bandwidth": 1 << 40})
    monitor("migrate", uri=f"exec:zstd -1q >{shlex.quote(str(state))}")
    while (status := monitor("query-migrate"))["status"] != "completed":
        if status["status"] in ("failed", "cancelled"):
            raise Failure(f"QEMU could not write the state of a machine to {state}: {status}; is the "
                          "disk full?")
        time.sleep(0.1)


class _Monitor:
    """QEMU's machine protocol, on its standard input and output."""

    def __init__(self, qemu: "subprocess.Popen[str]"):
        assert qemu.stdin and qemu.stdout
        self._input, self._output = qemu.stdin, qemu.stdout
        self("qmp_capabilities")

    def __call__(self, execute: str, **arguments: Any) -> dict[str, Any]:
        self._input.write(json.dumps({"execute": execute, "arguments": arguments}) + "\n")
        self._input.flush()
        # Between commands and answers come events.
        for line in self._output:
            answer = json.loads(line)
            if "return" in answer:
                return dict(answer["return"])
            if "error" in answer:
                raise Failure(f"QEMU refuses {execute}: {answer['error']}")
        raise Failure(f"QEMU has ended before it answered {execute}")
