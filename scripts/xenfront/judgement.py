# SPDX-License-Identifier: GPL-2.0-only
"""What has passed and what has failed, of whatever was run: each verdict, and the report of all."""

import concurrent.futures
import contextlib
import dataclasses
import pathlib
import re
import time
from typing import Any, Callable, Iterator, Mapping, Sequence

from xenfront import process
from xenfront.errors import Failure


def first_difference(one: Sequence[Any], other: Sequence[Any]) -> int:
    """Where they are not the same any more: at the latest, where one of them ends."""
    return next((at for at, (left, right) in enumerate(zip(one, other)) if left != right),
                min(len(one), len(other)))


@dataclasses.dataclass(frozen=True)
class Verdict:
    """One thing that was looked at: what there is, and whether that is as it has to be. None:
    nothing is required, or it was not measured."""

    what: str
    found: str = ""
    holds: bool | None = None
    required: str = ""

    @property
    def mark(self) -> str:
        return {None: "", True: "ok", False: "FAIL"}[self.holds]

    def __str__(self) -> str:
        return f"{self.what}: {self.found}" if self.found else self.what


class Judgement:
    """Of a run of the lab, whose results are in the directory `result`, or of something else."""

    def __init__(self, result: pathlib.Path = pathlib.Path(), guests: int = 1):
        self.result = result
        self.guests = guests
        self.verdicts: list[Verdict] = []
        self.notes: list[str] = []

    @property
    def passed(self) -> list[str]:
        return [one.what for one in self.verdicts if one.holds]

    @property
    def failed(self) -> list[str]:
        """With what there was instead."""
        return [str(one) for one in self.verdicts if one.holds is False]

    def check(self, what: str, holds: object, found: object = "", required: str = "") -> None:
        """Passes, or fails with what there is instead."""
        self.verdicts.append(Verdict(what, str(found), bool(holds), required))

    def tell(self, what: str, found: object) -> None:
        """What is not judged."""
        self.verdicts.append(Verdict(what, str(found)))

    def fail(self, *failures: str) -> None:
        """With these texts."""
        for text in failures:
            self.check(text, False)

    def expect_none(self, what: str, wrong: list[str], most: int = 5) -> None:
        """Passes when nothing is wrong; fails with the first of it."""
        if not wrong:
            self.check(what, True)
        self.fail(*(f"{what}: {one}" for one in wrong[:most]))

    @contextlib.contextmanager
    def reading(self, what: str) -> Iterator[None]:
        """Around what reads the files of a run: fails when they are not there, or spoilt."""
        try:
            yield
        except (OSError, ValueError, KeyError, Failure) as error:
            self.check(what, False, f"{type(error).__name__}: {error}")

    def __str__(self) -> str:
        """A table for a terminal."""
        width = max(len(one.what) for one in self.verdicts)
        return "\n".join(
            f"  {one.mark:4}  {one.what:<{width}}  {one.found}"
            + f"   [required: {one.required}]" * (one.holds is False) for one in self.verdicts)

    def of_domain(self, domain: str, name: str) -> pathlib.Path:
        """A file that a domain has left, or a backend in it."""
        return self.result / domain / "files" / name

    def of_dom0(self, name: str) -> pathlib.Path:
        return self.of_domain("dom0", name)

    def of_guest(self, name: str, guest: int = 0) -> pathlib.Path:
        return self.of_domain(f"domu{guest}", name)

    def backend_log(self) -> str:
        """What the backend has logged."""
        return (self.result / "dom0/backend/stderr").read_text(errors="replace")

    def ktap(self, domain: str) -> bool:
        """Adds the tests that a domain reports, and the diagnostic lines, each under its test.
        Whether there is a report."""
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
            self.fail(f"{domain}: {planned} tests were planned and {seen} reported")
        if "KTAP version" not in text:
            self.fail(f"{domain} reported no test")
        return "KTAP version" in text


# Adds to a judgement what the files tell that guests and Dom0 have left.
Check = Callable[[Judgement], None]


def judge_all(runs: Mapping[str, Callable[[], Judgement]], at_once: int) -> dict[str, Judgement]:
    """Runs them all, so many at a time, and prints what has become of each when it has ended, and
    the sum. What ends by a Failure, or for want of a file, fails alone."""
    def timed(run: Callable[[], Judgement]) -> tuple[Judgement, float]:
        start = time.monotonic()
        try:
            judged = run()
        except (OSError, Failure) as failure:
            judged = Judgement()
            judged.fail(str(failure))
        return judged, time.monotonic() - start

    judgements: dict[str, Judgement] = {}
    with concurrent.futures.ThreadPoolExecutor(at_once) as pool:
        names = {pool.submit(timed, run): name for name, run in runs.items()}
        for future in concurrent.futures.as_completed(names):
            name = names[future]
            judgement, seconds = future.result()
            judgements[name] = judgement
            print(f"[{len(judgements)} of {len(runs)}] {name}: {len(judgement.passed)} passed, "
                  f"{len(judgement.failed)} failed ({seconds:.0f} s)",
                  *(f"  FAILED {test}" for test in judgement.failed),
                  *(f"    {note}" for note in judgement.notes), sep="\n", flush=True)
    passed, failed = (sum(len(getattr(one, what)) for one in judgements.values())
                      for what in ("passed", "failed"))
    print(f"{passed} passed, {failed} failed")
    return judgements


def is_good(judgements: Mapping[str, Judgement]) -> bool:
    """Something has passed, and nothing failed."""
    return any(one.passed for one in judgements.values()) and \
        not any(one.failed for one in judgements.values())
