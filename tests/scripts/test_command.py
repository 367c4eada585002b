# SPDX-License-Identifier: GPL-2.0-only
"""What all commands have in common: programs that they run, machines of the lab, judgements."""

import contextlib
import io
from unittest import mock

from support import ROOT, DirectoryTest, run_script
from xenfront import command, judgement, process
from xenfront.errors import Failure, UsageError
from xenfront.lab import arguments, options, runs
from xenfront.judgement import Judgement


class Main(DirectoryTest):
    def status(self, body: object, **options: int) -> tuple[int, str]:
        """The exit status, and what is said."""
        said = io.StringIO()
        with contextlib.redirect_stderr(said), self.assertRaises(SystemExit) as exit_, \
                mock.patch.object(command.sys, "argv", ["tool", "argument"]):
            command.main(body, **options)  # type: ignore[arg-type]
        return exit_.exception.code, said.getvalue()  # type: ignore[return-value]

    def test_statuses(self) -> None:
        def fails(_arguments: list[str]) -> int:
            raise UsageError("x is no y")

        self.assertEqual(self.status(len), (1, ""))
        self.assertEqual(self.status(fails)[0], 2)
        self.assertIn("x is no y", self.status(fails)[1])
        self.assertEqual(self.status(fails, failed=1)[0], 1)
        self.assertEqual(self.status(mock.Mock(side_effect=KeyboardInterrupt))[0], 130)

    def test_a_module_that_is_missing(self) -> None:
        status, said = self.status("no_such_part")
        self.assertEqual(status, 2)
        self.assertIn("no_such_part", said)


class Help(DirectoryTest):
    def test_every_command_has_it(self) -> None:
        for path in (ROOT / "scripts").iterdir():
            # All that checkpatch is told goes to the kernel's.
            if path.is_file() and path.stat().st_mode & 0o100 and path.name != "checkpatch":
                with self.subTest(path.name):
                    done = run_script(path.name, "--help")
                    self.assertEqual((done.returncode, done.stderr), (0, ""))
                    self.assertIn("exit status:", done.stdout)


class Process(DirectoryTest):
    def test_output(self) -> None:
        self.assertEqual(process.output(["echo", 1]), "1\n")

    def test_failures_name_program_reason_and_remedy(self) -> None:
        with self.assertRaisesRegex(Failure, "'ls /nowhere' exited with 2: .*nowhere.*; look there"):
            process.output(["ls", "/nowhere"], "look there")
        with self.assertRaisesRegex(Failure, "no-such-program: cannot be started .*scripts/setup"):
            process.output(["no-such-program"])

    def test_what_make_was_told_is_not_passed_on(self) -> None:
        with mock.patch.dict("os.environ", MAKEFLAGS="n", LANG="C"):
            self.assertNotIn("MAKEFLAGS", process.environment())
            self.assertEqual(process.environment()["LANG"], "C")


class Lab(DirectoryTest):
    def test_a_command_line_is_what_the_lab_understands(self) -> None:
        words = runs.command("run", name="x", quiet=True, keep=False, xen=None, cmdline="",
                             spare_memory=0, dom0_command="a b", icount="off")
        self.assertEqual(words[1:], ["run", "--name", "x", "--quiet", "--spare-memory", "0",
                                     "--dom0-command", "a b", "--icount", "off"])
        parsed = options.checked(arguments.parse(words[1:]))
        self.assertEqual((parsed.name, parsed.icount, parsed.quiet, str(parsed.dom0_script)),
                         ("x", None, True, "a b"))

    def test_a_run_that_leaves_nothing_to_judge(self) -> None:
        with self.assertRaisesRegex(Failure, "exited with 5 .*build/lab/none"):
            runs.summary("none", 5, (0, 1))


class Judging(DirectoryTest):
    def ktap(self, text: str) -> Judgement:
        self.write("domu0/stdout", text)
        judged = Judgement(self.directory)
        self.is_there = judged.ktap("domu0")
        return judged

    def test_tests_and_their_notes(self) -> None:
        judged = self.ktap("KTAP version 1\n1..2\n# why\nok 1 good\nnot ok 2 bad\n")
        self.assertEqual((judged.passed, judged.failed, judged.notes),
                         (["good"], ["bad"], ["good: why"]))

    def test_a_test_that_does_not_report(self) -> None:
        self.assertEqual(self.ktap("KTAP version 1\n1..2\nok 1 good\n").failed,
                         ["domu0: 2 tests were planned and 1 reported"])

    def test_a_domain_that_does_not(self) -> None:
        self.assertEqual(self.ktap("").failed, ["domu0 reported no test"])
        self.assertFalse(self.is_there)

    def test_files_that_are_missing(self) -> None:
        judged = Judgement(self.directory)
        with judged.reading("counters"):
            judged.of_dom0("none").read_text()
        self.assertRegex(judged.failed[0], "^counters: FileNotFoundError: ")

    def test_all_of_them(self) -> None:
        good, bad = Judgement(), Judgement()
        good.check("plays", 1)
        good.tell("latency", 7)
        bad.check("plays", None, "no card")
        cannot_begin = mock.Mock(side_effect=Failure("no kernel; build it"))
        with contextlib.redirect_stdout(io.StringIO()) as said:
            judged = judgement.judge_all({"none": cannot_begin, "one": lambda: good,
                                          "other": lambda: bad}, 2)
        self.assertIn("other: 0 passed, 1 failed (0 s)\n  FAILED plays: no card\n", said.getvalue())
        self.assertIn("none: 0 passed, 1 failed (0 s)\n  FAILED no kernel; build it\n",
                      said.getvalue())
        self.assertTrue(said.getvalue().endswith("1 passed, 2 failed\n"))
        self.assertFalse(judgement.is_good(judged))
        self.assertTrue(judgement.is_good({"one": good}))
        self.assertFalse(judgement.is_good({"none": Judgement()}))
