# SPDX-License-Identifier: GPL-2.0-only
"""What guests play into outputs of Dom0, against what Dom0 has recorded there."""

import pathlib

import numpy

from xenfront import audio
from xenfront.judgement import Check, Judgement

RATE = 48000
FRAMES = 2 * RATE
# So that four streams can be mixed.
_LOUDEST = 8000


def noise(guest: int, device: int) -> numpy.ndarray:
    """What a guest plays into a device of its card: two seconds in stereo, of no other stream."""
    generator = numpy.random.default_rng((1807, guest, device))
    return generator.integers(-_LOUDEST, _LOUDEST, (FRAMES, 2), endpoint=True).astype("<i2")


def place(recorded: numpy.ndarray, played: numpy.ndarray) -> int:
    """The frame of a recording at which a sound in it begins, whatever else is heard there."""
    length = 1 << (len(recorded) + len(played)).bit_length()
    spectrum = numpy.fft.rfft(recorded[:, 0], length)
    sound = numpy.fft.rfft(played[:, 0], length)
    correlation = numpy.fft.irfft(spectrum * numpy.conj(sound), length)
    return int(numpy.argmax(correlation[:len(recorded)]))


def unmix(recorded: numpy.ndarray, sounds: list[numpy.ndarray]) -> tuple[list[int], numpy.ndarray]:
    """Of a recording that should be these sounds, each from a frame of its own on, and silence: where
    they begin, and the frames that are not the sum of them."""
    # A recording that ends too soon lacks what would have come.
    left = numpy.pad(recorded.astype(int), ((0, FRAMES), (0, 0)))
    places = [place(recorded, sound) for sound in sounds]
    for at, sound in zip(places, sounds):
        left[at:at + FRAMES] -= sound
    return places, numpy.flatnonzero(left.any(axis=1))


# What a server's monitor may miss of a sound: the server renders it anew when a stream begins.
_MISSED = RATE // 10


def arrive(output: str, devices: tuple[int, ...], is_monitored: bool = False) -> Check:
    """That an output has played what all guests have played into these devices of their cards, bit
    for bit, and for some time all of them at once; and if so, that each guest has recorded that
    from the server's monitor, but perhaps for a beginning."""
    def listen(judgement: Judgement, listener: str, path: pathlib.Path, missed: int = 0) -> None:
        what = f"{output}, as {listener} hears it"
        recorded = audio.read(path).samples
        places, differ = unmix(recorded, [noise(guest, device) for guest in range(judgement.guests)
                                          for device in devices])
        judgement.notes.append(f"{what}: {len(recorded)} frames were recorded, in which "
                               f"{len(places)} streams begin at {places}")
        wrong = [int(frame) for frame in differ
                 if not any(at <= frame < at + missed for at in places)]
        judgement.check(f"{what}: what all streams have played has arrived bit for bit", not wrong,
                        f"{len(wrong)} frames differ, {wrong[:3]} the first of them")
        judgement.check(f"{what}: all streams were heard at once",
                        max(places) < min(places) + FRAMES)

    def check(judgement: Judgement) -> None:
        with judgement.reading(f"{output}: the recordings"):
            listen(judgement, "Dom0", judgement.of_dom0(f"{output}.wav"))
            for guest in range(judgement.guests if is_monitored else 0):
                listen(judgement, f"guest {guest}", judgement.of_guest(f"{output}.wav", guest),
                       _MISSED)

    return check
