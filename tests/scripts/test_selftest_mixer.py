# SPDX-License-Identifier: GPL-2.0-only
"""scripts/selftests notices when volume or mute is not what mixer.sh has set."""

import array
import pathlib
import sys
import tempfile
import unittest

from xenfront.selftests import mixer

PERIOD = mixer.PERIOD


def recording(*parts: tuple[int, float, float]) -> array.array:
    """What comes out when, up to each frame, left and right have these factors."""
    samples = array.array("h", mixer.EVEN_SAMPLES)
    if sys.byteorder == "big":
        samples.byteswap()
    start = 0
    for end, left, right in parts:
        for frame in range(start, end):
            samples[2 * frame] = int(samples[2 * frame] * left)
            samples[2 * frame + 1] = int(samples[2 * frame + 1] * right)
        start = end
    return samples


ALL = 3 * mixer.RATE
HALVED = recording((100 * PERIOD, 1, 1), (ALL, 0.5, 1))
MUTED = recording((50 * PERIOD, 0.5, 1), (90 * PERIOD, 0, 0), (ALL, 0.5, 1))
KEPT = recording((ALL, 0.5, 1))
BROKEN_OFF = KEPT[:2 * 40 * PERIOD]
GONE_ON = KEPT[2 * 40 * PERIOD:]
LOG = "channel 0: -6.020 dB\nchannel 1: 0.000 dB, muted\n"


class Volumes(unittest.TestCase):
    def compare(self, first: array.array, second: array.array, log: str = LOG,
                third: array.array = KEPT, fourth: array.array = BROKEN_OFF,
                fifth: array.array = GONE_ON) -> list[str]:
        recordings = {"exact.wav": first.tobytes(), "exact-2.wav": second.tobytes(),
                      "exact-3.wav": third.tobytes(), "exact-4.wav": fourth.tobytes(),
                      "exact-5.wav": fifth.tobytes()}
        with tempfile.TemporaryDirectory(prefix="selftest-mixer-") as name:
            result = pathlib.Path(name)
            (result / "dom0/backend").mkdir(parents=True)
            (result / "dom0/backend/stderr").write_text(log)
            return mixer.compare_volumes(result, lambda path: recordings[path.name])[1]

    def test_right_ones_pass(self) -> None:
        self.assertEqual(self.compare(HALVED, MUTED), [])

    def test_never_halved(self) -> None:
        self.assertTrue(self.compare(recording(), MUTED))

    def test_halved_within_a_period(self) -> None:
        wrong = recording((100 * PERIOD + 1, 1, 1), (ALL, 0.5, 1))
        self.assertTrue(self.compare(wrong, MUTED))

    def test_one_sample_is_off_by_one(self) -> None:
        wrong = array.array("h", HALVED)
        wrong[-2] += 1
        self.assertTrue(self.compare(wrong, MUTED))

    def test_glitch_in_the_other_channel(self) -> None:
        wrong = array.array("h", HALVED)
        wrong[2 * 100 * PERIOD + 1] = 0
        self.assertTrue(self.compare(wrong, MUTED))

    def test_short_recording(self) -> None:
        self.assertTrue(self.compare(HALVED[:-2], MUTED))

    def test_one_channel_a_period_later(self) -> None:
        later = recording((50 * PERIOD, 0.5, 1), (51 * PERIOD, 0, 1), (89 * PERIOD, 0, 0),
                          (90 * PERIOD, 0.5, 0), (ALL, 0.5, 1))
        self.assertEqual(self.compare(HALVED, later), [])

    def test_one_channel_muted_within_a_period(self) -> None:
        wrong = recording((50 * PERIOD, 0.5, 1), (90 * PERIOD, 0, 0), (90 * PERIOD + 1, 0, 1),
                          (ALL, 0.5, 1))
        self.assertTrue(self.compare(HALVED, wrong))

    def test_never_muted(self) -> None:
        self.assertTrue(self.compare(HALVED, recording((ALL, 0.5, 1))))

    def test_volume_forgotten_at_close(self) -> None:
        wrong = recording((50 * PERIOD, 1, 1), (90 * PERIOD, 0, 0), (ALL, 1, 1))
        self.assertTrue(self.compare(HALVED, wrong))

    def test_volume_forgotten_at_restart(self) -> None:
        self.assertTrue(self.compare(HALVED, MUTED, third=recording()))

    def test_silence_after_the_sound(self) -> None:
        silence = array.array("h", bytes(4 * 100))
        self.assertEqual(self.compare(HALVED, MUTED, fifth=GONE_ON + silence), [])

    def test_forgotten_when_restarted_under_a_player(self) -> None:
        self.assertTrue(self.compare(HALVED, MUTED, fifth=recording()[2 * 40 * PERIOD:]))

    def test_full_before_a_restart_under_a_player(self) -> None:
        self.assertTrue(self.compare(HALVED, MUTED, fourth=recording()[:2 * 40 * PERIOD]))

    def test_begins_anew_after_a_restart(self) -> None:
        self.assertTrue(self.compare(HALVED, MUTED, fifth=KEPT))

    def test_silent_after_a_restart(self) -> None:
        self.assertTrue(self.compare(HALVED, MUTED, fifth=array.array("h", bytes(4 * ALL))))

    def test_ends_early_after_a_restart(self) -> None:
        self.assertTrue(self.compare(HALVED, MUTED, fifth=GONE_ON[:-2]))

    def test_frame_lost_after_a_restart(self) -> None:
        self.assertTrue(self.compare(HALVED, MUTED, fifth=GONE_ON[:400] + GONE_ON[402:]))

    def test_gain_not_logged(self) -> None:
        self.assertTrue(self.compare(HALVED, MUTED, "channel 0: -6.021 dB\n"))


class KeptVolumeTest(unittest.TestCase):

    @staticmethod
    def log(*lines: tuple[int, str]) -> str:
        return "".join(f"2026-11-23 04:00:00.000000 info dom{domain}/0/0/0 (first): {text}\n"
                       for domain, text in lines)

    CONNECTED = "playback stream connected to null"
    GAIN = "channel 0: -6.020 dB"

    def test_each_domain_has_it(self):
        log = self.log((1, self.CONNECTED), (1, self.GAIN), (3, self.CONNECTED), (3, self.GAIN))
        self.assertEqual(mixer.keeps_volume(log), (True, "volume set for 2 of 2 domains"))

    def test_one_has_another(self):
        for last in ((3, "channel 0: 0.000 dB"), (3, "channel 1: -6.020 dB"),
                     (3, self.GAIN + ", muted")):
            log = self.log((1, self.CONNECTED), (1, self.GAIN), (3, self.CONNECTED), last)
            self.assertFalse(mixer.keeps_volume(log)[0], last)

    def test_it_never_was_another_domain(self):
        self.assertFalse(mixer.keeps_volume(self.log((1, self.CONNECTED), (1, self.GAIN)))[0])


if __name__ == "__main__":
    unittest.main()
