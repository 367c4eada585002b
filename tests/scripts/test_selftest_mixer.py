# SPDX-License-Identifier: GPL-2.0-only
"""scripts/selftests notices when volume or mute is not what mixer.sh has set."""

import numpy

from support import DirectoryTest
from xenfront.selftests import mixer
from xenfront.judgement import Judgement

PERIOD = mixer.PERIOD


def recording(*parts: tuple[int, float, float]) -> numpy.ndarray:
    """What comes out when, up to each frame, left and right have these factors."""
    samples = mixer.EVEN_SAMPLES.copy()
    start = 0
    for end, left, right in parts:
        samples[start:end] = samples[start:end] * (left, right)
        start = end
    return samples


ALL = 3 * mixer.RATE
HALVED = recording((100 * PERIOD, 1, 1), (ALL, 0.5, 1))
MUTED = recording((50 * PERIOD, 0.5, 1), (90 * PERIOD, 0, 0), (ALL, 0.5, 1))
KEPT = recording((ALL, 0.5, 1))
BROKEN_OFF = KEPT[:40 * PERIOD]
GONE_ON = KEPT[40 * PERIOD:]
LOG = "channel 0: -6.020 dB\nchannel 1: 0.000 dB, muted\n"


def silence(frames: int) -> numpy.ndarray:
    return numpy.zeros((frames, 2), "int16")


def changed(frame: int, channel: int, value: int) -> numpy.ndarray:
    """HALVED with one sample that is another."""
    wrong = HALVED.copy()
    wrong[frame, channel] = value
    return wrong


class MutedByAServer(DirectoryTest):
    def failed(self, *recordings: numpy.ndarray) -> list[str]:
        self.write_recordings(*recordings)
        return self.judged(mixer.only_the_first_is_heard).failed

    def test_silence(self) -> None:
        self.assertFalse(self.failed(HALVED, silence(0), silence(2 * mixer.RATE)))

    def test_sound(self) -> None:
        self.assertTrue(self.failed(HALVED, silence(2 * mixer.RATE), MUTED))

    def test_nothing(self) -> None:
        self.assertTrue(self.failed(HALVED, silence(0)))


class Volumes(DirectoryTest):
    def compare(self, first: numpy.ndarray = HALVED, second: numpy.ndarray = MUTED,
                third: numpy.ndarray = KEPT, fourth: numpy.ndarray = BROKEN_OFF,
                fifth: numpy.ndarray = GONE_ON, log: str = LOG) -> list[str]:
        self.write("dom0/backend/stderr", log)
        self.write_recordings(first, second, third, fourth, fifth)
        return self.judged(mixer.compare_volumes).failed

    def test_right_ones_pass(self) -> None:
        self.assertEqual(self.compare(), [])

    def test_one_channel_a_period_later(self) -> None:
        self.assertEqual(self.compare(second=recording(
            (50 * PERIOD, 0.5, 1), (51 * PERIOD, 0, 1), (89 * PERIOD, 0, 0), (90 * PERIOD, 0.5, 0),
            (ALL, 0.5, 1))), [])

    def test_silence_after_the_sound(self) -> None:
        self.assertEqual(self.compare(fifth=numpy.concatenate((GONE_ON, silence(100)))), [])

    def test_each_fault(self) -> None:
        for what, wrong in (
                ("never halved", {"first": recording()}),
                ("halved within a period",
                 {"first": recording((100 * PERIOD + 1, 1, 1), (ALL, 0.5, 1))}),
                ("one sample is off by one", {"first": changed(-1, 0, HALVED[-1, 0] + 1)}),
                ("glitch in the other channel", {"first": changed(100 * PERIOD, 1, 0)}),
                ("short recording", {"first": HALVED[:-1]}),
                ("one channel muted within a period", {"second": recording(
                    (50 * PERIOD, 0.5, 1), (90 * PERIOD, 0, 0), (90 * PERIOD + 1, 0, 1),
                    (ALL, 0.5, 1))}),
                ("never muted", {"second": KEPT}),
                ("volume forgotten at close",
                 {"second": recording((50 * PERIOD, 1, 1), (90 * PERIOD, 0, 0), (ALL, 1, 1))}),
                ("volume forgotten at restart", {"third": recording()}),
                ("forgotten when restarted under a player", {"fifth": recording()[40 * PERIOD:]}),
                ("full before a restart under a player", {"fourth": recording()[:40 * PERIOD]}),
                ("begins anew after a restart", {"fifth": KEPT}),
                ("silent after a restart", {"fifth": silence(ALL)}),
                ("ends early after a restart", {"fifth": GONE_ON[:-1]}),
                ("frame lost after a restart",
                 {"fifth": numpy.concatenate((GONE_ON[:200], GONE_ON[201:]))}),
                ("gain not logged", {"log": "channel 0: -6.021 dB\n"})):
            with self.subTest(what):
                self.assertTrue(self.compare(**wrong))  # type: ignore[arg-type]


CONNECTED, GAIN = "playback stream connected to null", "channel 0: -6.020 dB"


class KeptVolumeTest(DirectoryTest):

    def judge(self, *lines: tuple[int, str]) -> Judgement:
        self.write("dom0/backend/stderr", "".join(
            f"2026-11-23 04:00:00.000000 info dom{domain}/0/0/0 (first): {text}\n"
            for domain, text in lines))
        return self.judged(mixer.keeps_volume)

    def test_each_domain_has_it(self) -> None:
        judgement = self.judge((1, CONNECTED), (1, GAIN), (3, CONNECTED), (3, GAIN))
        self.assertEqual((judgement.failed, judgement.notes),
                         ([], ["volume set for 2 of 2 domains"]))

    def test_one_has_another(self) -> None:
        for last in ("channel 0: 0.000 dB", "channel 1: -6.020 dB", GAIN + ", muted"):
            self.assertTrue(self.judge((1, CONNECTED), (1, GAIN), (3, CONNECTED), (3, last)).failed,
                            last)

    def test_it_never_was_another_domain(self) -> None:
        self.assertTrue(self.judge((1, CONNECTED), (1, GAIN)).failed)


class Levels(DirectoryTest):
    def compare(self, *recorded: numpy.ndarray) -> list[str]:
        self.write_recordings(*recorded)
        return self.judged(mixer.plays_at(1, 0.1)).failed

    def test_right_ones_pass(self) -> None:
        tenth = numpy.rint(mixer.EVEN_SAMPLES * 0.1)
        self.assertEqual(self.compare(mixer.EVEN_SAMPLES, numpy.concatenate((tenth, silence(9)))),
                         [])

    def test_attenuated(self) -> None:
        self.assertEqual(self.compare(KEPT, numpy.rint(mixer.EVEN_SAMPLES * 0.1)),
                         ["exact.wav is what was played times 1"])

    def test_cut_short_and_missing(self) -> None:
        self.assertEqual(self.compare(mixer.EVEN_SAMPLES[:99]),
                         ["there are 2 recordings: there are 1",
                          "exact.wav is what was played times 1"])
