# SPDX-License-Identifier: GPL-2.0-only
"""Draws latencies."""

import pathlib

from xenfront import plot
from xenfront.traces.latency import Latencies

# A share of fewer says nothing.
_LEAST_FOR_SHARE = 10


def draw(path: pathlib.Path, latencies: Latencies, caption: str) -> None:
    """Writes a PNG: each latency over time, and how many do not exceed a duration."""
    pyplot = plot.pyplot()
    figure, (over_time, share) = pyplot.subplots(1, 2, figsize=(16, 7), layout="constrained")
    colours = pyplot.get_cmap("tab20")
    origin = min((start for one in latencies.series for start in one.starts), default=0)
    for number, one in enumerate(latencies.series):
        # A trace has microseconds, of which a logarithmic axis cannot show zero.
        micro = [max(duration / 1000, 0.5) for duration in one.durations]
        colour = colours(number % colours.N)
        over_time.plot([(start - origin) / 1e9 for start in one.starts], micro, ".",
                       markersize=4, color=colour, label=f"{one.stream} {one.what}")
        if len(micro) < _LEAST_FOR_SHARE:
            continue
        ordered = sorted(micro)
        share.step([ordered[0], *ordered],
                   [100 * rank / len(ordered) for rank in range(len(ordered) + 1)],
                   where="post", color=colour)
    over_time.set_yscale("log")
    share.set_xscale("log")
    over_time.set(title="latency over time", xlabel="seconds of the trace", ylabel="microseconds")
    share.set(title="share that does not take longer", xlabel="microseconds", ylabel="per cent")
    share.legend(*over_time.get_legend_handles_labels(), loc="upper left", bbox_to_anchor=(1.01, 1),
                 fontsize=8, markerscale=3)
    for axes in (over_time, share):
        axes.grid(alpha=0.3)
    figure.suptitle(caption)
    figure.savefig(path, dpi=80)
    pyplot.close(figure)
