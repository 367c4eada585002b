# SPDX-License-Identifier: GPL-2.0-only
"""Unit tests of scripts/xenfront/selftests/machine.py."""

import unittest

from xenfront.selftests import machine, suites


class CommandLine(unittest.TestCase):
    """What scripts/lab is told of a run."""

    def test_a_run_that_lasts_is_given_its_time(self) -> None:
        runs = {run.name: run for run in suites.survivor_runs(10, 3)}
        for name, limit in (("selftest-saves-6.1", 600),
                            ("selftest-endurance-6.1", 600 + suites.ENDURANCE[2])):
            command = machine.command_line(runs[name], 600, {})
            self.assertEqual(command[command.index("--time-limit") + 1], str(limit))


if __name__ == "__main__":
    unittest.main()
