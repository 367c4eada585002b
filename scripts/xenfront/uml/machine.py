# SPDX-License-Identifier: GPL-2.0-only
"""Runs one command in a User Mode Linux whose files are the host's, read-only."""

import dataclasses
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import tempfile
from typing import Sequence

from xenfront import ROOT, process
from xenfront.lab import reports
from xenfront.uml.kernel import INIT, Kernel

MEMORY = "512M"
# Without debug flags caches keep pointers to what they have handed out in arrays of each processor
# (sheaves), which kmemleak takes for references. Other flags write what KASAN would report.
SLAB_DEBUG = "slab_debug=F,kmalloc-*"


@dataclasses.dataclass
class Run:
    """What a run left."""

    # Of the command; None: the kernel ended before it did.
    status: int | None
    output: str
    console: str
    reports: list[reports.Report]

    @property
    def is_good(self) -> bool:
        """Whether the command and the kernel found nothing wrong."""
        return self.status == 0 and not self.reports


def _command_line(chosen: Kernel, directory: pathlib.Path) -> list[str]:
    return [str(chosen.program), f"mem={MEMORY}", "seccomp=on", *chosen.mode.arguments,
            "root=none", "rootfstype=hostfs", "hostfs=/", "ro", f"init={INIT}",
            f"uml_run={directory}", "uml_modules=" + ",".join(map(str, chosen.modules)),
            "con=null", "con0=null,fd:1", "stderr=1", "loglevel=5", "printk.time=1",
            SLAB_DEBUG, "kasan_multi_shot", "panic=-1"]


def run(chosen: Kernel, command: Sequence[str], time_limit: int) -> Run:
    """Boots, loads modules, runs `command`, looks for leaks, and powers off."""
    # A directory that the guest may write to; its memory is a file as well.
    with tempfile.TemporaryDirectory(prefix="uml-", dir=_memory_directory()) as name:
        directory = pathlib.Path(name)
        (directory / "command").write_text(f"cd {shlex.quote(str(ROOT))}\n"
                                           f"exec {shlex.join(command)}\n", encoding="utf-8")
        line = _command_line(chosen, directory)
        environment = {**os.environ, "TMPDIR": name, "HOME": name}
        with subprocess.Popen(line, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, env=environment,
                              start_new_session=True) as process:
            try:
                console, _ = process.communicate(timeout=time_limit)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, 9)
                console, _ = process.communicate()
                console += f"\nended after {time_limit} s of real time\n".encode()
        return _result(directory, console.decode(errors="replace"),
                       [re.compile(pattern) for pattern in chosen.mode.harmless])


def _memory_directory() -> str | None:
    """Memory, as a disk would be written to all the time."""
    return "/dev/shm" if shutil.disk_usage("/dev/shm").free > 2 << 30 else None


def _result(directory: pathlib.Path, console: str, patterns: list[re.Pattern[str]]) -> Run:
    status = process.read(directory / "status").strip()
    found = [*reports.scan("console", console, patterns),
             *reports.leaks("kmemleak", process.read(directory / "leaks"), patterns)]
    return Run(int(status) if status else None, process.read(directory / "output"), console, found)


def shell(chosen: Kernel) -> int:
    """A shell on this terminal."""
    with tempfile.TemporaryDirectory(prefix="uml-", dir=_memory_directory()) as name:
        directory = pathlib.Path(name)
        (directory / "interactive").touch()
        line = [part for part in _command_line(chosen, directory)
                if not part.startswith("con0=")]
        return subprocess.run([*line, "con0=fd:0,fd:1"], env={**os.environ, "TMPDIR": name},
                              check=False).returncode
