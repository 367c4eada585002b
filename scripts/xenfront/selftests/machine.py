# SPDX-License-Identifier: GPL-2.0-only
"""Runs a machine of the selftests, and judges what it leaves."""

import dataclasses
import pathlib
import shutil
import subprocess
import threading
from typing import Any

import numpy

from xenfront import ROOT, audio, cpio, process, provoked, toolchain
from xenfront.command import say
from xenfront.debian import debug_kernel, packages
from xenfront.errors import Failure
from xenfront.judgement import Judgement
from xenfront.lab import build, runs
from xenfront.selftests import mixer, outputs
from xenfront.selftests.suites import Run

GUEST_TESTS = ROOT / "tests" / "guest"
# Below the directory of what is built for the architecture.
PROGRAM = pathlib.Path("guest/xen-front-selftest")
ACCOUNTANT = pathlib.Path("guest-bench/xen-front-accountant")
BACKEND = pathlib.Path("backend/xen-sndback")
KSELFTEST = pathlib.Path("kselftest")
PROVOKER = ROOT / "build" / "provoker" / "provoker.ko"

# Machines are prepared at once, and CMake configures a directory once at a time.
_INSTALLING = threading.Lock()

# Of the lab's options those that are fields of Run under the same name.
_OPTIONS = [field.name for field in dataclasses.fields(Run)]
_OPTIONS = _OPTIONS[_OPTIONS.index("kernel"):_OPTIONS.index("sound") + 1]


def tone() -> audio.Recording:
    """Three seconds of 997 Hz, which is no divisor of the rate, in stereo."""
    rate, seconds = 48000, 3
    wave = numpy.rint(16000 * numpy.sin(2 * numpy.pi * 997 * numpy.arange(rate * seconds) / rate))
    return audio.Recording(rate, numpy.stack((wave, wave), axis=1))


def overlay(run: Run) -> pathlib.Path:
    """A tree with /selftest for both domains."""
    tree = ROOT / "build" / "selftest" / run.name
    shutil.rmtree(tree, ignore_errors=True)
    target = tree / "selftest"
    target.mkdir(parents=True)
    for file in (*GUEST_TESTS.glob("*.sh"), *GUEST_TESTS.glob("*.conf")):
        shutil.copy(file, target)
    built = build.build_directory(run.arch)
    strip = f"llvm-strip-{toolchain.version('llvm')}"
    programs = [*(built / PROGRAM).parent.glob("xen-front-*"), built / ACCOUNTANT]
    if run.is_driver_domain:
        programs.append(built / BACKEND)
    for program in programs:
        if program.is_file():
            # Without what a debugger wants: the guest keeps it in memory, which limits a run.
            process.output([strip, "-o", target / program.name, program])
    if run.expected_reports:
        shutil.copy(PROVOKER, target)
    shutil.copytree(ROOT / "src" / "alsa" / "ucm2", tree / "usr" / "share" / "alsa" / "ucm2")
    if run.trixie_packages:
        trixie = target / "trixie"
        cpio.make_merged_usr(trixie)
        shutil.copytree(packages.extracted(run.trixie_packages, say, packages.Origin("trixie")),
                        trixie, symlinks=True, dirs_exist_ok=True)
        shutil.copytree(ROOT / "src/alsa/ucm2", trixie / "usr/share/alsa/ucm2", dirs_exist_ok=True)
    audio.write(target / "tone.wav", tone())
    (target / "even.raw").write_bytes(mixer.EVEN_SAMPLES.tobytes())
    for guest, device in run.noise:
        (target / f"noise-{guest}-{device}.raw").write_bytes(outputs.noise(guest, device).tobytes())
    shutil.copytree(built / KSELFTEST, target / "kselftest")
    shutil.copytree(GUEST_TESTS / "pcm-test.conf.d", target / "kselftest" / "conf.d")
    return tree


def dom0_overlay(run: Run, tree: pathlib.Path) -> pathlib.Path:
    """The same, and what else Dom0 has."""
    if not run.installs_backend:
        return tree
    own = tree.with_name(f"{run.name}-dom0")
    shutil.rmtree(own, ignore_errors=True)
    shutil.copytree(tree, own)
    with _INSTALLING:
        process.make(ROOT, "install-backend", f"DESTDIR={own}")
    return own


def prepare(kernel: str, machine: dict[str, Any]) -> str:
    """Fetches a kernel and builds the module for it; what prevents that, or nothing."""
    commands = [runs.command("build", kernel=kernel, **machine)]
    if not debug_kernel.has_driver(kernel):
        commands.append([*runs.command("make", arch=machine["arch"], kernel=kernel), "module"])
    for command in commands:
        say(f"prepares kernel {kernel}: {command[1]}")
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              check=False)
        if done.returncode != 0:
            print(done.stdout)
            said = done.stdout.splitlines() or [f"exited with {done.returncode}"]
            return f"scripts/lab {command[1]} --kernel {kernel}: {said[-1]}"
    return ""


def command_line(run: Run, time_limit: int, machine: dict[str, Any],
                 **overlays: pathlib.Path) -> list[str]:
    """Of scripts/lab."""
    options = {name: getattr(run, name) for name in _OPTIONS}
    options |= {"backend": f"{run.backend} {run.backend_options}",
                "dom0_script_when": run.dom0_script_when if run.dom0_command else "",
                "no_wait_card": bool(run.before_unpause)}
    time_limit += run.seconds
    return runs.command("run", name=run.name, quiet=True, time_limit=time_limit,
                        host_limit=max(1800, 6 * time_limit), **options | machine | overlays)


def execute(run: Run, time_limit: int, machine: dict[str, Any], broken: str | None) -> Judgement:
    """Runs a machine; `broken` says why it cannot be, and `machine` has options of the lab for all."""
    if broken:
        raise Failure(broken)
    judgement = Judgement(runs.directory(run.name), run.guests)
    tree = overlay(run)
    command = command_line(run, time_limit, machine, domu_overlay=tree,
                           dom0_overlay=dom0_overlay(run, tree))
    lab = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                         check=False)
    domains = [f"domu{guest}" for guest in range(run.guests)] + ["dom0"] * bool(run.dom0_command)
    has_reported = all([judgement.ktap(domain) for domain in domains])
    if has_reported:
        for check in run.checks:
            check(judgement)
    if run.expected_reports:
        with judgement.reading("reports"):
            provoked.compare_run(judgement, lab.returncode, run.expected_reports)
    elif lab.returncode != 0 and (not has_reported or lab.returncode != 1 or not judgement.failed):
        judgement.fail(f"scripts/lab exited with {lab.returncode}")
        judgement.notes += lab.stdout.splitlines()
    else:
        judgement.check("kernel logs are clean", True)
    return judgement
