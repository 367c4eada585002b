# SPDX-License-Identifier: GPL-2.0-only
"""WAV files of 16-bit stereo samples, as arrays.

Python's wave module refuses the extensible format and trusts lengths in the header, which QEMU
writes only when it ends in order.
"""

import dataclasses
import pathlib
import struct

import numpy
from xenfront.demo.errors import DemoError

CHANNELS = 2
FRAME_BYTES = 2 * CHANNELS
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
    """The whole of a WAV file, which must hold 16-bit stereo samples."""
    try:
        content = path.read_bytes()
    except OSError as failure:
        raise DemoError(f"{path}: cannot be read ({failure.strerror}); give a readable WAV file"
                        ) from failure
    rate, data = _chunks(path, content)
    usable = len(data) // FRAME_BYTES * FRAME_BYTES
    return Recording(rate, numpy.frombuffer(data[:usable], "<i2").reshape(-1, CHANNELS))


def _chunks(path: pathlib.Path, content: bytes) -> tuple[int, bytes]:
    if content[:4] != b"RIFF" or content[8:12] != b"WAVE":
        raise DemoError(f"{path}: starts with {content[:4]!r} and not with a RIFF header of type "
                        "WAVE; give a WAV file")
    rate = 0
    at = 12
    while at + 8 <= len(content):
        name, size = struct.unpack_from("<4sI", content, at)
        body = at + 8
        if name == b"fmt " and size >= 16 and body + 16 <= len(content):
            kind, channels, rate, _, _, bits = struct.unpack_from("<HHIIHH", content, body)
            if kind not in (_PCM, _EXTENSIBLE) or (channels, bits) != (CHANNELS, 16):
                raise DemoError(f"{path}: format {kind} with {channels} channels of {bits} bits; "
                                f"expected {_PCM} (PCM) with {CHANNELS} channels of 16 bits")
        if name == b"data" and rate:
            # A recorder that was stopped leaves a length of 0: the rest of the file is the data.
            return rate, content[body:body + size] if size else content[body:]
        at = body + size + size % 2
    raise DemoError(f"{path}: has no format and data chunk in its {len(content)} bytes; the file "
                    "is cut short or no WAV file")


def write(path: pathlib.Path, recording: Recording) -> None:
    """Writes 16-bit PCM."""
    data = recording.samples.astype("<i2").tobytes()
    header = struct.pack("<4sI4s4sIHHIIHH4sI", b"RIFF", 36 + len(data), b"WAVE", b"fmt ", 16, _PCM,
                         CHANNELS, recording.rate, recording.rate * FRAME_BYTES, FRAME_BYTES, 16,
                         b"data", len(data))
    path.write_bytes(header + data)
