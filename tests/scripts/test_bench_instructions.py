# SPDX-License-Identifier: GPL-2.0-only
"""scripts/bench reads what the emulator has counted."""

import unittest

import support
from benchkit import instructions, plan
from benchkit.errors import BenchError
from benchkit.instructions import Cost

assert support.ROOT

SYMBOLS = instructions.read_symbols([
    "ffffffffc0001000 first [snd_xen_front]", "ffffffffc0001080 second [snd_xen_front]",
    "ffffffffc0005000 core [snd_pcm]", "ffffffffc0009000 other [snd_aloop]"])


class Counts(unittest.TestCase):
    def test_each_mark_ends_a_part(self) -> None:
        self.assertEqual(instructions.read_counts(["mark\n", "10 20 3\n", "a0 b0 4\n", "mark\n"]),
                         [[(0x10, 0x20, 3), (0xa0, 0xb0, 4)], []])

    def test_blocks_belong_to_the_function_before(self) -> None:
        blocks = [(0xffffffffc0001000, 0x7000, 5), (0xffffffffc0001070, 0x7070, 6),
                  (0xffffffffc0001080, 0x7080, 7), (0xffffffffc0005010, 0x8010, 8)]
        self.assertEqual(instructions.by_function(blocks, SYMBOLS),
                         {("snd_xen_front", "first"): 11, ("snd_xen_front", "second"): 7,
                          ("snd_pcm", "core"): 8})

    def test_other_modules_do_not_count(self) -> None:
        blocks = [(0xffffffffc0009000, 0x7000, 5), (0xffffffffc0000000, 0x7000, 5)]
        self.assertEqual(instructions.by_function(blocks, SYMBOLS), {})

    def test_an_address_of_two_domains_is_refused(self) -> None:
        blocks = [(0xffffffffc0001000, 0x7000, 5), (0xffffffffc0001004, 0x9004, 6)]
        with self.assertRaisesRegex(BenchError, "more than one domain"):
            instructions.by_function(blocks, SYMBOLS)


class Remarks(unittest.TestCase):
    COSTS = {(plan.OURS, "play-480-rw"): Cost({"push": 100.0, "take": 400.0}, 1000.0),
             (plan.IN_TREE, "play-480-rw"): Cost({"write": 200.0}, 700.0),
             (plan.OURS, "record-480-rw"): Cost({"take": 500.0}, 1000.0),
             (plan.IN_TREE, "record-480-rw"): Cost({"read": 200.0}, 700.0)}

    def test_drivers_beside_each_other(self) -> None:
        line = instructions.remarks(self.COSTS)[0]
        self.assertIn("500 instructions of this driver and 1000 of ALSA's core (in-tree 200 and 700)",
                      line)
        self.assertIn("3.0 us", line)

    def test_what_was_not_measured_is_not_there(self) -> None:
        self.assertEqual(instructions.remarks({}), [])
        self.assertEqual(instructions.largest({}), [])

    def test_largest_function_first(self) -> None:
        self.assertEqual(instructions.largest(self.COSTS, 1), [("take", "400", "500")])


if __name__ == "__main__":
    unittest.main()
