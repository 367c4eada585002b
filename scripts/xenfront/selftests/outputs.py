# SPDX-License-Identifier: GPL-2.0-only
"""What guests play into outputs of Dom0, against what Dom0 has recorded there."""

import dataclasses

import numpy

from xenfront import audio
from xenfront.selftests.judgement import Check, Judgement

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


@dataclasses.dataclass(frozen=True)
class Mix:
    """Where the sounds begin in a recording, and the frames that are not the sum of them."""
    places: list[int]
    wrong: numpy.ndarray


def unmix(recorded: numpy.ndarray, sounds: list[numpy.ndarray]) -> Mix:
    """A recording that should be these sounds, each from a frame of its own on, and silence."""
    # A recording that ends too soon lacks what would have come.
    left = numpy.pad(recorded.astype(int), ((0, FRAMES), (0, 0)))
    places = [place(recorded, sound) for sound in sounds]
    for at, sound in zip(places, sounds):
        left[at:at + FRAMES] -= sound
    return Mix(places, numpy.flatnonzero(left.any(axis=1)))


def arrive(output: str, devices: tuple[int, ...]) -> Check:
    """That an output has played what all guests have played into these devices of their cards, bit
    for bit, and for some time all of them at once."""
    def check(judgement: Judgement) -> None:
        with judgement.reading(f"{output}: the recording"):
            recorded = audio.read(judgement.of_dom0(f"{output}.wav")).samples
            mix = unmix(recorded, [noise(guest, device) for guest in range(judgement.guests)
                                   for device in devices])
            judgement.notes.append(f"{output}: {len(recorded)} frames were recorded, in which "
                                   f"{len(mix.places)} streams begin at {mix.places}")
            judgement.check(f"{output}: what all streams have played has arrived bit for bit",
                            not len(mix.wrong),
                            f"{len(mix.wrong)} frames differ, {mix.wrong[:3]} the first of them")
            judgement.check(f"{output}: all streams were heard at once",
                            max(mix.places) < min(mix.places) + FRAMES)

    return check
