# SPDX-License-Identifier: GPL-2.0-only
"""WAV files of linear PCM, as arrays.

Python's wave module refuses the extensible format before 3.12, and trusts the length in the header,
which a recorder writes only when it ends in order; libsndfile takes such a file for an empty one.
"""

import dataclasses
import pathlib
import struct
import wave
from typing import Iterator

import numpy

from xenfront.errors import Failure, explained

CHANNELS = 2
_PCM, _EXTENSIBLE = 1, 0xFFFE


@dataclasses.dataclass(frozen=True)
class Recording:
    """Sound: `samples` has a row for each frame and a column for each channel."""

    rate: int
    samples: numpy.ndarray

    @property
    def frames(self) -> int:
        return len(self.samples)

    @property
    def seconds(self) -> float:
        return self.frames / self.rate


def read(path: pathlib.Path) -> Recording:
    """The whole of a WAV file of samples of 16 or 32 bits. Failure for any other file."""
    with explained(path, "give a readable WAV file"):
        content = path.read_bytes()
    if content[:4] != b"RIFF" or content[8:12] != b"WAVE":
        raise Failure(f"{path}: starts with {content[:4]!r} and not with a RIFF header of type "
                      "WAVE; give a WAV file")
    rate = 0
    at = 12
    while at + 8 <= len(content):
        name, size = struct.unpack_from("<4sI", content, at)
        body = at + 8
        if name == b"fmt " and size >= 16 and body + 16 <= len(content):
            kind, channels, rate, _, _, bits = struct.unpack_from("<HHIIHH", content, body)
            if kind not in (_PCM, _EXTENSIBLE) or bits not in (16, 32) or not channels:
                raise Failure(f"{path}: format {kind} with {channels} channels of {bits} bits; "
                              f"expected {_PCM} (PCM) with channels of 16 or 32 bits")
        if name == b"data" and rate:
            # A recorder that was stopped leaves a length of 0: the rest of the file is the data.
            data = content[body:body + size] if size else content[body:]
            usable = len(data) // (channels * bits // 8) * (channels * bits // 8)
            return Recording(rate, numpy.frombuffer(data[:usable], f"<i{bits // 8}").reshape(
                -1, channels))
        at = body + size + size % 2
    raise Failure(f"{path}: has no format and data chunk in its {len(content)} bytes; the file "
                  "is cut short or no WAV file")


def write(path: pathlib.Path, recording: Recording) -> None:
    """Writes 16-bit PCM."""
    with wave.open(str(path), "wb") as output:
        output.setparams((recording.samples.shape[1], 2, recording.rate, recording.frames, "NONE", ""))
        output.writeframes(recording.samples.astype("<i2").tobytes())


def find(content: bytes, block: bytes, frame_bytes: int) -> Iterator[int]:
    """The frames of `content` at which `block` begins."""
    at = content.find(block)
    while at >= 0:
        if at % frame_bytes == 0:
            yield at // frame_bytes
        at = content.find(block, at + 1)


def recordings(directory: pathlib.Path, name: str) -> list[pathlib.Path]:
    """What the backend has recorded of a stream, one for each OPEN, in their order: NAME.wav,
    NAME-2.wav ..."""
    numbered = {int(path.stem.removeprefix(name).removeprefix("-") or 1): path
                for path in directory.glob(f"{name}*.wav")
                if path.stem == name or path.stem.removeprefix(f"{name}-").isdigit()}
    return [numbered[number] for number in sorted(numbered)]
