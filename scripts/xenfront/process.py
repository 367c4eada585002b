# SPDX-License-Identifier: GPL-2.0-only
"""Runs programs."""

import os
import pathlib
import subprocess
from typing import Any, Iterable, Mapping

from xenfront.errors import Failure

# Of what a program said before it failed.
_LINES = 15


def output(command: Iterable[object], remedy: str = "", **options: Any) -> str:
    """What a program prints. Failure, with the end of its messages and the remedy, if it cannot be
    started or fails. `options` are those of subprocess.run()."""
    words = [str(word) for word in command]
    try:
        done = subprocess.run(words, **{"stdout": subprocess.PIPE, "stderr": subprocess.PIPE,
                                        "text": True, "errors": "replace", "check": False, **options})
    except OSError as failure:
        raise Failure(f"{words[0]}: cannot be started ({failure.strerror}); scripts/setup installs "
                      "what is needed") from failure
    if done.returncode != 0:
        said = "\n".join((done.stderr or done.stdout or "").strip().splitlines()[-_LINES:])
        raise Failure(f"'{' '.join(words[:12])}' exited with {done.returncode}: {said}"
                      + f"; {remedy}" * bool(remedy))
    return str(done.stdout)


def environment() -> dict[str, str]:
    """This process's own, but for what a make that started it was told ("-n", its job server)."""
    return {name: value for name, value in os.environ.items()
            if name not in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS")}


def make(tree: pathlib.Path, *arguments: object, variables: Mapping[str, str] = {}) -> str:
    """Runs make in a tree on JOBS processors (default: all), with `variables` in its environment."""
    jobs = os.environ.get("JOBS") or os.cpu_count()
    return output(["make", "-s", f"-j{jobs}", *arguments],
                  "scripts/setup installs what builds need", cwd=tree,
                  stderr=subprocess.STDOUT, env={**environment(), **variables})


def read(path: pathlib.Path) -> str:
    """The text of a file; nothing if there is none."""
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return ""
