# SPDX-License-Identifier: GPL-2.0-only
"""Draws what was played, what came out, and the difference."""

import pathlib

import numpy

from xenfront import audio, plot
from xenfront.demo import compare

_BINS = 1200  # more than there are pixels
_ZOOM_FRAMES = 96
# Columns, after time or frame: left and right of what was played, of what came out, of the difference.
_SCRIPT = """
set multiplot
set label 1 caption at screen 0.01,0.98 font 'monospace,11'
set key opaque box linecolor '#c0c0c0'
set autoscale xfix
do for [row = 1:3] {
    set tmargin at screen 1.2 - 0.3 * row; set bmargin at screen 0.96 - 0.3 * row
    strong = word('#1f6fb4 #2a8c4a #c0392b', row)
    pale = word('#9abedd #9fcbae #e3a6a0', row)

    set lmargin at screen 0.045; set rmargin at screen 0.725
    set label 2 (row == 1 ? "played in the guest: input.wav" : row == 2 ? \
        "came out of Dom0's sound card: output.wav" : "difference") at graph 0,1.06
    if (row == 3) { set xlabel seconds }
    set xtics autofreq
    set key on
    plot $whole using 1:2*row+1 with steps linecolor rgb pale notitle, \
        '' using 1:2*row with steps linecolor rgb strong notitle, \
        NaN linewidth 9 linecolor rgb strong title 'left', \
        NaN linewidth 9 linecolor rgb pale title 'right'
    unset label 1

    set lmargin at screen 0.775; set rmargin at screen 0.985
    set label 2 row == 1 ? enlarged : ''
    if (row == 3) { set xlabel 'frame of input.wav' }
    set xtics 20
    set key off
    plot $enlarged using 1:2*row with linespoints pointtype 7 pointsize 0.3 linecolor rgb strong, \
        '' using 1:2*row+1 with linespoints pointtype 7 pointsize 0.3 dashtype 3 linecolor rgb strong
}
"""


def draw(path: pathlib.Path, played: audio.Recording, came_out: audio.Recording,
         comparison: compare.Comparison, caption: str) -> None:
    """Writes a PNG: both waveforms and their difference, and the first moments of sound enlarged."""
    aligned, _ = compare.align(came_out.samples, comparison.offset or 0, played.frames)
    sounds = (played.samples, aligned, aligned.astype("int32") - played.samples)
    edges = numpy.linspace(0, played.frames, min(_BINS, played.frames) + 1).astype(int)[:-1]
    start = _zoom_start(played.samples, comparison)
    frames = numpy.arange(start, min(start + _ZOOM_FRAMES, played.frames))
    plot.draw(path, "1500,900", _SCRIPT, {
        "caption": caption, "enlarged": f"{_ZOOM_FRAMES} frames from {start} on",
        "seconds": f"seconds of input.wav; its frame 0 is frame {comparison.offset} of output.wav",
    }, {"whole": numpy.column_stack((numpy.repeat(edges / played.rate, 2),
                                     *(_ranges(sound, edges) for sound in sounds))),
        "enlarged": numpy.column_stack((frames, *(sound[frames] for sound in sounds)))})


def _ranges(samples: numpy.ndarray, edges: numpy.ndarray) -> numpy.ndarray:
    """Of each channel, from edge to edge: the smallest sample, and in the next row the largest."""
    return numpy.stack((numpy.minimum.reduceat(samples, edges), numpy.maximum.reduceat(samples, edges)),
                       axis=1).reshape(-1, audio.CHANNELS)


def _zoom_start(samples: numpy.ndarray, comparison: compare.Comparison) -> int:
    """Where to look closely: at the first difference, else at the beginning of the sound."""
    if comparison.first is not None:
        centre = comparison.first.frame
    else:
        loud = numpy.abs(samples.astype("int32")).max(axis=1)
        centre = int(numpy.argmax(loud >= loud.max() // 2))
    return max(0, min(centre - _ZOOM_FRAMES // 4, len(samples) - _ZOOM_FRAMES))
