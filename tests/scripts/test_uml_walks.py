# SPDX-License-Identifier: GPL-2.0-only
"""scripts/uml: where walks over two kernels part."""

import unittest

from xenfront.uml import walks

WALK = """7: open p -> 0 | p open 0 0
7: start -> -77 | p open 0 0
7: end
ok walk-7
"""


class DifferencesTest(unittest.TestCase):
    """walks.differences()"""

    def test_same_walks(self):
        self.assertEqual(walks.differences(WALK, WALK), [])

    def test_what_is_no_step_may_differ(self):
        self.assertEqual(walks.differences(WALK, "# noise\n" + WALK.replace("ok ", "not ok ")), [])

    def test_first_step_that_differs(self):
        other = WALK.replace("-77", "0").replace("end", "END")
        (text,) = walks.differences(WALK, other)
        self.assertIn("walk 7 differs in step 1", text)
        self.assertIn("    open p -> 0 | p open 0 0\n    fake: start -> -77", text)
        self.assertIn("real: start -> 0", text)
        self.assertNotIn("END", text)

    def test_walk_that_stops(self):
        (text,) = walks.differences(WALK, WALK[:WALK.index("7: end")])
        self.assertIn("real: nothing", text)

    def test_walk_that_is_missing(self):
        (text,) = walks.differences(WALK, "")
        self.assertIn("walk 7 differs in step 0", text)

    def test_many_walks(self):
        many = "".join(WALK.replace("7:", f"{number}:") for number in range(20))
        found = walks.differences(many, "")
        self.assertEqual(len(found), 6)
        self.assertEqual(found[-1], "and 15 more walks differ")
