# SPDX-License-Identifier: GPL-2.0-only
"""The machines that the selftests run on: how each is started, and how many at once."""

import dataclasses
import pathlib
import tempfile
import threading
import unittest
from unittest import mock

from xenfront.selftests import cli, machine, suites


class CommandLine(unittest.TestCase):
    """What scripts/lab is told of a run."""

    def test_a_run_that_lasts_is_given_its_time(self) -> None:
        runs = {run.name: run for run in suites.survivor_runs(10, 3)}
        for name, limit in (("selftest-saves-6.1", 600),
                            ("selftest-endurance-6.1", 600 + suites.ENDURANCE[2])):
            command = machine.command_line(runs[name], 600, {})
            self.assertEqual(command[command.index("--time-limit") + 1], str(limit))


class Dom0(unittest.TestCase):
    def test_the_backend_is_installed_once_at_a_time(self) -> None:
        under_way: list[int] = []
        most = 0
        both_are_there = threading.Barrier(2)

        def install(*_arguments: object) -> None:
            nonlocal most
            under_way.append(1)
            most = max(most, len(under_way))
            # Where two may be here at once, the other one comes.
            begun.wait(0.2)
            under_way.pop()

        def prepare(run: suites.Run) -> None:
            both_are_there.wait()
            tree = pathlib.Path(directory) / run.name
            tree.mkdir()
            machine.dom0_overlay(run, tree)

        begun = threading.Event()
        one = next(run for run in suites.output_runs() if run.installs_backend)
        with tempfile.TemporaryDirectory() as directory, \
                mock.patch.object(machine.process, "make", install):
            threads = [threading.Thread(target=prepare,
                                        args=(dataclasses.replace(one, name=name),))
                       for name in ("one", "other")]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        self.assertEqual(most, 1)


class AtOnce(unittest.TestCase):
    def test_a_machine_for_each_processor_that_has_memory_for_it(self) -> None:
        for processors, mebibytes, machines in ((2, 20000, 2), (8, 15800, 4), (8, 3584 * 8, 8),
                                                (2, 7000, 1), (2, 2000, 1)):
            with self.subTest(processors=processors, mebibytes=mebibytes):
                meminfo = (f"MemTotal: 99999999 kB\nMemFree: 1 kB\n"
                           f"MemAvailable:   {mebibytes * 1024} kB\n")
                self.assertEqual(cli.machines_at_once(processors, meminfo), machines)


if __name__ == "__main__":
    unittest.main()
