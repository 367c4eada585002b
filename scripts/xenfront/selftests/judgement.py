# SPDX-License-Identifier: GPL-2.0-only
"""What a run of the lab has passed and failed."""

import contextlib
import pathlib
import re
from typing import Callable, Iterator

from xenfront import process
from xenfront.errors import Failure


class Judgement:
    """Of a run whose results are in the directory `result`."""

    def __init__(self, result: pathlib.Path, guests: int = 1):
        self.result = result
        self.guests = guests
        self.passed: list[str] = []
        self.failed: list[str] = []
        self.notes: list[str] = []

    def check(self, what: str, holds: bool, otherwise: str = "") -> None:
        """Passes, or fails with what there is instead."""
        if holds:
            self.passed.append(what)
        else:
            self.failed.append(f"{what}: {otherwise}" if otherwise else what)

    def expect_none(self, what: str, wrong: list[str], most: int = 5) -> None:
        """Passes when nothing is wrong; fails with the first of it."""
        if not wrong:
            self.passed.append(what)
        self.failed += [f"{what}: {one}" for one in wrong[:most]]

    @contextlib.contextmanager
    def reading(self, what: str) -> Iterator[None]:
        """Around what reads the files of a run: fails when they are not there, or spoilt."""
        try:
            yield
        except (OSError, ValueError, KeyError, Failure) as error:
            self.failed.append(f"{what}: {type(error).__name__}: {error}")

    def of_dom0(self, name: str) -> pathlib.Path:
        """A file that Dom0 or the backend has left."""
        return self.result / "dom0/files" / name

    def of_guest(self, name: str, guest: int = 0) -> pathlib.Path:
        """A file that a guest has left."""
        return self.result / f"domu{guest}/files" / name

    def backend_log(self) -> str:
        """What the backend has logged."""
        return (self.result / "dom0/backend/stderr").read_text(errors="replace")

    def ktap(self, domain: str) -> bool:
        """Adds the tests that a domain reports, and the diagnostic lines, each under its test. Whether
        there is a report."""
        text = process.read(self.result / domain / "stdout")
        pending: list[str] = []
        planned = seen = 0
        for line in text.splitlines():
            if plan := re.match(r"1\.\.(\d+)$", line):
                planned += int(plan[1])
            elif result := re.match(r"(not )?ok \d+ (.*)$", line):
                seen += 1
                self.check(result[2], not result[1])
                self.notes += [f"{result[2]}: {note}" for note in pending]
                pending = []
            elif line.startswith("# "):
                pending.append(line[2:])
        if planned != seen:
            self.failed.append(f"{planned} tests were planned and {seen} reported")
        if "KTAP version" not in text:
            self.failed.append(f"{domain} reported no test")
        return "KTAP version" in text


# Adds to a judgement what the files tell that guests and Dom0 have left.
Check = Callable[[Judgement], None]
