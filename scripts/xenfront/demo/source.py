# SPDX-License-Identifier: GPL-2.0-only
"""Where the sound to be played comes from: a file, converted if it must be, or a generator."""

import pathlib
import shutil
from typing import Callable

import numpy

from xenfront import audio, process
from xenfront.errors import Failure

# Of Debian's alsa-utils.
DEFAULT_FILE = pathlib.Path("/usr/share/sounds/alsa/Front_Center.wav")
DEFAULT_RATE = 48000
# What both the virtual card of the lab and an AC97 codec can do.
RATES = (8000, 16000, 32000, 44100, 48000)
_WANTED = {"type": "wav", "channels": "2", "bits": "16", "encoding": "Signed Integer PCM"}
_SOXI = {"type": "-t", "rate": "-r", "channels": "-c", "bits": "-b", "encoding": "-e"}

REMEDY = "give a sound file that sox can read"


def generate(path: pathlib.Path, seconds: float, seed: int) -> str:
    """Writes random samples, different in both channels; says what it wrote.

    Random samples show what music hides: each frame that is lost, repeated, swapped or scaled.
    """
    frames = max(1, round(seconds * DEFAULT_RATE))
    samples = numpy.random.default_rng(seed).integers(-32768, 32768, (frames, audio.CHANNELS),
                                                      "int16")
    audio.write(path, audio.Recording(DEFAULT_RATE, samples))
    return (f"{frames} frames of random samples (seed {seed}), {DEFAULT_RATE} Hz, "
            f"{audio.CHANNELS} channels, 16 bits")


def convert(source: pathlib.Path, target: pathlib.Path, announce: Callable[[str], None]) -> str:
    """Puts into `target` what aplay can play bit for bit; says what it is and how it was made."""
    if not source.is_file():
        raise Failure(f"{source}: there is no such file; give a sound file with --wav FILE, or "
                      "install alsa-utils (scripts/setup) for the default")
    found = _describe(source)
    rate = found["rate"] if int(found["rate"]) in RATES else str(DEFAULT_RATE)
    wanted = {**_WANTED, "rate": rate}
    changes = [f"{name} {found[name]} -> {wanted[name]}" for name in wanted
               if found[name] != wanted[name]]
    if not changes:
        shutil.copyfile(source, target)
        return f"{source}, unchanged"
    announce(f"converts {source} with sox -D: {', '.join(changes)}; what comes out is compared "
             "with the converted file")
    # -D: no dither, so that widening or doubling a channel changes no sample.
    process.output(["sox", "-D", source, "-t", "wav", "-b", "16", "-e", "signed-integer",
                    "-c", wanted["channels"], "-r", rate, target], REMEDY)
    return f"{source}, converted ({', '.join(changes)})"


def _describe(source: pathlib.Path) -> dict[str, str]:
    return {name: process.output(["soxi", option, source], REMEDY).strip()
            for name, option in _SOXI.items()}
