# SPDX-License-Identifier: GPL-2.0-only
"""Draws what was played, what came out, and the difference."""

import pathlib
from typing import Any

import numpy

from xenfront import audio, plot
from xenfront.demo import compare

_BINS = 1600
_ZOOM_FRAMES = 96
_INPUT, _OUTPUT, _DIFFERENCE = "#1f6fb4", "#2a8c4a", "#c0392b"
_NAMES = ("left", "right")


def draw(path: pathlib.Path, played: audio.Recording, came_out: audio.Recording,
         comparison: compare.Comparison, caption: str) -> None:
    """Writes a PNG: both waveforms and their difference, and the first moments of sound enlarged."""
    offset = comparison.offset or 0
    aligned, _ = compare.align(came_out.samples, offset, played.frames)
    difference = aligned.astype("int32") - played.samples
    pyplot = plot.pyplot()
    figure, axes = pyplot.subplots(3, 2, figsize=(15, 9), width_ratios=(3, 1),
                                   layout="constrained")
    rows = (("played in the guest: input.wav", played.samples, _INPUT),
            ("came out of Dom0's sound card: output.wav", aligned, _OUTPUT),
            ("difference", difference, _DIFFERENCE))
    zoom_start = _zoom_start(played.samples, comparison)
    for row, (title, samples, colour) in enumerate(rows):
        _envelope(axes[row][0], samples, played.rate, colour)
        axes[row][0].set_title(title, loc="left", fontsize=10)
        _zoom(axes[row][1], samples, zoom_start, colour)
    if not difference.any():
        for axis in axes[2]:
            axis.set_ylim(-1, 1)
    axes[0][1].set_title(f"{_ZOOM_FRAMES} frames from {zoom_start} on", loc="left", fontsize=10)
    axes[2][0].set_xlabel(f"seconds of input.wav; its frame 0 is frame {comparison.offset} of "
                          "output.wav")
    axes[2][1].set_xlabel("frame of input.wav")
    figure.suptitle(caption, fontsize=11, x=0.01, ha="left", family="monospace")
    figure.savefig(path, dpi=100)
    pyplot.close(figure)


def _zoom_start(samples: numpy.ndarray, comparison: compare.Comparison) -> int:
    """Where to look closely: at the first difference, else at the beginning of the sound."""
    if comparison.first is not None:
        centre = comparison.first.frame
    else:
        loud = numpy.abs(samples.astype("int32")).max(axis=1)
        centre = int(numpy.argmax(loud >= loud.max() // 2))
    return max(0, min(centre - _ZOOM_FRAMES // 4, len(samples) - _ZOOM_FRAMES))


def _envelope(axis: Any, samples: numpy.ndarray, rate: int, colour: str) -> None:
    """Each channel as the range that its samples cover, left above right."""
    edges = numpy.linspace(0, len(samples), min(_BINS, len(samples)) + 1).astype(int)[:-1]
    times = edges / rate
    for channel, shade in enumerate((1.0, 0.45)):
        column = samples[:, channel].astype("int32")
        axis.fill_between(times, numpy.minimum.reduceat(column, edges),
                          numpy.maximum.reduceat(column, edges), step="post", color=colour,
                          alpha=shade, linewidth=0.6, edgecolor=colour, label=_NAMES[channel])
    axis.margins(x=0)
    axis.grid(alpha=0.3)
    axis.legend(loc="upper right", fontsize=8)


def _zoom(axis: Any, samples: numpy.ndarray, start: int, colour: str) -> None:
    part = samples[start:start + _ZOOM_FRAMES]
    frames = numpy.arange(start, start + len(part))
    for channel, style in enumerate(("-", ":")):
        axis.plot(frames, part[:, channel], style, color=colour, marker=".", markersize=3,
                  linewidth=0.9, label=_NAMES[channel])
    axis.margins(x=0)
    axis.grid(alpha=0.3)
