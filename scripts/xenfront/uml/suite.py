# SPDX-License-Identifier: GPL-2.0-only
"""What "scripts/uml check" runs, several guests at a time."""

import functools
import os
import re
from typing import Callable, NamedTuple

from xenfront import judgement, provoked
from xenfront.command import Say
from xenfront.errors import UsageError
from xenfront.judgement import Judgement
from xenfront.uml import clients, kernel, machine, walks

GUEST = kernel.BUILD / "guest"
# Seconds of real time. A part needs one minute of a processor, which a machine with much else to do
# may take long to give it.
TIME_LIMIT = 1800
# One for each processor of this machine.
SHARES = os.cpu_count() or 1


class Part(NamedTuple):
    """A run of one guest."""

    name: str
    mode: str
    command: tuple[str, ...]
    # Reports that the part is about: these, and no others.
    expected_reports: tuple[provoked.Expected, ...] = ()
    # Arguments of "scenarios" with which it has to print the same steps over the fake kernel.
    walks: tuple[str, ...] = ()


def _scenarios(_is_all: bool) -> list[Part]:
    return [Part(f"scenarios {share + 1}/{SHARES}", "time-travel",
                 (str(GUEST / "scenarios"), "--share", f"{share}/{SHARES}"))
            for share in range(SHARES)]


# Time does not stand still there: of nothing that plays can be said how far it is.
_UNTIMED = ("opens*", "starts-empty", "starts-without-params", "frees", "moves-too-far",
            "moves-back", "pauses-what-does-not-run", "plays-nothing")


def _two_processors(is_all: bool) -> list[Part]:
    return [Part("two-processors", "smp", (str(GUEST / "scenarios"), *_UNTIMED))] if is_all else []


def _clients(is_all: bool) -> list[Part]:
    return [Part(client.name, client.mode, command)
            for client, command in clients.commands(is_all)]


def _provoked(is_all: bool) -> list[Part]:
    def part(mode: str) -> Part:
        module = kernel.directory(kernel.MODES[mode]) / "provoker" / "provoker.ko"
        return Part(f"provoked {mode}", mode, provoked.for_uml(str(module)),
                    provoked.IN_UML)

    return [part(mode) for mode in (kernel.MODES if is_all else ("time-travel",))]


def _walks(is_all: bool) -> list[Part]:
    count = -(-(walks.COUNT_OF_ALL if is_all else walks.COUNT) // SHARES)
    parts = []
    for share in range(SHARES):
        words = ("--walk", f"{share * count}/{count}")
        parts.append(Part(f"walks {share + 1}/{SHARES}", "time-travel",
                          (str(GUEST / "scenarios"), *words), walks=words))
    return parts


def _attacks(_is_all: bool) -> list[Part]:
    return [Part(f"attacks {share + 1}/{SHARES}", "time-travel",
                 ("env", f"GTEST_TOTAL_SHARDS={SHARES}", f"GTEST_SHARD_INDEX={share}",
                  str(GUEST / "attacks"), "--gtest_print_time=0"))
            for share in range(SHARES)]


def _stress(is_all: bool) -> list[Part]:
    return [Part(f"stress {seed}", "smp", (str(GUEST / "stress"), str(seed), str(steps)))
            for seed, steps in ((1, 20), (2, 100), (3, 300)) if is_all]


# What each runs; more of it, if told to run all.
SUITES: dict[str, Callable[[bool], list[Part]]] = {
    "scenarios": _scenarios, "walks": _walks, "attacks": _attacks, "stress": _stress,
    "clients": _clients, "two-processors": _two_processors, "provoked": _provoked,
}


def _parts(names: list[str], is_all: bool) -> list[Part]:
    unknown = [name for name in names if name not in SUITES]
    if unknown:
        raise UsageError(f"there is no suite {', '.join(unknown)}; there are {', '.join(SUITES)}")
    return [part for name in names or SUITES for part in SUITES[name](is_all)]


def _judge(part: Part, run: machine.Run) -> Judgement:
    judged = Judgement()
    for test in re.findall(r"^(?:ok|\[ +OK \]) (.*)", run.output, re.MULTILINE):
        judged.check(test, True)
    if run.status is None:
        judged.check("the command ends", False, "the kernel ended before it did:\n" +
                     "\n".join(run.console.splitlines()[-25:]))
    elif not part.expected_reports:
        failed = re.findall(r"^not ok .*(?:\n# .*)*|^.*: Failure\n(?:.+\n)*", run.output,
                            re.MULTILINE)
        judged.check("the command succeeds", run.status == 0, "\n".join(failed[:10]) or
                     f"exit status {run.status}:\n" + "\n".join(run.output.splitlines()[-15:]))
    if part.walks:
        judged.expect_none("the walks are those over the fake kernel", walks.differences(
            walks.over_the_fake(part.walks), run.output), most=walks.SHOWN + 1)
    if part.expected_reports:
        provoked.compare(judged, ((report.kind, str(report)) for report in run.reports),
                         part.expected_reports, provoked.CONSEQUENCES)
    else:
        judged.fail(*map(str, run.reports))
    return judged


def check(names: list[str], is_all: bool, say: Say) -> int:
    """Runs suites, with `is_all` what takes long as well; 0 if nothing was wrong, else 1."""
    parts = _parts(names, is_all)
    prepared = {mode: kernel.prepared(mode, say) for mode in {part.mode for part in parts}}

    def judged(part: Part) -> Judgement:
        return _judge(part, machine.run(prepared[part.mode], part.command, TIME_LIMIT))

    judgements = judgement.judge_all({part.name: functools.partial(judged, part) for part in parts},
                                     SHARES)
    return 0 if judgement.is_good(judgements) else 1
