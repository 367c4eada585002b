# SPDX-License-Identifier: GPL-2.0-only
"""The report as a page that needs nothing else, and its plots, as SVG."""

import io
import pathlib
from typing import Any

import jinja2

from xenfront import plot
from xenfront.bench import limit, plan, table
from xenfront.bench.figures import Findings
from xenfront.bench.outcome import Outcome
from xenfront.bench.table import COLUMNS, Column
from xenfront.bench.workload import PLAY, RECORD, Workload

_COLOURS = {(plan.IN_TREE, "rw"): "#b5651d", (plan.OURS, "rw"): "#1f6fb4",
            (plan.OURS, "mmap"): "#2a8c4a"}
_LABELS = {(plan.IN_TREE, "rw"): "in-tree driver", (plan.OURS, "rw"): "this driver",
           (plan.OURS, "mmap"): "this driver, mmap"}


def write(path: pathlib.Path, outcome: Outcome) -> None:
    """Writes the page, and its plots also as files beside it."""
    pictures = []
    for direction, title in ((PLAY, "Playback"), (RECORD, "Recording")):
        picture = _sweep(outcome.findings, direction)
        (path.parent / f"{direction}.svg").write_text(picture, encoding="utf-8")
        pictures.append((title, picture[picture.index("<svg"):]))
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(pathlib.Path(__file__).parent), autoescape=True,
        trim_blocks=True, undefined=jinja2.StrictUndefined)
    page = environment.get_template("report.html.j2").render(
        outcome=outcome, tables=table, pictures=pictures,
        rounds=max(one.step.round for one in outcome.findings.all))
    path.write_text(page + "\n", encoding="utf-8")


def _sweep(findings: Findings, direction: str) -> str:
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
