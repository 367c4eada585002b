# SPDX-License-Identifier: GPL-2.0-only
"""Runs of scripts/lab for selftests, demo and bench: how they are started, the driver that their
guests load, and what they leave."""

import json
import pathlib
from typing import Any

from xenfront import ROOT
from xenfront.command import say, shown
from xenfront.errors import Failure, explained
from xenfront.lab import build

LAB = ROOT / "scripts" / "lab"


def directory(name: str) -> pathlib.Path:
    """Where the run of that name leaves its results."""
    return ROOT / "build" / "lab" / name


def command(what: str, **options: Any) -> list[str]:
    """A command line of scripts/lab: the options have underscores for hyphens. True stands for an
    option without a value, None, False and "" for an option that is not given."""
    words = [str(LAB), what]
    for option, value in options.items():
        if value is not None and value is not False and value != "":
            words.append("--" + option.replace("_", "-"))
            if value is not True:
                words.append(str(value))
    return words


def summary(name: str, status: int, expected: tuple[int, ...]) -> dict[str, Any]:
    """The summary of a run that has ended with `status`. Failure if that is not `expected`."""
    if status not in expected:
        raise Failure(f"scripts/lab exited with {status} (scripts/lab --help says what that is); its "
                      f"messages are above, its logs in {shown(directory(name))}")
    path = directory(name) / "summary.json"
    with explained(path, "has this run ended?"):
        return dict(json.loads(path.read_text(encoding="utf-8")))


def module(kernel: str, *variables: str) -> pathlib.Path:
    """Builds the driver for a guest's kernel; the file. `variables` are make's."""
    done = build.module(build.headers_of(kernel, "amd64", say), ["module", *variables])
    if done.returncode != 0:
        raise Failure(f"the module cannot be built for kernel {kernel}:\n{done.stdout}")
    return ROOT / done.stdout.split()[-1]
