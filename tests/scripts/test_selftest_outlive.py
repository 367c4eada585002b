# SPDX-License-Identifier: GPL-2.0-only
"""scripts/selftests notices when a frame was lost, or repeated without need."""

import unittest

import numpy

from support import DirectoryTest
from xenfront import audio
from xenfront.selftests import outlive


def counter(first: int, last: int, silence: int = 0) -> numpy.ndarray:
    """A recording, with silence at its end."""
    return numpy.concatenate((numpy.arange(first, last + 1), numpy.zeros(silence, int)))


def joined(*parts: numpy.ndarray) -> numpy.ndarray:
    return numpy.concatenate(parts)


class CounterTest(unittest.TestCase):

    def wrong(self, *parts: numpy.ndarray, played: int = 5000, losses: int = 0) -> list[str]:
        """What is said of these recordings."""
        return outlive.follow_counter(list(parts), played, 9600, losses)[0]

    def test_whole(self) -> None:
        self.assertEqual(self.wrong(counter(1, 3000, 70), counter(2800, 2900), counter(0, 0),
                                    counter(2901, 5000, 480)), [])

    def test_losses(self) -> None:
        parts = (counter(1, 3000), counter(0, 0), counter(2900, 5000))
        self.assertEqual(self.wrong(*parts, losses=1), [])
        self.assertEqual(self.wrong(*parts, losses=2), ["2 parts for 2 losses of the backend"])

    def test_silence_inside(self) -> None:
        self.assertEqual(self.wrong(joined(counter(1, 1000, 70), counter(1001, 5000))), [])

    def test_each_fault(self) -> None:
        for parts, said in (
                ((counter(1, 3000), counter(3002, 5000)), "begins with 3002"),
                ((joined(counter(1, 3000), counter(3002, 5000)),), "3002 follows 3000"),
                ((joined(counter(1, 3000), counter(3000, 5000)),), "3000 follows 3000"),
                ((counter(1, 12000), counter(2000, 5000)), "repeats 10001 frames"),
                ((counter(2, 5000),), "begins with 2"),
                ((counter(1, 4999),), "5000 frames were played and 4999 recorded"),
                ((), "5000 frames were played and 0 recorded")):
            self.assertIn(said, " ".join(self.wrong(*parts)))


class SequenceTest(unittest.TestCase):

    PATTERN = outlive.sequence(4096)

    def test_is_the_backends(self) -> None:
        # The first two words of splitmix64 with the seed 0.
        self.assertEqual(outlive.sequence(16),
                         (0xe220a8397b1dcdaf).to_bytes(8, "little") +
                         (0x6e789e6aa1b965f4).to_bytes(8, "little"))

    def test_parts(self) -> None:
        recorded = self.PATTERN[:400] + self.PATTERN[:2000]
        wrong, note = outlive.follow_sequence(recorded, self.PATTERN, 1)
        self.assertEqual((wrong, note), ([], "600 frames in 2 parts"))
        self.assertEqual(outlive.follow_sequence(recorded, self.PATTERN, 2)[0],
                         ["2 parts for 2 losses of the backend"])

    def test_each_fault(self) -> None:
        pattern = self.PATTERN
        for recorded in (pattern[4:400], pattern[:400] + pattern[404:800],
                         pattern[:400] + pattern[396:800], pattern[:400] + bytes(4) + pattern[:40],
                         b""):
            self.assertEqual(len(outlive.follow_sequence(recorded, pattern, 0)[0]), 1)


class FilesTest(DirectoryTest):

    def test_recordings_in_their_order(self) -> None:
        for one in ("a.wav", "a-10.wav", "a-2.wav", "a-b.wav", "ab.wav"):
            self.write(one, "")
        self.assertEqual([path.name for path in audio.recordings(self.directory, "a")],
                         ["a.wav", "a-2.wav", "a-10.wav"])

    def test_what_a_run_leaves(self) -> None:
        self.assertEqual(self.judged(outlive.after(0)).failed, ["nothing was recorded"])
        self.write("domu0/files/record-rw", outlive.sequence(4000))
        self.write("domu0/files/play-rw", "1000 9600")
        samples = counter(1, 1000).astype("<u4").view("<i2").reshape(-1, 2)
        self.write_recording("dom0/files/count-rw.wav", samples)
        judgement = self.judged(outlive.after(0))
        self.assertEqual((judgement.failed, len(judgement.passed)), ([], 2))

    def test_backends_that_took_turns(self) -> None:
        self.write("domu0/files/record-rw", outlive.sequence(4000))
        self.write("domu0/files/play-rw", "1000 9600")
        for name, first, last in (("dom0/files/count-rw.wav", 1, 300),
                                  ("domu1/files/count-rw.wav", 301, 500),
                                  ("dom0/files/count-rw-2.wav", 501, 1000)):
            self.write_recording(name, counter(first, last).astype("<u4").view("<i2").reshape(-1, 2))
        self.assertEqual(self.judged(outlive.after(0, ("dom0", "domu1"))).failed, [])
        self.assertIn("play-rw: no frame is missing: recording 2 begins with 501, before it 300 was "
                      "heard", self.judged(outlive.after(0)).failed)
