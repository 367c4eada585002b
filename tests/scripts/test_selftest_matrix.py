# SPDX-License-Identifier: GPL-2.0-only
"""The matrix of kernels and guests, and the table of its results."""

import unittest

from support import DirectoryTest
from xenfront.judgement import Judgement
from xenfront.selftests import matrix
from xenfront.selftests.matrix import Cell

LOG = ("[    0.000000] Linux version 7.3.4+deb13-amd64 (debian-kernel@lists.example) "
       "(x86_64-linux-gnu-gcc-14 (Debian 14.2.0-19) 14.2.0, GNU ld (GNU Binutils) 2.44) #1 SMP\n")


class Cells(unittest.TestCase):
    def test_every_kernel_flavour_and_type(self) -> None:
        cells = matrix.cells()
        self.assertEqual(len({cell.name for cell in cells}), len(cells))
        self.assertEqual(len(cells), 9)
        self.assertIn(Cell("6.1-rt", "pvh"), cells)
        self.assertNotIn(Cell("6.1-rt", "pv"), cells)
        self.assertIn(Cell("trixie-backports-rt", "pvh"), cells)
        self.assertIn(Cell("trixie-backports", "pv"), cells)


class Table(DirectoryTest):
    def judged(self, guest_type: str, *failed: str, log: str = LOG,
               kernel: str = "trixie-backports") -> dict[str, Judgement]:
        name = Cell(kernel, guest_type).name
        self.write(f"{name}/domu0/dmesg", log)
        judgement = Judgement(self.directory / name)
        judgement.check("plays", True)
        judgement.fail(*failed)
        return {name: judgement}

    def test_all_well(self) -> None:
        """Release and compiler are the kernel's own words."""
        self.assertEqual(matrix.table(self.judged("pv") | self.judged("pvh")), [
            "| kernel | compiler | pv | pvh |", "|---|---|---|---|",
            "| 7.3.4+deb13-amd64 | gcc-14 | 1 passed | 1 passed |"])

    def test_what_does_not_run_as_such_a_guest(self) -> None:
        lines = matrix.table(self.judged("pvh", kernel="6.12-rt"))
        self.assertEqual(lines[2:], ["| 7.3.4+deb13-amd64 | gcc-14 | kernel hangs | 1 passed |"])

    def test_a_cell_that_cannot_work_says_why(self) -> None:
        lines = matrix.table(self.judged("pv", "no such package", log="") | self.judged("pvh"))
        self.assertEqual(lines[2:], ["| 7.3.4+deb13-amd64 | gcc-14 | FAILED | 1 passed |",
                                     "matrix-trixie-backports-pv: no such package"])

    def test_nothing_booted(self) -> None:
        lines = matrix.table(self.judged("pv", "no such package", log=""))
        self.assertEqual(lines[2], "| trixie-backports | unknown | FAILED | not run |")
