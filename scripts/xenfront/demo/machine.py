# SPDX-License-Identifier: GPL-2.0-only
"""One run of the lab: the WAV file is played in a guest, QEMU records Dom0's AC97 card."""

import dataclasses
import pathlib
import shutil
import subprocess
from typing import Any

from xenfront.errors import Failure
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


@dataclasses.dataclass(frozen=True)
class Settings:
    """How the file is played."""

    rate: int
    seconds: float
    period: int
    buffer: int
    kernel: str
    guest_type: str
    run_name: str
    quiet: bool


@dataclasses.dataclass(frozen=True)
class Results:
    """Where a run left what."""

    directory: pathlib.Path
    summary: dict[str, Any]

    @property
    def recording(self) -> pathlib.Path:
        return self.directory / "dom0-ac97.wav"

    @property
    def trace(self) -> pathlib.Path:
        return self.directory / "dom0/files/backend-trace.jsonl"

    @property
    def statistics(self) -> pathlib.Path:
        return self.directory / "dom0/files/backend-statistics.json"

    @property
    def kernel_log(self) -> pathlib.Path:
        return self.directory / "domu0/dmesg"

    def guest_file(self, name: str) -> str:
        path = self.directory / "domu0/files" / name
        try:
            return path.read_text(encoding="utf-8", errors="replace")
        except OSError as failure:
            raise Failure(f"{path}: the guest brought it not back ({failure.strerror}); see "
                            f"{self.directory / 'domu0'}") from failure


def play(wav: pathlib.Path, work: pathlib.Path, settings: Settings) -> Results:
    """Runs the lab; its progress goes to stderr. `work` is for what goes into the guest."""
    script = _prepare(wav, work, settings)
    status = subprocess.run(runs.command(
        "run", name=settings.run_name, kernel=settings.kernel, type=settings.guest_type,
        sound="ac97", sound_rate=settings.rate, domu_overlay=work / "guest", domu_script=script,
        dom0_command=_FLUSH.format(rate=settings.rate), dom0_script_when="guests-done",
        # hw: and not plughw:, so that alsa-lib can convert nothing.
        backend="xen-sndback --default alsa:hw:0,0 --trace \"$LAB_OUT/backend-trace.jsonl\" "
                "--stats \"$LAB_OUT/backend-statistics.json\"",
        time_limit=round(settings.seconds * 2 + 60),
        # An emulated CPU on a loaded machine can need a minute for a second of sound.
        host_limit=round(settings.seconds * 60 + 1200), quiet=settings.quiet), check=False).returncode
    return Results(runs.directory(settings.run_name),
                   runs.summary(settings.run_name, status, _WITH_RESULTS))


def _prepare(wav: pathlib.Path, work: pathlib.Path, settings: Settings) -> pathlib.Path:
    guest = work / "guest" / "demo"
    guest.mkdir(parents=True)
    shutil.copyfile(wav, guest / "input.wav")
    script = work / "play"
    script.write_text(_GUEST_SCRIPT.format(period=settings.period, buffer=settings.buffer),
                      encoding="utf-8")
    return script
