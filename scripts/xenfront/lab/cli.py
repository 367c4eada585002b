# SPDX-License-Identifier: GPL-2.0-only
"""What scripts/lab does."""

import datetime
import os
import pathlib
import shutil
import sys
import time

from xenfront import ROOT, cache
from xenfront.command import complain, shown
from xenfront.errors import ExitStatus, UsageError
from xenfront.lab import arguments
from xenfront.lab import booted, build, machine
from xenfront.lab.image import Images
from xenfront.lab.options import DEFAULT_KERNEL, RunOptions, checked
from xenfront.lab.results import Outcome, disk_of
from xenfront.progress import Progress


def _result_directory(name: str | None) -> pathlib.Path:
    base = ROOT / "build" / "lab"
    base.mkdir(parents=True, exist_ok=True)
    if name is None:
        now = datetime.datetime.now().strftime("%Y%m%d-%H%M%S")
        name = f"{now}-{os.getpid()}"
    directory = base / name
    if directory.exists():
        shutil.rmtree(directory)
    directory.mkdir()
    link = base / f".last-{os.getpid()}"
    link.symlink_to(name)
    link.rename(base / "last")
    return directory


def _run(options: RunOptions) -> ExitStatus:
    checked(options)
    progress = Progress(0 if options.shell else machine.phases(options), options.quiet)
    images = Images(options, progress)
    prepared = booted.prepared(options, images.boot, progress)
    directory = _result_directory(options.name)
    try:
        return _run_and_judge(options, images, prepared, directory, progress)
    finally:
        for path in (disk_of(directory), directory / "domu.img"):
            if not options.keep:
                path.unlink(missing_ok=True)


def _run_and_judge(options: RunOptions, images: Images, prepared: pathlib.Path,
                   directory: pathlib.Path, progress: Progress) -> ExitStatus:
    images.write(disk_of(directory))
    machine.create_disk(directory)
    (directory / "dom0").mkdir()
    progress(f"starts the machine; results go to {shown(directory)}")
    command = [*machine.command_line(options, images.boot, directory),
               *booted.resume(prepared, directory)]
    start = time.monotonic()
    with progress:
        limit_reached, failure = machine.run(command, options, directory, progress)
    if options.shell is not None:
        if failure:
            complain(failure)
        return ExitStatus.LAB_FAILED if failure else ExitStatus.OK
    outcome = Outcome(options, directory)
    outcome.collect(limit_reached, failure)
    outcome.write(time.monotonic() - start)
    _print_summary(outcome, directory, progress)
    return outcome.status


def _print_summary(outcome: Outcome, directory: pathlib.Path, progress: Progress) -> None:
    for report in outcome.reports[:3]:
        complain(f"kernel report: {report}")
    if len(outcome.reports) > 3:
        complain(f"and {len(outcome.reports) - 3} more kernel reports; see summary.json")
    for _, problem in outcome.problems:
        complain(f"{problem}")
    scripts = ", ".join(f"{name}: {status}" for name, status in outcome.scripts.items())
    progress(f"scripts: {scripts or 'none'}")
    progress(f"{outcome.status.name} ({int(outcome.status)}); results in {shown(directory)}")


def _shell(options: RunOptions) -> ExitStatus:
    if not sys.stdin.isatty():
        raise UsageError("shell needs a terminal; for commands use scripts/lab run")
    options.shell = "dom0" if options.dom0 else "domu"
    return _run(options)


def _build(options: RunOptions) -> ExitStatus:
    # What is built here, and not in the cache, need not be there.
    options.driver = options.backend = "none"
    options.module = None
    checked(options)
    progress = Progress(quiet=options.quiet)
    booted.prepared(options, Images(options, progress).boot, progress)
    progress(f"everything is in {cache.cache_root()}")
    return ExitStatus.OK


def _make(options: RunOptions) -> ExitStatus:
    progress = Progress()
    for name in options.kernel or [DEFAULT_KERNEL]:
        done = build.module(build.headers_of(name, options.arch, progress), options.arguments)
        sys.stdout.write(done.stdout)
        sys.stdout.flush()
        if done.returncode != 0:
            complain(f"make {' '.join(options.arguments)} failed for kernel {name}; its messages "
                     "are above")
            return ExitStatus.SCRIPT_FAILED
    return ExitStatus.OK


def _programs(options: RunOptions) -> ExitStatus:
    if build.programs(options.arch, options.targets, Progress()):
        return ExitStatus.OK
    complain(f"make {' '.join(options.targets)} failed for {options.arch}; its messages are "
             "above")
    return ExitStatus.SCRIPT_FAILED


def _clean(_options: RunOptions) -> ExitStatus:
    print(f"removed {cache.cache_root()}: {cache.clean() >> 20} MiB")
    return ExitStatus.OK


def main(words: list[str]) -> int:
    """Runs the command and returns the exit status."""
    options = arguments.parse(words)
    commands = {"run": _run, "shell": _shell, "build": _build, "make": _make, "programs": _programs,
                "clean": _clean}
    return commands[options.command](options)
