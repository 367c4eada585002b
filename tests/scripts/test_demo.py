# SPDX-License-Identifier: GPL-2.0-only
"""scripts/demo finds every sample that is wrong, and measures what it says it measures."""

import pathlib
import struct
import unittest

import numpy

from support import DirectoryTest, run_script
from xenfront import audio
from xenfront.demo import compare, measurements, picture, source, verdict
from xenfront.errors import Failure
from xenfront.traces import backend
from xenfront.traces.spread import Spread

RATE = 48000


def noise(frames: int, seed: int = 7) -> numpy.ndarray:
    return numpy.random.default_rng(seed).integers(-32768, 32768, (frames, 2), "int16")


def silence(frames: int) -> numpy.ndarray:
    return numpy.zeros((frames, 2), "int16")


class Wav(DirectoryTest):
    def test_what_is_written_is_read(self) -> None:
        path = self.directory / "a.wav"
        samples = noise(1000)
        audio.write(path, audio.Recording(44100, samples))
        recording = audio.read(path)
        self.assertEqual((recording.rate, recording.frames), (44100, 1000))
        self.assertTrue((recording.samples == samples).all())

    def chunks(self, *chunks: tuple[bytes, bytes]) -> pathlib.Path:
        body = b"".join(name + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2)
                        for name, data in chunks)
        path = self.directory / "b.wav"
        path.write_bytes(b"RIFF" + struct.pack("<I", len(body) + 4) + b"WAVE" + body)
        return path

    FORMAT = struct.pack("<HHIIHH", 1, 2, RATE, RATE * 4, 4, 16)

    def test_other_chunks_and_the_extensible_format(self) -> None:
        extensible = struct.pack("<HHIIHHH", 0xFFFE, 2, RATE, RATE * 4, 4, 16, 22) + bytes(22)
        path = self.chunks((b"LIST", b"odd"), (b"fmt ", extensible), (b"fact", bytes(4)),
                           (b"data", noise(5).tobytes()), (b"LIST", b"after"))
        self.assertTrue((audio.read(path).samples == noise(5)).all())

    def test_a_recorder_that_was_stopped(self) -> None:
        path = self.chunks((b"fmt ", self.FORMAT), (b"data", b""))
        path.write_bytes(path.read_bytes() + noise(9).tobytes() + b"\1")
        self.assertTrue((audio.read(path).samples == noise(9)).all())

    def test_what_is_no_such_file(self) -> None:
        bytewise = struct.pack("<HHIIHH", 1, 1, RATE, RATE, 1, 8)
        text = self.directory / "text"
        text.write_text("no sound", encoding="utf-8")
        for path, message in ((text, "RIFF"), (self.directory / "none", "cannot be read"),
                              (self.chunks((b"fmt ", bytewise), (b"data", b"")), "1 channels of 8"),):
            with self.subTest(message=message), self.assertRaisesRegex(Failure, message):
                audio.read(path)
        with self.assertRaisesRegex(Failure, "cut short"):
            audio.read(self.chunks((b"fmt ", self.FORMAT)))


class Compare(unittest.TestCase):
    def compare(self, expected: numpy.ndarray, *parts: numpy.ndarray) -> compare.Comparison:
        return compare.compare(expected, numpy.concatenate(parts))

    def test_identical(self) -> None:
        tone = (12000 * numpy.sin(2 * numpy.pi * numpy.arange(9600) / 48)).astype("int16")
        for what, sound, before, after in (
                ("noise", noise(5000), 0, 0), ("noise", noise(5000), 17, 0),
                ("noise", noise(5000), 0, 300), ("noise", noise(5000), 4801, 1),
                ("begins and ends silent",
                 numpy.concatenate((silence(700), noise(900), silence(500))), 40, 9),
                ("repeats itself", numpy.stack((tone, -tone), axis=1), 33, 70),
                ("constant", numpy.full((100, 2), 5, "int16"), 3, 3)):
            with self.subTest(what, before=before, after=after):
                result = self.compare(sound, silence(before), sound, silence(after))
                self.assertEqual(result, compare.Comparison(before, sound.size, 0, None, 0, 0))

    def test_leading_silence_that_is_missing_is_found(self) -> None:
        sound = numpy.concatenate((silence(700), noise(900)))
        result = self.compare(sound, sound[100:])
        self.assertEqual((result.offset, result.differing), (-100, 200))

    def test_one_wrong_sample(self) -> None:
        sound = noise(5000)
        for frame in (0, 2500, 4999):
            with self.subTest(frame=frame):
                damaged = sound.copy()
                damaged[frame, 1] ^= 1
                result = self.compare(sound, silence(12), damaged)
                self.assertEqual((result.offset, result.differing), (12, 1))
                self.assertEqual(result.first, compare.Difference(
                    frame, 1, int(sound[frame, 1]), int(damaged[frame, 1])))

    def test_a_lost_and_a_repeated_frame(self) -> None:
        sound = noise(5000)
        lost = self.compare(sound, sound[:3000], sound[3001:])
        self.assertGreater(lost.differing, 3900)
        self.assertEqual((lost.offset, lost.first.frame if lost.first else None), (0, 3000))
        repeated = self.compare(sound, sound[:3001], sound[3000:])
        self.assertGreater(repeated.differing, 0)

    def test_an_end_that_is_missing(self) -> None:
        sound = noise(5000)
        result = self.compare(sound, sound[:4520])
        self.assertEqual((result.offset, result.differing), (0, 960))
        self.assertEqual(result.first, compare.Difference(4520, 0, int(sound[4520, 0]), None))
        # Missing silence is missing as well.
        sound[4520:] = 0
        self.assertEqual(self.compare(sound, sound[:4520]).differing, 960)

    def test_channels_that_are_swapped(self) -> None:
        sound = noise(5000)
        result = self.compare(sound, sound[:, ::-1])
        self.assertIsNone(result.offset)
        self.assertEqual(result.differing, 10000)

    def test_quieter_sound_is_not_found(self) -> None:
        sound = noise(5000)
        self.assertIsNone(self.compare(sound, sound // 2).offset)

    def test_stray_sound(self) -> None:
        sound = noise(5000)
        result = self.compare(sound, noise(3, 1), silence(8), sound, silence(8), noise(2, 2))
        self.assertEqual((result.differing, result.stray_before, result.stray_after), (0, 3, 2))

    def test_nothing_at_all(self) -> None:
        result = self.compare(noise(50), silence(0))
        self.assertEqual((result.offset, result.differing), (None, 100))


class Picture(DirectoryTest):
    def draw(self, played: numpy.ndarray, came_out: numpy.ndarray) -> bytes:
        path = self.directory / "a.png"
        picture.draw(path, audio.Recording(RATE, played), audio.Recording(RATE, came_out),
                     compare.compare(played, came_out), "two\nlines")
        return path.read_bytes()

    def test_a_wrong_sample_is_seen(self) -> None:
        sound = noise(5000)
        damaged = sound.copy()
        damaged[2500, 1] ^= 1
        self.assertNotEqual(self.draw(sound, damaged), self.draw(sound, sound))

    def test_what_there_is_little_of(self) -> None:
        for played, came_out in ((noise(1), noise(1)), (noise(500), silence(0))):
            self.assertEqual(self.draw(played, came_out)[:8], b"\x89PNG\r\n\x1a\n")


INTERRUPTS = """\
           CPU0       CPU1
  5:        133          2   xen-dyn    -event     xenbus
  8:         {}          {}  xen-dyn-lateeoi    -event     xen-front-0-0-0-req
  9:        {}          0  xen-dyn-lateeoi    -event     xen-front-0-0-0-evt
NMI:          0          0  Non-maskable interrupts
"""


def entry(milliseconds: float, kind: str, **more: object) -> dict[str, object]:
    return {"t": round(milliseconds * 1e6), "type": kind, "dir": "p", **more}


class Measurements(DirectoryTest):
    def test_interrupts_of_all_cpus_and_lines(self) -> None:
        found = measurements.interrupts(INTERRUPTS.format(1, 2, 30), INTERRUPTS.format(4, 7, 100))
        self.assertEqual(found, {"xen-front-0-0-0-req": 8, "xen-front-0-0-0-evt": 70})

    def test_lines_that_appear(self) -> None:
        found = measurements.interrupts("", INTERRUPTS.format(4, 7, 100))
        self.assertEqual(sum(found.values()), 111)

    def test_no_lines(self) -> None:
        with self.assertRaisesRegex(Failure, "no line of xen-front"):
            measurements.interrupts(INTERRUPTS.format(1, 2, 3), "")

    def test_underruns_of_aplay(self) -> None:
        self.assertEqual(measurements.aplay_underruns(
            "Playing\nunderrun!!! (at least 0.056 ms long)\nx\nunderrun!!! (at least 1 ms long)\n"),
            2)

    def test_playback(self) -> None:
        found = measurements.playback([
            entry(0, "wakeup"),
            entry(0, "request", op="HW_PARAM_QUERY", id=0),
            entry(1, "response", op="HW_PARAM_QUERY", id=0, notify=True),
            entry(2, "request", op="OPEN", id=1),
            entry(2, "response", op="OPEN", id=1, notify=True),
            entry(3, "wakeup"),
            entry(3, "request", op="WRITE", id=2, length=1920),
            entry(3, "request", op="WRITE", id=3, length=1920),
            entry(4, "response", op="WRITE", id=2, notify=False, pos=0),
            entry(4, "response", op="WRITE", id=3, notify=False, pos=1920),
            entry(13, "event", pos=1920, notify=True),
            entry(14, "wakeup"),
            entry(14, "request", op="WRITE", id=4, length=100),
            entry(14, "response", op="WRITE", id=4, notify=False, pos=3840),
            entry(23, "event", pos=3940, notify=True),
            entry(24, "underrun", pos=3940),
            entry(25, "event", pos=3940, notify=False),
            entry(30, "request", op="CLOSE", id=5),
            entry(30, "response", op="CLOSE", id=5, notify=True),
            entry(31, "wakeup"),
        ])
        self.assertEqual((found.writes, found.events, found.underruns, found.notifications,
                          found.control_interrupts), (3, 2, 1, 2, 3))
        self.assertEqual(found.write_to_played, Spread(3, 9, 13, 10, 20, 20))
        self.assertEqual(found.event_to_write, Spread(1, 1, 1, 1, 1, 1))
        self.assertEqual(found.start, Spread(1, 10, 10, 10, 10, 10))

    def test_a_stream_that_is_opened_again_after_an_underrun(self) -> None:
        def run(start: float) -> list[dict[str, object]]:
            return [
                entry(start, "request", op="OPEN", id=1),
                entry(start, "response", op="OPEN", id=1, notify=True),
                entry(start + 1, "request", op="WRITE", id=2, length=1920),
                entry(start + 1, "response", op="WRITE", id=2, notify=False, pos=0),
                entry(start + 1, "request", op="WRITE", id=3, length=1920),
                entry(start + 1, "response", op="WRITE", id=3, notify=False, pos=1920),
                entry(start + 11, "event", pos=1920, notify=True),
                entry(start + 21, "event", pos=2880, notify=True),
                entry(start + 24, "request", op="WRITE", id=4, length=1920),
                entry(start + 24, "response", op="WRITE", id=4, notify=False, pos=3840),
                entry(start + 31, "event", pos=3840, notify=True)]

        found = measurements.playback(run(0) + run(100))
        self.assertEqual((found.writes, found.events), (6, 6))
        self.assertEqual(found.write_to_played, Spread(4, 10, 20, 10, 30, 30))
        # The first of the two events waited for the WRITE.
        self.assertEqual(found.event_to_write, Spread(2, 13, 13, 13, 13, 13))

    def test_a_stream_that_never_ran(self) -> None:
        found = measurements.playback([])
        self.assertIsNone(found.write_to_played)
        self.assertEqual(found.writes, 0)

    def test_trace_file(self) -> None:
        path = self.directory / "trace"
        path.write_text('{"t":1,"type":"state","dom":1}\n{"t":2,"type":"underrun","dir":"p"}\n'
                        '{"t":2,"type":"underrun","dir":"c"}\n', encoding="utf-8")
        self.assertEqual(measurements.playback(backend.read(path)).underruns, 1)
        path.write_text('{"t":1}\n{"t":2,"ty', encoding="utf-8")
        with self.assertRaisesRegex(Failure, "trace:2: is no JSON"):
            backend.read(path)
        with self.assertRaisesRegex(Failure, "left no trace"):
            backend.read(self.directory / "none")


class Verdict(unittest.TestCase):
    def findings(self, frames: int = 480 * 2000, interrupts: int = 2100, control: int = 10,
                 **changes: object) -> verdict.Findings:
        sound = noise(frames)
        stream = measurements.Playback(1, 1, int(changes.pop("dom0_underruns", 0)), 1, control,
                                       None, None, None)
        values = {
            "played": audio.Recording(RATE, sound), "came_out": audio.Recording(RATE, sound),
            "period": 480, "comparison": compare.Comparison(0, frames * 2, 0, None, 0, 0),
            "interrupts": {"req": control, "evt": interrupts - control}, "aplay_status": "0",
            "aplay_underruns": 0, "stream": stream, "kernel_reports": 0, "lab_problems": (),
            **changes}
        return verdict.Findings(**values)  # type: ignore[arg-type]

    def failures(self, **changes: object) -> list[str]:
        judgement = verdict.judge(self.findings(**changes))  # type: ignore[arg-type]
        self.assertEqual(str(judgement).count("[required: "), len(judgement.failed))
        return [one.what for one in judgement.verdicts if one.holds is False]

    def test_a_good_run(self) -> None:
        self.assertEqual(self.failures(), [])

    def test_each_failure_is_seen(self) -> None:
        first = compare.Difference(3, 0, 1, None)
        for name, changes in (
                ("samples that differ", {"comparison": compare.Comparison(0, 8, 1, first, 0, 0)}),
                ("samples that differ",
                 {"comparison": compare.Comparison(None, 8, 8, first, 0, 0)}),
                ("frames before and after it that sound",
                 {"comparison": compare.Comparison(0, 8, 0, None, 0, 1)}),
                ("underruns", {"aplay_underruns": 1}),
                ("underruns", {"dom0_underruns": 1}),
                ("interrupts per period in the guest", {"interrupts": 2101}),
                ("aplay's exit status", {"aplay_status": "timeout"}),
                ("kernel reports, all domains", {"kernel_reports": 1}),
                ("other problems of the run", {"lab_problems": ("the backend gave up",)}),
                ("sample rate", {"came_out": audio.Recording(44100, noise(8))})):
            with self.subTest(name=name, changes=changes):
                self.assertEqual(self.failures(**changes), [name])

    def test_a_short_stream_is_judged_without_its_beginning(self) -> None:
        self.assertEqual(self.failures(frames=480 * 100, interrupts=115, control=10), [])
        self.assertEqual(self.failures(frames=480 * 100, interrupts=116, control=10),
                         ["interrupts per period in the guest"])

    def test_the_last_period_counts_when_it_is_not_full(self) -> None:
        self.assertEqual(self.findings(frames=481).periods, 2)


class Source(DirectoryTest):
    def test_generated_samples_are_repeatable_and_differ_by_channel(self) -> None:
        first, second = self.directory / "a.wav", self.directory / "b.wav"
        text = source.generate(first, 0.5, 1)
        source.generate(second, 0.5, 1)
        self.assertIn("24000 frames of random samples (seed 1)", text)
        self.assertEqual(first.read_bytes(), second.read_bytes())
        samples = audio.read(first).samples
        self.assertFalse((samples[:, 0] == samples[:, 1]).all())

    def test_a_file_that_fits_is_not_touched(self) -> None:
        original, copy = self.directory / "a.wav", self.directory / "b.wav"
        audio.write(original, audio.Recording(44100, noise(100)))
        messages: list[str] = []
        text = source.convert(original, copy, messages.append)
        self.assertEqual(original.read_bytes(), copy.read_bytes())
        self.assertEqual((text, messages), (f"{original}, unchanged", []))

    def test_what_is_converted_is_announced(self) -> None:
        original, copy = self.directory / "a.wav", self.directory / "b.wav"
        audio.write(original, audio.Recording(96000, noise(100)[:, :1]))
        messages: list[str] = []
        text = source.convert(original, copy, messages.append)
        self.assertIn("channels 1 -> 2", text)
        self.assertIn("rate 96000 -> 48000", messages[0])
        self.assertEqual(audio.read(copy).rate, 48000)

    def test_doubling_a_channel_changes_no_sample(self) -> None:
        original, copy = self.directory / "a.wav", self.directory / "b.wav"
        audio.write(original, audio.Recording(48000, noise(100)[:, :1]))
        source.convert(original, copy, lambda text: None)
        samples = audio.read(copy).samples
        for channel in (0, 1):
            self.assertTrue((samples[:, channel] == noise(100)[:, 0]).all())

    def test_no_sound_file(self) -> None:
        text = self.directory / "text.wav"
        text.write_text("no sound", encoding="utf-8")
        with self.assertRaisesRegex(Failure, "give a sound file"):
            source.convert(text, self.directory / "b.wav", lambda message: None)


class Demo(DirectoryTest):
    def test_wrong_usage_names_value_and_remedy(self) -> None:
        quiet = self.directory / "quiet.wav"
        audio.write(quiet, audio.Recording(RATE, silence(100)))
        blocked = self.directory / "file"
        blocked.write_text("", encoding="utf-8")
        for arguments, fragments in (
                (("--generate", "0"), ("0.0", "600 seconds")),
                (("--period", "480", "--buffer", "500"), ("500", "two periods")),
                (("--wav", "/nowhere.wav"), ("/nowhere.wav", "--wav FILE")),
                (("--wav", quiet), ("quiet.wav", "file with sound")),
                (("--wav", quiet, "--generate", "1"), ("not allowed",)),
                (("--out", blocked), ("file", "--out DIR"))):
            with self.subTest(arguments=arguments):
                out = () if "--out" in arguments else ("--out", self.directory / "out")
                result = run_script("demo", *out, *arguments)
                self.assertEqual(result.returncode, 2, result.stdout + result.stderr)
                for fragment in fragments:
                    self.assertIn(fragment, result.stderr)
