# SPDX-License-Identifier: GPL-2.0-only
"""What a run brought back: the guests' archives, the logs, the summary and the exit status."""

import json
import pathlib
import re
import shutil
import tarfile
from typing import Any

from xenfront import process
from xenfront.errors import ExitStatus
from xenfront.lab import reports
from xenfront.lab.options import RunOptions

# Lines that the init scripts in guest/ write for the host.
PHASE = re.compile(r"lab: (dom0|domu\d+): (\d+\.\d+) (.*)")


# On the machine's disk, each archive begins at a multiple of this. The first
# is the run's own. Nothing is at the disk's beginning, where a kernel looks for partitions.
ARCHIVE_BYTES = 16 << 30
RUN, DOM0, FIRST_GUEST = 1, 2, 3

# Of a sparse file, with results of 16 guests.
DISK_BYTES = (FIRST_GUEST + 16) * ARCHIVE_BYTES


def disk_of(directory: pathlib.Path) -> pathlib.Path:
    """The raw disk of a run's machine. Dom0 takes from it what is particular to the run, and hands over
    the results on it. It does both while no guest runs, since an idle machine skips seconds while it
    waits for the disk."""
    return directory / "machine.disk"


def unpack(disk: pathlib.Path, number: int, target: pathlib.Path) -> str | None:
    """Unpacks the archive of that number that a domain wrote to a raw disk; the problem, or None.

    The archive comes from a guest and is not trusted with more than its place on the disk, and files
    below `target`.
    """
    target.mkdir(parents=True, exist_ok=True)
    complete = False
    try:
        with open(disk, "rb") as handle:
            handle.seek(number * ARCHIVE_BYTES)
            if not handle.read(512).strip(b"\0"):
                return "handed no results back"
            handle.seek(number * ARCHIVE_BYTES)
            archive = tarfile.open(fileobj=handle, mode="r:")
            for member in archive:
                if member.issparse() or \
                        member.offset_data + member.size > (number + 1) * ARCHIVE_BYTES:
                    return f"handed back more than its place on the disk has ({member.name})"
                parts = pathlib.PurePosixPath(member.name).parts
                complete = complete or parts == ("complete",)
                if parts[:1] != ("out",) or ".." in parts or len(parts) < 2:
                    continue
                where = target.joinpath(*parts[1:])
                if member.isdir():
                    where.mkdir(parents=True, exist_ok=True)
                elif member.isreg():
                    source = archive.extractfile(member)
                    where.parent.mkdir(parents=True, exist_ok=True)
                    with open(where, "wb") as output:
                        shutil.copyfileobj(source, output)
                    where.chmod(0o755 if member.mode & 0o100 else 0o644)
                elif member.issym() or member.islnk():
                    where.parent.mkdir(parents=True, exist_ok=True)
                    where.with_name(where.name + ".link").write_text(member.linkname + "\n",
                                                                     encoding="utf-8")
    except (tarfile.TarError, EOFError, OSError) as failure:
        return f"handed no results back ({failure})"
    return None if complete else "handed back only a part of its results"


class Outcome:
    """Judges a finished run and writes its summary."""

    def __init__(self, options: RunOptions, directory: pathlib.Path):
        self._options = options
        self._directory = directory
        self._guests = [f"domu{guest}" for guest in range(options.guests)]
        self.reports: list[reports.Report] = []
        self.problems: list[tuple[ExitStatus, str]] = []
        self.scripts: dict[str, str] = {}
        self.phases: list[dict[str, Any]] = []
        self.backend_status: str | None = None

    def collect(self, host_limit_reached: bool, qemu_failure: str | None) -> None:
        """Sorts what the machine left into the run's directory and judges it."""
        directory = self._directory
        self._read_console(self._read("dom0/console.log"), host_limit_reached, qemu_failure)
        disk = disk_of(directory)
        lost = unpack(disk, DOM0, directory / "dom0")
        if lost and not host_limit_reached:
            self._fail(ExitStatus.LAB_FAILED, f"dom0 {lost}; see dom0/console.log and xen.log")
        for number, name in enumerate(self._guests, FIRST_GUEST):
            lost_guest = unpack(disk, number, directory / name)
            source = directory / f"dom0/guests/{name}.console"
            if source.is_file():
                source.rename(directory / name / "console.log")
            if lost_guest and not lost:
                self._fail(ExitStatus.LAB_FAILED, f"{name} {lost_guest}; see {name}/console.log")
        self._judge_scripts()
        self._judge_backend()
        self._scan_logs()

    def _read(self, name: str) -> str:
        return process.read(self._directory / name)

    def _fail(self, status: ExitStatus, problem: str) -> None:
        self.problems.append((status, problem))

    def _read_console(self, console: str, host_limit_reached: bool,
                      qemu_failure: str | None) -> None:
        for match in PHASE.finditer(console):
            domain, seconds, text = match[1], float(match[2]), match[3].strip()
            self.phases.append({"domain": domain, "guest_seconds": seconds, "text": text})
            if text.startswith("failed: "):
                self._fail(ExitStatus.LAB_FAILED, text.removeprefix("failed: "))
            if text.startswith("time limit"):
                self._fail(ExitStatus.TIME_LIMIT,
                           f"{text}; raise it with --time-limit if the scripts need longer")
        if host_limit_reached:
            self._fail(ExitStatus.TIME_LIMIT,
                       f"the machine did not end within {self._options.host_limit} s of the host's "
                       f"time and was stopped; last sign of life: {self._last_phase()}; raise "
                       "--host-limit on a slow host")
        elif qemu_failure:
            self._fail(ExitStatus.LAB_FAILED, qemu_failure)
        elif not any(phase["text"] == "powers off" for phase in self.phases):
            self._fail(ExitStatus.LAB_FAILED,
                       "the machine ended before Dom0 powered it off; last sign of life: "
                       f"{self._last_phase()}; see xen.log and dom0/console.log")

    def _last_phase(self) -> str:
        if not self.phases:
            return "none, not even Dom0's kernel"
        last = self.phases[-1]
        return f"'{last['text']}' after {last['guest_seconds']} s of Dom0's time"

    def _judge_scripts(self) -> None:
        expected = [name for guest, name in enumerate(self._guests)
                    if self._options.domu_script(guest) is not None]
        if self._options.dom0_script is not None:
            expected.append("dom0")
        for domain in expected:
            status = self._read(f"{domain}/status").strip()
            self.scripts[domain] = status or "none"
            if status == "timeout":
                self._fail(ExitStatus.TIME_LIMIT, f"{domain}'s script was stopped at the time limit")
            elif status not in ("0", ""):
                self._fail(ExitStatus.SCRIPT_FAILED, f"{domain}'s script exited with {status}; see "
                                                     f"{domain}/stderr and {domain}/stdout")
        for name in self._guests:
            # Its driver was not loaded, or its card has not come.
            for problem in self._read(f"{name}/problem").splitlines():
                self._fail(ExitStatus.SCRIPT_FAILED, f"{name}: {problem}; see {name}/dmesg")

    def _judge_backend(self) -> None:
        status = self._read("dom0/backend/status").split()
        if not status:
            return
        self.backend_status = status[0]
        # Scripts may end the backend as they like; by itself it has no reason to end.
        if "asked" not in status and status[0] not in ("0", "137", "143"):
            self._fail(ExitStatus.SCRIPT_FAILED, "the backend exited by itself with "
                                                 f"{status[0]}; see dom0/backend/stderr")

    def _scan_logs(self) -> None:
        allowed = self._options.allow_report
        for domain in ("dom0", *self._guests):
            seen: set[str] = set()
            # What Dom0's kernel says before it has its console is in Xen's log.
            for log in (f"{domain}/dmesg", f"{domain}/console.log", *["xen.log"] * (domain == "dom0")):
                self.reports += reports.scan(log, self._read(log), allowed, seen)
            log = f"{domain}/kmemleak"
            self.reports += reports.leaks(log, self._read(log), allowed)

    @property
    def status(self) -> ExitStatus:
        """A kernel report explains everything else; a lab that failed explains a script that did."""
        if self.reports:
            return ExitStatus.KERNEL_REPORT
        for status in (ExitStatus.LAB_FAILED, ExitStatus.TIME_LIMIT, ExitStatus.SCRIPT_FAILED):
            if any(kind is status for kind, _ in self.problems):
                return status
        return ExitStatus.OK

    def write(self, host_seconds: float) -> None:
        summary = {
            "status": int(self.status), "result": self.status.name,
            "host_seconds": round(host_seconds, 1), "scripts": self.scripts,
            "backend_status": self.backend_status,
            "problems": [text for _, text in self.problems],
            "reports": [{"log": r.log, "kind": r.kind, "lines": r.lines} for r in self.reports],
            "phases": self.phases, "options": self._options.as_dict(),
        }
        (self._directory / "summary.json").write_text(json.dumps(summary, indent=2) + "\n",
                                                      encoding="utf-8")
