# SPDX-License-Identifier: GPL-2.0-only
"""Compares what was played with what came out, sample by sample."""

import dataclasses
import itertools
from typing import Iterator

import numpy

from xenfront import audio

# Length of a block that is searched, and how many of them and of their hits are tried.
_BLOCK_FRAMES = 256
_BLOCKS = 24
_HITS = 16


@dataclasses.dataclass(frozen=True)
class Difference:
    """The first sample that is not the same."""

    frame: int
    channel: int
    expected: int
    # None: the recording ends before it.
    found: int | None


@dataclasses.dataclass(frozen=True)
class Comparison:
    """How the output compares with the input."""

    # The input's first frame is this one of the output; None when no part was found in it.
    offset: int | None
    compared: int
    differing: int
    first: Difference | None
    # Frames with something else than silence in front of and behind the input.
    stray_before: int
    stray_after: int


def compare(expected: numpy.ndarray, found: numpy.ndarray) -> Comparison:
    """Both: a row for each frame, a column for each channel, 16 bits. There has to be a sample
    other than 0 in what is expected."""
    offset = _best_offset(expected, found)
    if offset is None:
        samples = expected.size
        first = Difference(0, 0, int(expected[0, 0]), int(found[0, 0]) if len(found) else None)
        return Comparison(None, samples, samples, first, int(found.any(axis=1).sum()), 0)
    aligned, present = align(found, offset, len(expected))
    differs = (aligned != expected) | ~present[:, None]
    first = None
    if differs.any():
        frame, channel = (int(part) for part in numpy.argwhere(differs)[0])
        first = Difference(frame, channel, int(expected[frame, channel]),
                           int(aligned[frame, channel]) if present[frame] else None)
    before = found[:max(offset, 0)]
    after = found[max(offset, 0) + int(present.sum()):]
    return Comparison(offset, expected.size, int(differs.sum()), first,
                      int(before.any(axis=1).sum()), int(after.any(axis=1).sum()))


def align(found: numpy.ndarray, offset: int, count: int) -> tuple[numpy.ndarray, numpy.ndarray]:
    """`count` frames of the output from `offset` on, 0 where it has none, and where it has some."""
    aligned = numpy.zeros((count, found.shape[1]), found.dtype)
    present = numpy.zeros(count, bool)
    start, end = max(offset, 0), min(offset + count, len(found))
    if start < end:
        aligned[start - offset:end - offset] = found[start:end]
        present[start - offset:end - offset] = True
    return aligned, present


def _best_offset(expected: numpy.ndarray, found: numpy.ndarray) -> int | None:
    """Where the input begins in the output: the offset with the fewest differences among those
    at which some part of the input was found exactly."""
    offsets = list(dict.fromkeys(_candidates(expected, found)))
    if not offsets:
        return None

    def differences(offset: int) -> tuple[int, int]:
        aligned, present = align(found, offset, len(expected))
        return int(((aligned != expected) | ~present[:, None]).sum()), abs(offset)

    return min(offsets, key=differences)


def _candidates(expected: numpy.ndarray, found: numpy.ndarray) -> Iterator[int]:
    sounding = numpy.flatnonzero(expected.any(axis=1))
    content = numpy.ascontiguousarray(found).tobytes()
    # The first sound decides in a good run; the others find a start that was damaged.
    starts = sounding[numpy.linspace(0, len(sounding) - 1, _BLOCKS).astype(int)]
    for start in dict.fromkeys(int(start) for start in starts):
        block = numpy.ascontiguousarray(expected[start:start + _BLOCK_FRAMES])
        if (block == block[0]).all() and len(expected) - start > _BLOCK_FRAMES:
            # A constant is everywhere; a longer look would be no better.
            continue
        hits = audio.find(content, block.tobytes(), found.shape[1] * found.itemsize)
        for position in itertools.islice(hits, _HITS):
            yield position - start
