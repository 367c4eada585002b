# SPDX-License-Identifier: GPL-2.0-only
"""One run of the lab, in which everything is measured."""

import pathlib
import re
import shutil
import subprocess
import tempfile
import time
from typing import Any, Callable

import numpy

from xenfront import ROOT, audio
from xenfront.bench import plan
from xenfront.bench.workload import RATE, STREAMS_OF_DEVICE
from xenfront.errors import Failure, explained
from xenfront.lab import runs
from xenfront.selftests import cards, suites

PROGRAMS = ROOT / "build" / "guest-bench"


def _many_streams() -> list[str]:
    """Devices that only play, with as many streams as are ever wanted at once."""
    return ["Many: " + " ".join(f"many{number}>" for number in range(
        first, min(first + STREAMS_OF_DEVICE, max(plan.STREAMS))))
        for first in range(0, max(plan.STREAMS), STREAMS_OF_DEVICE)]


CARD = cards.only(
    "Xen Bench", "Bench: play> record<", "Echo: echo-play> echo-record<", *_many_streams(),
    buffer_size=262144, sample_rates="48000;192000", sample_formats="s16_le;s32_le",
    channels_min=1, channels_max=8)
# Of the guest in which sound servers play: with one stream, they do nothing else.
SERVER_CARD = cards.only("Xen Bench", "Bench: play>", buffer_size=262144,
                         sample_rates="44100;48000", sample_formats="s16_le;s32_le",
                         channels_min=1)
# What differs there, of the lab's options.
FOR_SERVERS = {"vsnd": SERVER_CARD, "domu_packages": f"{suites.PIPEWIRE},{suites.PULSEAUDIO}",
               "root": "disk"}

# And where several guests play.
FOR_GUESTS = {"vsnd": SERVER_CARD, "guests": max(plan.GUESTS), "memory": 256}

# tests/bench/dom0.sh writes the files when it restarts the backend.
BACKEND = ("xen-sndback --default null --map 'echo-*=loop:bench' "
           "--trace \"$LAB_OUT/trace.$(cat /run/bench-number 2>/dev/null || echo 0)\" "
           "$(cat /run/bench-options 2>/dev/null)")

# The in-tree driver's complaint whenever it is unbound.
ALLOWED_REPORT = "freeing event channel"

# So that the domains have a clock in common.
NATIVE_COUNTER = 'tsc_mode = "native"'

_DONE = re.compile(r"^bench: (\S+) done", re.MULTILINE)

# Told about the progress: how many steps are done, and the name of the last.
Watch = Callable[[int, str], None]
# Builds of this driver, by the names that a plan has for them.
Modules = dict[str, pathlib.Path]


# Which the players of sound servers play: seconds, and the sample that they consist of.
SOUNDS = {"silence": (30.0, 0), "sound": (70.0, 9000), "click": (0.3, 9000)}


def _overlay(tree: pathlib.Path, steps: str, modules: Modules) -> None:
    target = tree / "bench"
    target.mkdir(parents=True)
    programs = (PROGRAMS / f"xen-front-{name}" for name in ("bench", "accountant", "pinger"))
    scripts = [*sorted((ROOT / "tests" / "bench").glob("*.sh")),
               *(ROOT / "tests" / "guest" / name for name in ("ktap.sh", "sound-server.sh"))]
    for path, name in (*((path, path.name) for path in (*scripts, *programs)),
                       *((path, f"{driver}.ko") for driver, path in modules.items())):
        with explained(path, "make bench builds what is needed", "cannot be used"):
            shutil.copy(path, target / name)
    for sound, (seconds, sample) in SOUNDS.items() if "\nserver " in steps else ():
        samples = numpy.full((round(seconds * RATE), audio.CHANNELS), sample)
        audio.write(target / f"{sound}.wav", audio.Recording(RATE, samples))
    (target / "plan").write_text(steps, encoding="utf-8")


def counts(name: str) -> pathlib.Path:
    """Where a run of that name that counts instructions leaves what it has counted."""
    return runs.directory(name) / "instructions"


def counting(name: str) -> dict[str, Any]:
    """The options of a run of that name that counts instructions."""
    plugin = PROGRAMS / "xen-front-counter.so"
    if not plugin.exists():
        raise Failure(f"{plugin}: is not there; make bench builds what is needed")
    return {"qemu_plugin": f"{plugin},out={counts(name)},processor={plan.GUEST_PROCESSOR}"}


def _commands(guests: int) -> str:
    return (f"[ $LAB_GUEST != 0 ] || exec /bench/guest.sh /bench/plan /bench {guests}; "
            "exec /bench/other.sh /bench")


def run(name: str, kernel: str, guest_type: str, icount: int, modules: Modules, steps: str,
        watch: Watch, lab_options: dict[str, Any]) -> None:
    """Boots the lab, with these options besides, and has `steps` done."""
    with tempfile.TemporaryDirectory(prefix="bench-") as work:
        tree = pathlib.Path(work)
        _overlay(tree, steps, modules)
        command = runs.command("run", **{
            "quiet": True, "name": name, "kernel": kernel, "type": guest_type, "icount": icount,
            "driver": "none", "sound": "aloop", "domu_config": NATIVE_COUNTER, "vsnd": CARD,
            "backend": BACKEND, "domu_overlay": tree, "dom0_overlay": tree,
            "dom0_command": "/bench/dom0.sh",
            "domu_command": _commands(int(lab_options.get("guests", 1))), "time_limit": 3600,
            "host_limit": 7200, "allow_report": ALLOWED_REPORT, **lab_options})
        shutil.rmtree(runs.directory(name), ignore_errors=True)
        with subprocess.Popen(command) as lab:
            follow(lab, runs.directory(name) / "dom0" / "console.log", watch)
    runs.summary(name, lab.returncode, (0,))


# No step takes so long, in seconds of this machine: the guest, or what it waits for, hangs.
PATIENCE = 600.0


def follow(lab: "subprocess.Popen[bytes]", console: pathlib.Path, watch: Watch,
           patience: float = PATIENCE) -> None:
    """Until the lab has ended. Ends it when nothing is done any more."""
    count, since = 0, time.monotonic()
    try:
        while lab.poll() is None:
            done = _DONE.findall(console.read_text(errors="replace")) if console.exists() else []
            last = done[-1] if done else "the machine boots"
            # The first says that the domains have found each other.
            watch(max(0, len(done) - 1), last)
            if len(done) != count:
                count, since = len(done), time.monotonic()
            elif time.monotonic() - since > patience:
                raise Failure(f"{last}: after this nothing was done for {patience:g} s, so the "
                              f"lab was ended; see the consoles in {console.parent.parent}")
            time.sleep(0.3)
    finally:
        if lab.poll() is None:
            lab.terminate()
