# SPDX-License-Identifier: GPL-2.0-only
"""One run of the lab: the WAV file is played in a guest, QEMU records Dom0's AC97 card."""

import argparse
import pathlib
import shutil
import subprocess
import tempfile
from typing import Any

from xenfront import audio, process
from xenfront.command import shown
from xenfront.errors import Failure, explained
from xenfront.lab import runs

# The lab's exit statuses that still leave something to judge: OK, a script failed, kernel reports.
_WITH_RESULTS = (0, 1, 3)

# The guest's side. hw: no plugin of alsa-lib between aplay and the driver.
_GUEST_SCRIPT = """\
#!/bin/sh
cat /proc/interrupts >"$LAB_OUT/interrupts.before"
aplay -v -D hw:0,0 --period-size={period} --buffer-size={buffer} /demo/input.wav \\
	>"$LAB_OUT/aplay.stdout" 2>"$LAB_OUT/aplay.stderr"
status=$?
cat /proc/interrupts >"$LAB_OUT/interrupts.after"
cat "$LAB_OUT/aplay.stderr" >&2
exit $status
"""

# QEMU keeps the last few milliseconds of a card that stops until the card plays on: it then writes
# them to the recording, and after them this silence, which the comparison allows.
_FLUSH = "aplay -q -D hw:0,0 -t raw -f S16_LE -c 2 -r {rate} -d 1 /dev/zero"


# What the user gets of a run's directory.
RESULTS = {"output.wav": "dom0-ac97.wav", "guest-kernel.log": "domu0/dmesg",
           "backend-trace.jsonl": "dom0/files/backend-trace.jsonl",
           "backend-statistics.json": "dom0/files/backend-statistics.json"}


def play(options: argparse.Namespace, played: audio.Recording) -> dict[str, Any]:
    """Has a guest play input.wav of the directory --out, and brings there what the run has left; the
    lab's summary. Progress goes to stderr."""
    with tempfile.TemporaryDirectory(prefix="demo-", dir=options.out) as name:
        guest, script = pathlib.Path(name) / "guest", pathlib.Path(name) / "play"
        (guest / "demo").mkdir(parents=True)
        shutil.copyfile(options.out / "input.wav", guest / "demo" / "input.wav")
        script.write_text(_GUEST_SCRIPT.format(period=options.period, buffer=options.buffer),
                          encoding="utf-8")
        status = subprocess.run(runs.command(
            "run", name=options.name, kernel=options.kernel, type=options.type, sound="ac97",
            sound_rate=played.rate, domu_overlay=guest, domu_script=script,
            dom0_command=_FLUSH.format(rate=played.rate), dom0_script_when="guests-done",
            # Less takes less time to be given to a guest and taken back; the file is in it twice.
            memory=256 + 2 * ((options.out / "input.wav").stat().st_size >> 20),
            # hw: and not plughw:, so that alsa-lib can convert nothing.
            backend="xen-sndback --default alsa:hw:0,0 --trace \"$LAB_OUT/backend-trace.jsonl\" "
                    "--stats \"$LAB_OUT/backend-statistics.json\"",
            time_limit=round(played.seconds * 2 + 60), quiet=options.quiet,
            # An emulated CPU on a loaded machine can need a minute for a second of sound.
            host_limit=round(played.seconds * 60 + 1200)), check=False).returncode
    summary = runs.summary(options.name, status, _WITH_RESULTS)
    for result, origin in RESULTS.items():
        with explained(origin, f"see summary.json in {shown(runs.directory(options.name))}",
                       "the run left no such file"):
            shutil.copyfile(runs.directory(options.name) / origin, options.out / result)
    return summary


def guest_file(run: str, name: str) -> str:
    """What the guest has left in a file."""
    path = runs.directory(run) / "domu0/files" / name
    if not path.exists():
        raise Failure(f"{path}: the guest did not hand it back; see {path.parents[1]}")
    return process.read(path)
