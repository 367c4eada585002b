# SPDX-License-Identifier: GPL-2.0-only
"""The same random walks over the fake kernel, on this machine, and over the real one."""

import itertools
import re
import subprocess

from xenfront import ROOT
from xenfront.errors import Failure

# Of some 250 steps each.
COUNT = 60
COUNT_OF_ALL = 500

_HOST = ROOT / "build" / "host" / "scenarios"
_STEP = re.compile(r"^(\d+): (.*)$", re.MULTILINE)
# Steps shown before one that differs, and walks shown that do.
_CONTEXT = 8
SHOWN = 5


def over_the_fake(words: tuple[str, ...]) -> str:
    """What the walks printed over the fake kernel."""
    if not _HOST.exists():
        raise Failure(f"{_HOST} is not there; run 'make host-tests'")
    done = subprocess.run([_HOST, *words], capture_output=True, text=True, errors="replace",
                          check=False)
    if done.returncode not in (0, 1):
        raise Failure(f"{_HOST} {' '.join(words)}: exit status {done.returncode}:\n{done.stderr}")
    return done.stdout


def steps(output: str) -> dict[str, list[str]]:
    """What each walk printed, step by step."""
    walks: dict[str, list[str]] = {}
    for walk, step in _STEP.findall(output):
        walks.setdefault(walk, []).append(step)
    return walks


def differences(fake: str, real: str) -> list[str]:
    """The first difference of each walk between the two kernels, of at most SHOWN walks."""
    fakes, reals = steps(fake), steps(real)
    found = [text for walk in {**fakes, **reals}
             if (text := _difference(walk, fakes.get(walk, []), reals.get(walk, [])))]
    left = len(found) - SHOWN
    return found[:SHOWN] + ([f"and {left} more walks differ"] if left > 0 else [])


def _difference(walk: str, fake: list[str], real: list[str]) -> str:
    for number, (one, other) in enumerate(itertools.zip_longest(fake, real, fillvalue="nothing")):
        if one != other:
            before = "".join(f"    {step}\n" for step in fake[max(0, number - _CONTEXT):number])
            return (f"walk {walk} differs in step {number}:\n{before}"
                    f"    fake: {one}\n    real: {other}")
    return ""
