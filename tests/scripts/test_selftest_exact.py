# SPDX-License-Identifier: GPL-2.0-only
"""What the selftests say of recordings that are not what was played."""

import numpy

from support import DirectoryTest
from xenfront.judgement import Check
from xenfront.selftests import exact, outlive

SOUNDS = (b"first...", b"second..", b"third...")


def stereo(samples: bytes) -> numpy.ndarray:
    return numpy.frombuffer(samples, "<i2").reshape(-1, 2)


class Recordings(DirectoryTest):
    def compare(self, played: tuple[bytes, ...], recorded: tuple[bytes, ...]
                ) -> tuple[list[str], list[str]]:
        for number, samples in enumerate(played, 1):
            self.write(f"domu0/files/played-{number}.raw", samples)
        self.write_recordings(*map(stereo, recorded))
        judgement = self.judged(exact.compare)
        return judgement.passed, judgement.failed

    def test_all_alike(self) -> None:
        passed, failed = self.compare(SOUNDS, (SOUNDS[0], SOUNDS[1] + bytes(8), SOUNDS[2]))
        self.assertEqual((len(passed), failed), (3, []))

    def test_an_underrun_is_one_failure(self) -> None:
        """The second sound underran, and went on in a recording of its own."""
        passed, failed = self.compare(SOUNDS, (SOUNDS[0], b"seco", b"nd..", SOUNDS[2]))
        self.assertEqual(len(passed), 1)
        self.assertEqual(len(failed), 1)
        self.assertRegex(failed[0], r"^recording 2 .*: exact-2.wav differs from byte 4 of 8 on; the "
                                    r"other 1 .* 4 recordings")

    def test_what_follows_must_be_silence(self) -> None:
        _, failed = self.compare(SOUNDS[:1], (SOUNDS[0] + b"more",))
        self.assertRegex(failed[0], "something else than silence")

    def test_missing_recordings(self) -> None:
        passed, failed = self.compare(SOUNDS, SOUNDS[:1])
        self.assertEqual(len(passed), 1)
        self.assertRegex(failed[0], "recorded no exact-2.wav, but 1 of 3")

    def test_a_guest_that_played_nothing(self) -> None:
        self.assertEqual(self.compare((), SOUNDS), ([], ["the guest says that it played nothing"]))


class Sound(DirectoryTest):
    """A sound that has to be in one of the recordings."""
    SOUND = b"".join(number.to_bytes(4, "little") for number in range(1, 101))
    FILE: str
    CHECK: Check

    def compare(self, *recorded: bytes) -> list[str]:
        self.write(f"domu0/files/{self.FILE}", self.SOUND)
        self.write_recordings(*map(stereo, recorded))
        return self.judged(self.CHECK).failed


class Mixed(Sound):
    FILE = "mixed-1.raw"
    CHECK = staticmethod(exact.mixed)

    def test_whole(self) -> None:
        self.assertEqual(self.compare(bytes(40), bytes(80) + self.SOUND + bytes(12)), [])

    def test_without_its_beginning(self) -> None:
        failed = self.compare(bytes(80) + self.SOUND[4:])
        self.assertRegex(failed[0], "not in any of 1: its beginning, all of it")

    def test_without_its_end(self) -> None:
        self.assertRegex(self.compare(self.SOUND[:-4])[0], "not in any of 1: its end, all of it")

    def test_nothing_was_mixed(self) -> None:
        failed = self.judged(exact.mixed).failed
        self.assertEqual(failed, ["the guest says that it played nothing through dmix"])


class Snooped(DirectoryTest):
    def test_a_piece_of_the_sequence(self) -> None:
        pattern = outlive.sequence(400)
        for recorded, failures in ((pattern[40:200], 0), (pattern[40:200] + bytes(4), 1),
                                   (pattern[42:202], 1), (b"", 1)):
            with self.subTest(length=len(recorded)):
                self.write("domu0/files/snooped.raw", recorded)
                self.assertEqual(len(self.judged(exact.snooped).failed), failures)


class SoundServer(Sound):
    FILE = "sound.raw"
    CHECK = staticmethod(exact.without_gap)

    def test_silence_around(self) -> None:
        self.assertEqual(self.compare(bytes(40), bytes(80) + self.SOUND + bytes(12)), [])

    def test_a_gap(self) -> None:
        failed = self.compare(bytes(80) + self.SOUND[:200] + bytes(4) + self.SOUND[200:])
        self.assertRegex(failed[0], "1 recordings: differs from byte 200 of 400 on")

    def test_in_two_recordings(self) -> None:
        self.assertRegex(self.compare(self.SOUND[:200], self.SOUND[200:])[0], "2 recordings")

    def test_nothing_recorded(self) -> None:
        self.assertRegex(self.compare()[0], "0 recordings")
