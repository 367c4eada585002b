# SPDX-License-Identifier: GPL-2.0-only
"""Plots of the figures, as SVG."""

import io
from typing import Any

from xenfront import plot
from xenfront.bench import limit, plan
from xenfront.bench.figures import Findings
from xenfront.bench.table import COLUMNS, Column
from xenfront.bench.workload import Workload

_COLOURS = {(plan.IN_TREE, "rw"): "#b5651d", (plan.OURS, "rw"): "#1f6fb4",
            (plan.OURS, "mmap"): "#2a8c4a"}
_LABELS = {(plan.IN_TREE, "rw"): "in-tree driver", (plan.OURS, "rw"): "this driver",
           (plan.OURS, "mmap"): "this driver, mmap"}


def sweep(findings: Findings, direction: str) -> str:
    """A panel for each column: the figure against the period. Periods with xruns are crossed out."""
    pyplot = plot.pyplot()
    figure, axes = pyplot.subplots(1, len(COLUMNS), figsize=(4 * len(COLUMNS), 3.6),
                                   layout="constrained")
    for axis, column in zip(axes, COLUMNS):
        _panel(axis, findings, direction, column)
    axes[0].legend(fontsize=8)
    drawing = io.StringIO()
    figure.savefig(drawing, format="svg", metadata={"Date": None})
    pyplot.close(figure)
    return drawing.getvalue()


def _panel(axis: Any, findings: Findings, direction: str, column: Column) -> None:
    periods = [period for period in findings.swept(direction) if period not in plan.SMALLER]
    for (driver, access), colour in _COLOURS.items():
        names = [f"{direction}-{period}-{access}" for period in periods]
        values = [findings.mean(driver, column.place, name, column.field) for name in names]
        points = [(at, value) for at, value in enumerate(values) if value is not None]
        axis.plot([at for at, _ in points], [value for _, value in points], "o-", markersize=4,
                  color=colour, label=_LABELS[driver, access])
        dirty = [(at, value) for at, value in points
                 if not all(figures.is_clean
                            for figures in findings.of(driver, plan.APART, names[at]))]
        axis.plot([at for at, _ in dirty], [value for _, value in dirty], "x", markersize=10,
                  color="#c0392b")
    if column.field == "guest_ms":
        limits = [limit.of(findings, Workload(direction, period)) for period in periods]
        least = [(at, value) for at, value in enumerate(limits) if value is not None]
        axis.plot([at for at, _ in least], [value for _, value in least], "D--", color="#777777",
                  markersize=6, fillstyle="none", label="limit")
        axis.legend(fontsize=8)
    axis.set_xticks(range(len(periods)), [str(period) for period in periods])
    axis.set_xlabel("period in frames")
    axis.set_title(column.title, loc="left", fontsize=10)
    axis.set_ylim(0, 1.1 * axis.get_ylim()[1])
    axis.grid(alpha=0.3)
