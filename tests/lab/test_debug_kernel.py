# SPDX-License-Identifier: GPL-2.0-only
"""The debug kernel: whether a configuration is what was asked for, and which names mean one."""

import unittest
from unittest import mock

import support  # noqa: F401 # pylint: disable=unused-import
from labkit import debug_kernel, packages
from labkit.errors import LabError

FRAGMENT = """# a comment about CONFIG_THINGS
CONFIG_PROVE_LOCKING=y
CONFIG_NR_CPUS=4
# CONFIG_SLUB_TINY is not set
"""


class LostLines(unittest.TestCase):
    def test_all_there(self) -> None:
        config = "CONFIG_PROVE_LOCKING=y\nCONFIG_NR_CPUS=4\n# CONFIG_SLUB_TINY is not set\n"
        self.assertEqual(debug_kernel.lost_lines(FRAGMENT, config), [])

    def test_not_set_is_true_of_the_unknown(self) -> None:
        config = "CONFIG_PROVE_LOCKING=y\nCONFIG_NR_CPUS=4\n"
        self.assertEqual(debug_kernel.lost_lines(FRAGMENT, config), [])

    def test_another_value_is_lost(self) -> None:
        config = "# CONFIG_PROVE_LOCKING is not set\nCONFIG_NR_CPUS=64\nCONFIG_SLUB_TINY=y\n"
        self.assertEqual(debug_kernel.lost_lines(FRAGMENT, config),
                         ["CONFIG_PROVE_LOCKING=y", "CONFIG_NR_CPUS=4",
                          "# CONFIG_SLUB_TINY is not set"])

    def test_a_longer_name_is_another_option(self) -> None:
        config = FRAGMENT + "CONFIG_SLUB_TINY_BUT_NOT_THIS=y\n"
        self.assertEqual(debug_kernel.lost_lines(FRAGMENT, config), [])


class Names(unittest.TestCase):
    def test_other_names_are_debians(self) -> None:
        with mock.patch.object(debug_kernel.kernels, "debian_kernel") as debian:
            debug_kernel.by_name("6.1", ["loop"], print)
        debian.assert_called_once_with("6.1", ["loop"], print)

    def test_series_without_source(self) -> None:
        with mock.patch.object(packages, "resolve", return_value=[]), \
                self.assertRaisesRegex(LabError, "linux-source-9.9"):
            debug_kernel.by_name("debug-9.9", [], print)


if __name__ == "__main__":
    unittest.main()
