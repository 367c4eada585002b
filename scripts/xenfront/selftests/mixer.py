# SPDX-License-Identifier: GPL-2.0-only
"""What tests/guest/mixer.sh plays, and what has to come out at the volumes that it sets."""

import re

import numpy

from xenfront import audio
from xenfront.judgement import Check, Judgement

RATE = 48000
PERIOD = 480 # frames

# Three seconds in stereo: even samples, none of them zero, of which a volume of -6.02 dB leaves
# exactly half: round(sample * 10 ** (-6.02 / 20)) is sample / 2 up to 14000.
_VALUES = numpy.concatenate((numpy.arange(-14000, 0, 2), numpy.arange(2, 14001, 2)))
EVEN_SAMPLES = numpy.random.default_rng(602).choice(_VALUES, (3 * RATE, 2)).astype("<i2")

Spans = list[tuple[int, int]]


def spans(recorded: numpy.ndarray, factor: float, played: numpy.ndarray) -> Spans:
    """Where one channel is what was played times a factor: frames from and to."""
    count = min(len(recorded), len(played))
    equal = numpy.concatenate(([False], recorded[:count] == played[:count] * factor, [False]))
    edges = numpy.flatnonzero(numpy.diff(equal.astype(int))).tolist()
    return list(zip(edges[::2], edges[1::2]))


def place(recorded: numpy.ndarray, played: numpy.ndarray) -> int:
    """The frame of what was played with which a recording of it begins; -1 if there is none."""
    found = audio.find(played.tobytes(), recorded[:64].tobytes(), played.itemsize)
    return next(found, -1) if len(recorded) else -1


def boundary(found: Spans, length: int) -> int:
    """Where the first span ends if that is between two periods of the sound; otherwise -1."""
    end = found[0][1] if found else 0
    return end if 0 < end < length and end % PERIOD == 0 else -1


def only_the_first_is_heard(judgement: Judgement) -> None:
    """A sound server that mutes by itself plays silence, into the recordings behind the first."""
    with judgement.reading("the backend's recordings"):
        later = [audio.read(path).samples for path in
                 audio.recordings(judgement.of_dom0(""), "exact")[1:]]
        frames = sum(map(len, later))
        loud = sum(int(numpy.count_nonzero(samples)) for samples in later)
        judgement.check("muted by the sound server, nothing is heard", frames > RATE and not loud,
                        f"{loud} samples of {frames} frames are not zero")


def compare_volumes(judgement: Judgement) -> None:
    """The backend's recordings and its log."""
    played = EVEN_SAMPLES.T
    length = len(EVEN_SAMPLES)

    def check(what: str, found: Spans, wanted: Spans) -> None:
        judgement.check(what, found == wanted, f"frames {found[:5]}, not {wanted}")

    def channels(name: str) -> numpy.ndarray:
        return audio.read(judgement.of_dom0(name)).samples.T

    with judgement.reading("the backend's recordings"):
        left, right = channels("exact.wav")
        full = spans(left, 1, played[0])
        change = boundary(full, length)
        check("-6.02 dB: the channel is full up to a period boundary", full, [(0, change)])
        check("-6.02 dB: from there on it is exactly half",
              spans(left, 0.5, played[0]), [(change, length)])
        check("-6.02 dB: the other channel stays as it is",
              spans(right, 1, played[1]), [(0, length)])

        left, right = channels("exact-2.wav")
        # amixer sets one channel after the other: a period may begin between the two.
        for channel, recorded, factor, original in (("left", left, 0.5, played[0]),
                                                    ("right", right, 1, played[1])):
            silent = spans(recorded, 0, original)
            off, on = silent[0][0] if silent else -1, boundary(silent, length)
            check(f"mute, {channel}: silent from one period boundary to another", silent,
                  [(off // PERIOD * PERIOD, on)])
            check(f"mute, {channel}: before and after as loud as before the close",
                  spans(recorded, factor, original), [(0, off), (on, length)])

        left, right = channels("exact-3.wav")
        check("restart: another backend has the volume",
              spans(left, 0.5, played[0]) + spans(right, 1, played[1]), [(0, length)] * 2)

        left, right = channels("exact-4.wav")
        check("restart while playing: half before", spans(left, 0.5, played[0]), [(0, len(left))])
        left, right = channels("exact-5.wav")
        # Without the silence after it.
        right = right[:numpy.flatnonzero(right).max(initial=-1) + 1]
        left = left[:len(right)]
        at = place(right, played[1])
        check("restart while playing: the sound goes on to its end", [(at, at + len(right))],
              [(max(at, 1), length)])
        check("restart while playing: half after, and the other channel as it is",
              spans(left, 0.5, played[0][at:]) + spans(right, 1, played[1][at:]),
              [(0, len(right))] * 2)

        log = judgement.backend_log()
        for gain in ("channel 0: -6.020 dB", "channel 1: 0.000 dB, muted"):
            judgement.check(f"the backend logged {gain}", gain in log)


def plays_at(*factors: float) -> Check:
    """Whether the recordings are the even samples times these factors, one for each."""
    def compare(judgement: Judgement) -> None:
        with judgement.reading("the backend's recordings"):
            recordings = audio.recordings(judgement.of_dom0(""), "exact")
            judgement.check(f"there are {len(factors)} recordings", len(recordings) == len(factors),
                            f"there are {len(recordings)}")
            for path, factor in zip(recordings, factors):
                recorded = audio.read(path).samples
                # No product is half-way between two integers.
                wanted = numpy.rint(EVEN_SAMPLES * factor)
                judgement.check(f"{path.name} is what was played times {factor}",
                                numpy.array_equal(recorded[:len(wanted)], wanted) and
                                not recorded[len(wanted):].any())

    return compare


def keeps_volume(judgement: Judgement) -> None:
    """The backend has set the volume of outlive.sh for each domain that the guest was."""
    with judgement.reading("the volume from before"):
        stream = r"dom(\d+)/0/0/0 \(first\): "
        log = judgement.backend_log()
        connected = set(re.findall(stream + "playback stream connected", log))
        obeyed = set(re.findall(stream + r"channel 0: -6\.020 dB$", log, re.MULTILINE))
        judgement.check("each backend has the volume from before",
                        len(connected) > 1 and connected == obeyed)
        judgement.notes.append(f"volume set for {len(obeyed)} of {len(connected)} domains")
