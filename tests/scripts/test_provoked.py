# SPDX-License-Identifier: GPL-2.0-only
"""scripts/selftests and scripts/uml notice when a kernel does not report what was provoked."""

import re

import support
from xenfront import ROOT, provoked
from xenfront.errors import ExitStatus
from xenfront.judgement import Judgement

EXPECTED = (provoked.Expected("lock-order", "WARN", "circular locking .*first_lock"),
            provoked.Expected("leak", "memory leak", "unreferenced object"))
LOCKS = ("WARN", "WARNING: possible circular locking dependency", "insmod/7: (first_lock)")
LEAK = ("memory leak", "unreferenced object 0x1 (size 32):", '  comm "insmod"')


class ProvokedTest(support.DirectoryTest):

    def compare(self, *reports: tuple[str, ...], status: int = ExitStatus.KERNEL_REPORT,
                problems: tuple[str, ...] = ()) -> tuple[int, list[str]]:
        """How much passed, and what failed."""
        self.write_json("summary.json", {"problems": problems, "reports": [
            {"log": "domu0/dmesg", "kind": kind, "lines": lines} for kind, *lines in reports]})
        judgement = Judgement(self.directory)
        provoked.compare_run(judgement, status, EXPECTED)
        return len(judgement.passed), judgement.failed

    def test_all_that_is_expected(self) -> None:
        self.assertEqual(self.compare(LOCKS, LEAK), (2, []))
        self.assertEqual(self.compare(LEAK, LOCKS, LEAK), (2, []))

    def test_a_detector_that_is_absent(self) -> None:
        self.assertEqual(self.compare(LEAK), (1, ["lock-order: reported as WARN: circular locking "
                                                  ".*first_lock"]))

    def test_nothing_is_reported(self) -> None:
        self.assertEqual(self.compare(status=ExitStatus.OK)[0], 0)
        self.assertIn("exited with 0, not with 3", self.compare(status=ExitStatus.OK)[1][0])
        # As it would be left there by an earlier run.
        self.assertEqual(self.compare(LOCKS, LEAK, status=ExitStatus.USAGE)[0], 0)

    def test_what_differs(self) -> None:
        for report in (("BUG", *LOCKS[1:]), (*LOCKS[:2], "insmod/7: (other_lock)")):
            with self.subTest(report=report):
                passed, failed = self.compare(report, LEAK)
                self.assertEqual((passed, len(failed)), (1, 2))
                self.assertIn(f"not provoked: {report[0]}: {report[1]}", failed[1])

    def test_what_no_mistake_provoked(self) -> None:
        passed, failed = self.compare(LOCKS, LEAK, ("oops", "Oops: 0000 [#1]"))
        self.assertEqual((passed, failed), (2, ["not provoked: oops: Oops: 0000 [#1]"]))

    def test_problems_behind_the_reports(self) -> None:
        self.assertEqual(self.compare(LOCKS, LEAK, problems=("domu0 was lost",)),
                         (2, ["domu0 was lost"]))

    def test_consequences_are_no_surprise(self) -> None:
        judgement = Judgement()
        provoked.compare(judgement, [("x", "leak of f"), ("y", "1 leaks"), ("y", "oops")],
                         (provoked.Expected("leak", "", "leak of"),), (r"\d leaks",))
        self.assertEqual((len(judgement.passed), judgement.failed), (1, ["not provoked: y: oops"]))

    def test_every_mistake_is_made_and_expected(self) -> None:
        source = (ROOT / "tests/guest/provoker/provoker.c").read_text()
        known = set(re.findall(r'\{ "([a-z-]+)", provoke_\w+ \}', source))
        made = [mistake for guest in provoked.GUESTS for mistake in guest]
        self.assertEqual(len(made), len(set(made)))
        self.assertEqual({row.mistake for row in provoked.IN_GUESTS}, set(made))
        # What only KASAN sees is made where it is.
        in_uml = {row.mistake for row in provoked.IN_UML}
        self.assertEqual({*made, *in_uml}, known)
        self.assertEqual(known - set(made), {"global-overrun", "stack-overrun"})
