# SPDX-License-Identifier: GPL-2.0-only
"""How far a command is, on a terminal and elsewhere."""

import io
import unittest

from xenfront.progress import Progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class Bar(unittest.TestCase):
    def setUp(self) -> None:
        self.output = Terminal()

    def test_steps_redraw_one_line(self) -> None:
        with Progress(4, output=self.output) as progress:
            progress.step(1, "first")
            progress.step(2, "second")
        self.assertNotIn("\n", self.output.getvalue())
        self.assertIn("[" + "#" * 15 + "." * 15 + "] 2/4", self.output.getvalue())

    def test_it_stays_below_the_lines(self) -> None:
        with Progress(2, output=self.output) as progress:
            progress.step(1)
            progress("boots")
        *lines, rest = self.output.getvalue().split("\n")
        self.assertRegex(lines[-1], r"\x1b\[K\[ +0\.\ds\] boots$")
        self.assertIn("] 1/2", rest)

    def test_nothing_of_it_is_left(self) -> None:
        with Progress(2, output=self.output) as progress:
            progress.step(1)
        self.assertTrue(self.output.getvalue().endswith("\r\x1b[K"))

    def test_more_steps_than_there_are_fill_it(self) -> None:
        with Progress(2, output=self.output) as progress:
            progress.step(3)
        self.assertIn("[" + "#" * 30 + "] 2/2", self.output.getvalue())

    def test_without_a_number_of_steps_there_is_none(self) -> None:
        with Progress(output=self.output) as progress:
            progress("boots")
        self.assertRegex(self.output.getvalue(), r"^\[ +0\.\ds\] boots\n$")

    def test_quiet(self) -> None:
        with Progress(2, quiet=True, output=self.output) as progress:
            progress("boots")
            progress.step(1, "first")
        self.assertEqual(self.output.getvalue(), "")


class Lines(unittest.TestCase):
    def test_steps_are_a_line_now_and_then(self) -> None:
        output = io.StringIO()
        with Progress(4, output=output) as progress:
            progress.step(1, "first")
            progress.step(2, "second")
        self.assertRegex(output.getvalue(), r"^\[ +0\.\ds\] 1/4 first\n$")
