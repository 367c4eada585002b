# SPDX-License-Identifier: GPL-2.0-only
"""The matrix of kernels and guests, and the table of its results."""

import unittest

from xenfront.selftests import matrix
from xenfront.selftests.matrix import Cell, Result

LOG = ("[    0.000000] Linux version 7.3.4+deb13-amd64 (debian-kernel@lists.example) "
       "(x86_64-linux-gnu-gcc-14 (Debian 14.2.0-19) 14.2.0, GNU ld (GNU Binutils) 2.44) #1 SMP\n")


class Cells(unittest.TestCase):
    def test_every_kernel_flavour_and_type(self) -> None:
        cells = matrix.cells()
        self.assertEqual(len(cells), len(set(cells)))
        self.assertEqual(len(cells), 12)
        self.assertIn(Cell("6.1-rt", "pvh"), cells)
        self.assertIn(Cell("trixie-backports", "pv"), cells)

    def test_names_differ(self) -> None:
        self.assertEqual(len({cell.name for cell in matrix.cells()}), 12)


class Table(unittest.TestCase):
    def result(self, guest_type: str, failed: list[str], log: str = LOG) -> Result:
        return matrix.result(Cell("trixie-backports", guest_type), log, 15, failed)

    def test_release_and_compiler_are_the_kernels_own_words(self) -> None:
        result = self.result("pv", [])
        self.assertEqual((result.release, result.compiler), ("7.3.4+deb13-amd64", "gcc-14"))

    def test_all_well(self) -> None:
        self.assertEqual(matrix.table([self.result("pv", []), self.result("pvh", [])]), [
            "| kernel | compiler | pv | pvh |", "|---|---|---|---|",
            "| 7.3.4+deb13-amd64 | gcc-14 | 15 passed | 15 passed |"])

    def test_a_cell_that_cannot_work_says_why(self) -> None:
        lines = matrix.table([self.result("pv", ["no such package"], log=""),
                              self.result("pvh", [])])
        self.assertEqual(lines[2:], ["| 7.3.4+deb13-amd64 | gcc-14 | FAILED | 15 passed |",
                                     "matrix-trixie-backports-pv: no such package"])

    def test_nothing_booted(self) -> None:
        lines = matrix.table([self.result("pv", ["no such package"], log="")])
        self.assertEqual(lines[2], "| trixie-backports | unknown | FAILED | not run |")
