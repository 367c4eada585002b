# SPDX-License-Identifier: GPL-2.0-only
"""What the selftests say of recordings that are not what was played."""

import pathlib
import tempfile
import unittest
import wave

from xenfront.selftests.recordings import compare_recordings

SOUNDS = (b"first...", b"second..", b"third...")


class Recordings(unittest.TestCase):
    def setUp(self) -> None:
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.result = pathlib.Path(directory.name)
        for domain in ("dom0", "domu0"):
            (self.result / domain / "files").mkdir(parents=True)

    def compare(self, played: tuple[bytes, ...], recorded: tuple[bytes, ...]
                ) -> tuple[list[str], list[str]]:
        for number, samples in enumerate(played, 1):
            (self.result / f"domu0/files/played-{number}.raw").write_bytes(samples)
        for number, samples in enumerate(recorded, 1):
            name = "exact.wav" if number == 1 else f"exact-{number}.wav"
            with wave.open(str(self.result / "dom0/files" / name), "wb") as sound:
                sound.setparams((2, 2, 48000, len(samples) // 4, "NONE", ""))
                sound.writeframes(samples)
        return compare_recordings(self.result)

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


if __name__ == "__main__":
    unittest.main()
