# SPDX-License-Identifier: GPL-2.0-only
"""scripts/bench follows the lab that it has started."""

import pathlib
import subprocess
import tempfile
import unittest

import support
from benchkit import machine
from benchkit.errors import BenchError

assert support.ROOT


class Following(unittest.TestCase):
    def setUp(self) -> None:
        work = tempfile.TemporaryDirectory(prefix="bench-test-")
        self.addCleanup(work.cleanup)
        self.console = pathlib.Path(work.name) / "dom0" / "console.log"
        self.console.parent.mkdir()
        self.seen: list[tuple[int, str]] = []

    def follow(self, script: str, patience: float) -> int | None:
        """With a shell that does what the lab would. Returns its exit status."""
        with subprocess.Popen(["sh", "-c", script, "sh", str(self.console)]) as lab:
            machine.follow(lab, self.console, lambda *done: self.seen.append(done), patience)
            return lab.returncode

    def test_steps_are_seen_until_the_lab_ends(self) -> None:
        script = 'for i in start one; do echo "bench: $i done" >>"$1"; sleep 0.7; done'
        self.assertEqual(self.follow(script, 60.0), 0)
        self.assertEqual(list(dict.fromkeys(self.seen))[-2:], [(0, "start"), (1, "one")])

    def test_a_step_that_hangs_ends_the_lab(self) -> None:
        self.console.write_text("bench: start done\nbench: one done\n", encoding="utf-8")
        with self.assertRaisesRegex(BenchError, "one: after this nothing was done for 0.5 s"):
            self.follow("exec sleep 60", 0.5)

    def test_steps_in_time_are_no_hang(self) -> None:
        script = 'for i in 1 2 3 4; do sleep 0.6; echo "bench: $i done" >>"$1"; done'
        self.assertEqual(self.follow(script, 2.0), 0)


if __name__ == "__main__":
    unittest.main()
