# SPDX-License-Identifier: GPL-2.0-only
"""scripts/bench follows the lab that it has started."""

import pathlib
from typing import Any
from unittest import mock

from support import DirectoryTest
from xenfront.bench import machine
from xenfront.errors import Failure


class Lab:
    """Writes the names of steps that are done to its console, each at its second, and ends at one."""

    def __init__(self, console: pathlib.Path, done: dict[int, str], end: int) -> None:
        self.console, self.done, self.end = console, dict(done), end
        self.now = 0.0
        self.is_terminated = False

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        for second in [second for second in self.done if second <= self.now]:
            with open(self.console, "a", encoding="utf-8") as log:
                log.write(f"bench: {self.done.pop(second)} done\n")

    def poll(self) -> int | None:
        return 0 if self.now >= self.end else None

    def terminate(self) -> None:
        self.is_terminated = True


class Following(DirectoryTest):
    def follow(self, done: dict[int, str], end: int) -> list[tuple[int, str]]:
        """What was seen of a lab that does that."""
        console = self.directory / "dom0" / "console.log"
        console.parent.mkdir()
        lab: Any = Lab(console, done, end)
        seen: list[tuple[int, str]] = []
        self.lab = lab
        with mock.patch.object(machine, "time", lab):
            machine.follow(lab, console, lambda *progress: seen.append(progress), 100.0)
        return list(dict.fromkeys(seen))

    def test_steps_are_seen_until_the_lab_ends(self) -> None:
        seen = self.follow({10: "start", 50: "one", 90: "two"}, 95)
        self.assertEqual(seen, [(0, "the machine boots"), (0, "start"), (1, "one"), (2, "two")])
        self.assertFalse(self.lab.is_terminated)

    def test_a_step_that_hangs_ends_the_lab(self) -> None:
        with self.assertRaisesRegex(Failure, "one: after this nothing was done for 100 s"):
            self.follow({10: "start", 90: "one"}, 5000)
        self.assertTrue(self.lab.is_terminated)
        self.assertAlmostEqual(self.lab.now, 190.0, delta=1.0)

    def test_a_machine_that_does_not_boot_ends_as_well(self) -> None:
        with self.assertRaisesRegex(Failure, "the machine boots: after this nothing"):
            self.follow({}, 5000)

    def test_each_step_has_the_whole_patience(self) -> None:
        seen = self.follow({99: "start", 198: "one", 297: "two"}, 396)
        self.assertEqual(len(seen), 4)
        self.assertFalse(self.lab.is_terminated)
