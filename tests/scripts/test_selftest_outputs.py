# SPDX-License-Identifier: GPL-2.0-only
"""scripts/selftests notices when an output of Dom0 has not played what guests have."""

import numpy

from support import DirectoryTest
from xenfront.selftests import outputs
from xenfront.judgement import Judgement

FIRST, SECOND = outputs.noise(0, 0), outputs.noise(1, 0)


def mixed(*parts: tuple[int, numpy.ndarray]) -> numpy.ndarray:
    """A recording of sounds that begin at these frames."""
    recorded = numpy.zeros((3 * outputs.FRAMES, 2), "int16")
    for at, sound in parts:
        recorded[at:at + len(sound)] += sound
    return recorded


class Arrival(DirectoryTest):
    def judge(self, recorded: numpy.ndarray | None) -> Judgement:
        if recorded is not None:
            self.write_recording("dom0/files/speaker.wav", recorded)
        return self.judged(outputs.arrive("speaker", (0,)), guests=2)

    def failures(self, recorded: numpy.ndarray | None) -> list[str]:
        return self.judge(recorded).failed

    def test_a_mix_of_all(self) -> None:
        judgement = self.judge(mixed((700, FIRST), (2001, SECOND)))
        self.assertEqual(judgement.failed, [])
        self.assertEqual(len(judgement.passed), 2)
        self.assertIn("begin at [700, 2001]", judgement.notes[0])

    def test_one_of_them_only(self) -> None:
        self.assertRegex(self.failures(mixed((700, FIRST)))[0], "bit for bit: [0-9]+ frames differ")

    def test_one_after_the_other(self) -> None:
        late = 700 + outputs.FRAMES
        self.assertEqual(self.failures(mixed((700, FIRST), (late, SECOND))),
                         ["speaker, as Dom0 hears it: all streams were heard at once"])

    def test_one_bit(self) -> None:
        wrong = mixed((700, FIRST), (2001, SECOND))
        wrong[5000, 1] ^= 1
        self.assertRegex(self.failures(wrong)[0], r"1 frames differ, \[5000\]")

    def test_a_gap(self) -> None:
        gap = numpy.insert(FIRST, 1000, numpy.zeros((48, 2), "int16"), axis=0)
        self.assertRegex(self.failures(mixed((700, gap), (2001, SECOND)))[0], "frames differ")

    def test_the_end_is_missing(self) -> None:
        self.assertRegex(self.failures(mixed((700, FIRST[:-48]), (2001, SECOND)))[0],
                         "48 frames differ")

    def test_cut_short(self) -> None:
        whole = mixed((700, FIRST), (2001, SECOND))
        self.assertTrue(self.failures(whole[:outputs.FRAMES]))

    def test_another_sound(self) -> None:
        self.assertTrue(self.failures(mixed((700, FIRST), (2001, SECOND), (900, SECOND))))

    def test_no_recording(self) -> None:
        self.assertRegex(self.failures(None)[0], "speaker: the recordings: Failure")

    def test_guests_hear_it_too(self) -> None:
        whole = mixed((700, FIRST), (2001, SECOND))
        self.judge(whole)
        whole[700:1900] = 0
        for guest, heard in enumerate((whole, whole[:outputs.FRAMES])):
            self.write_recording(f"domu{guest}/files/speaker.wav", heard)
        judgement = self.judged(outputs.arrive("speaker", (0,), is_monitored=True), guests=2)
        self.assertEqual(len(judgement.failed), 1)
        self.assertIn("as guest 1 hears it", judgement.failed[0])
