# SPDX-License-Identifier: GPL-2.0-only
"""What tests/guest/mixer.sh plays, and what has to come out at the volumes that it sets."""

import array
import pathlib
import random
import re
import sys
from typing import Callable

# One playback and one capture stream.
CARD = """[[
    'card, backend=Domain-0, buffer-size=65536, short-name=Xen Mixer,
     sample-rates=44100;48000, sample-formats=s16_le, channels-min=2, channels-max=2',
    'pcm, name=Analog', 'stream, unique-id=exact, type=P', 'stream, unique-id=sequence, type=C' ]]"""

RATE = 48000
PERIOD = 480 # frames

# Three seconds in stereo: even samples, none of them zero, of which a volume of -6.02 dB leaves
# exactly half: round(sample * 10 ** (-6.02 / 20)) is sample / 2 up to 14000.
EVEN_SAMPLES = b"".join(
    (2 * value).to_bytes(2, "little", signed=True)
    for value in random.Random(602).choices([*range(-7000, 0), *range(1, 7001)], k=3 * RATE * 2))

Spans = list[tuple[int, int]]


def left_and_right(samples: bytes) -> tuple[array.array, array.array]:
    """The channels of S16_LE stereo."""
    both = array.array("h", samples)
    if sys.byteorder == "big":
        both.byteswap()
    return both[::2], both[1::2]


def spans(recorded: array.array, factor: float, played: array.array) -> Spans:
    """Where one channel is what was played times a factor: frames from and to."""
    found: Spans = []
    for frame, (left, right) in enumerate(zip(recorded, played)):
        if left != right * factor:
            continue
        if found and found[-1][1] == frame:
            found[-1] = (found[-1][0], frame + 1)
        else:
            found.append((frame, frame + 1))
    return found


def without_silence_after(recorded: array.array) -> array.array:
    """A channel up to the last sample that is not zero."""
    end = next((at for at in range(len(recorded), 0, -1) if recorded[at - 1]), 0)
    return recorded[:end]


def place(recorded: array.array, played: array.array) -> int:
    """The frame of what was played with which a recording of it begins; -1 if there is none."""
    at = played.tobytes().find(recorded[:64].tobytes())
    return -1 if not recorded or at % 2 else at // 2


def boundary(found: Spans, length: int) -> int:
    """Where the first span ends if that is between two periods of the sound; otherwise -1."""
    end = found[0][1] if found else 0
    return end if 0 < end < length and end % PERIOD == 0 else -1


def compare_volumes(result: pathlib.Path, wav_data: Callable[[pathlib.Path], bytes]
                    ) -> tuple[list[str], list[str]]:
    """What passed and what failed in the backend's first two recordings and in its log."""
    played = left_and_right(EVEN_SAMPLES)
    length = len(played[0])
    passed: list[str] = []
    failed: list[str] = []

    def check(what: str, found: Spans, wanted: Spans) -> None:
        if found == wanted:
            passed.append(what)
        else:
            failed.append(f"{what}: frames {found[:5]}, not {wanted}")

    try:
        left, right = left_and_right(wav_data(result / "dom0/files/exact.wav"))
        full = spans(left, 1, played[0])
        change = boundary(full, length)
        check("-6.02 dB: the channel is full up to a period boundary", full, [(0, change)])
        check("-6.02 dB: from there on it is exactly half",
              spans(left, 0.5, played[0]), [(change, length)])
        check("-6.02 dB: the other channel stays as it is",
              spans(right, 1, played[1]), [(0, length)])

        left, right = left_and_right(wav_data(result / "dom0/files/exact-2.wav"))
        # amixer sets one channel after the other: a period may begin between the two.
        for channel, recorded, factor, original in (("left", left, 0.5, played[0]),
                                                    ("right", right, 1, played[1])):
            silent = spans(recorded, 0, original)
            off, on = silent[0][0] if silent else -1, boundary(silent, length)
            check(f"mute, {channel}: silent from one period boundary to another", silent,
                  [(off // PERIOD * PERIOD, on)])
            check(f"mute, {channel}: before and after as loud as before the close",
                  spans(recorded, factor, original), [(0, off), (on, length)])

        left, right = left_and_right(wav_data(result / "dom0/files/exact-3.wav"))
        check("restart: another backend has the volume",
              spans(left, 0.5, played[0]) + spans(right, 1, played[1]), [(0, length)] * 2)

        left, right = left_and_right(wav_data(result / "dom0/files/exact-4.wav"))
        check("restart while playing: half before", spans(left, 0.5, played[0]), [(0, len(left))])
        left, right = left_and_right(wav_data(result / "dom0/files/exact-5.wav"))
        right = without_silence_after(right)
        left = left[:len(right)]
        at = place(right, played[1])
        check("restart while playing: the sound goes on to its end", [(at, at + len(right))],
              [(max(at, 1), length)])
        check("restart while playing: half after, and the other channel as it is",
              spans(left, 0.5, played[0][at:]) + spans(right, 1, played[1][at:]),
              [(0, len(right))] * 2)

        log = (result / "dom0/backend/stderr").read_text(errors="replace")
        for gain in ("channel 0: -6.020 dB", "channel 1: 0.000 dB, muted"):
            (passed if gain in log else failed).append(f"the backend logged {gain}")
    except (OSError, ValueError) as error:
        failed.append(f"the backend's recordings: {error}")
    return passed, failed


def keeps_volume(log: str) -> tuple[bool, str]:
    """Whether the backend has set the volume of outlive.sh for each domain that the guest was, by
    the backend's log; and how many those were."""
    stream = r"dom(\d+)/0/0/0 \(first\): "
    connected = set(re.findall(stream + "playback stream connected", log))
    obeyed = set(re.findall(stream + r"channel 0: -6\.020 dB$", log, re.MULTILINE))
    return (len(connected) > 1 and connected == obeyed,
            f"volume set for {len(obeyed)} of {len(connected)} domains")
