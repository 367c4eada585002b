# SPDX-License-Identifier: GPL-2.0-only
"""scripts/selftests notices when a frame was lost, or repeated without need."""

import array
import pathlib
import tempfile
import unittest

from xenfront.selftests import outlive


def counter(first: int, last: int, silence: int = 0) -> array.array:
    """A recording, with silence at its end."""
    return array.array("I", [*range(first, last + 1), *[0] * silence])


class CounterTest(unittest.TestCase):

    def wrong(self, *parts: array.array, played: int = 5000, losses: int = 0) -> list[str]:
        """What is said of these recordings."""
        return outlive.follow_counter(list(parts), played, losses)[0]

    def test_whole(self):
        self.assertEqual(self.wrong(counter(1, 3000, 70), counter(2800, 2900), counter(0, 0),
                                    counter(2901, 5000, 480)), [])

    def test_losses(self):
        parts = (counter(1, 3000), counter(0, 0), counter(2900, 5000))
        self.assertEqual(self.wrong(*parts, losses=1), [])
        self.assertEqual(self.wrong(*parts, losses=2), ["2 parts for 2 losses of the backend"])

    def test_silence_inside(self):
        self.assertEqual(self.wrong(counter(1, 1000, 70) + counter(1001, 5000)), [])

    def test_each_fault(self):
        for parts, said in (
                ((counter(1, 3000), counter(3002, 5000)), "begins with 3002"),
                ((counter(1, 3000) + counter(3002, 5000),), "3002 follows 3000"),
                ((counter(1, 3000) + counter(3000, 5000),), "3000 follows 3000"),
                ((counter(1, 12000), counter(2000, 5000)), "repeats 10001 frames"),
                ((counter(2, 5000),), "begins with 2"),
                ((counter(1, 4999),), "5000 frames were played and 4999 recorded"),
                ((), "5000 frames were played and 0 recorded")):
            self.assertIn(said, " ".join(self.wrong(*parts)))


class SequenceTest(unittest.TestCase):

    PATTERN = outlive.sequence(4096)

    def test_is_the_backends(self):
        # The first two words of splitmix64 with the seed 0.
        self.assertEqual(outlive.sequence(16),
                         (0xe220a8397b1dcdaf).to_bytes(8, "little") +
                         (0x6e789e6aa1b965f4).to_bytes(8, "little"))

    def test_parts(self):
        recorded = self.PATTERN[:400] + self.PATTERN[:2000]
        wrong, note = outlive.follow_sequence(recorded, self.PATTERN, 1)
        self.assertEqual((wrong, note), ([], "600 frames in 2 parts"))
        self.assertEqual(outlive.follow_sequence(recorded, self.PATTERN, 2)[0],
                         ["2 parts for 2 losses of the backend"])

    def test_each_fault(self):
        pattern = self.PATTERN
        for recorded in (pattern[4:400], pattern[:400] + pattern[404:800],
                         pattern[:400] + pattern[396:800], pattern[:400] + bytes(4) + pattern[:40],
                         b""):
            self.assertEqual(len(outlive.follow_sequence(recorded, pattern, 0)[0]), 1)


class FilesTest(unittest.TestCase):

    def test_recordings_in_their_order(self):
        with tempfile.TemporaryDirectory() as name:
            for one in ("a.wav", "a-10.wav", "a-2.wav", "a-b.wav", "ab.wav"):
                pathlib.Path(name, one).touch()
            self.assertEqual([path.name for path in outlive.recordings(pathlib.Path(name), "a")],
                             ["a.wav", "a-2.wav", "a-10.wav"])

    def test_nothing_there(self):
        with tempfile.TemporaryDirectory() as name:
            _passed, failed, _notes = outlive.compare_outlived(pathlib.Path(name),
                                                               pathlib.Path.read_bytes, 0)
        self.assertEqual(len(failed), 1)


if __name__ == "__main__":
    unittest.main()
