# SPDX-License-Identifier: GPL-2.0-only
"""The report as a page that needs nothing else."""

import pathlib

import jinja2

from xenfront.bench import plots, table
from xenfront.bench.outcome import Outcome
from xenfront.bench.workload import PLAY, RECORD


def write(path: pathlib.Path, outcome: Outcome) -> None:
    """Writes the page, and its plots also as files beside it."""
    pictures = []
    for direction, title in ((PLAY, "Playback"), (RECORD, "Recording")):
        picture = plots.sweep(outcome.findings, direction)
        (path.parent / f"{direction}.svg").write_text(picture, encoding="utf-8")
        pictures.append((title, picture[picture.index("<svg"):]))
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(pathlib.Path(__file__).parent), autoescape=True,
        trim_blocks=True, undefined=jinja2.StrictUndefined)
    page = environment.get_template("report.html.j2").render(
        outcome=outcome, tables=table, pictures=pictures,
        rounds=max(one.step.round for one in outcome.findings.all))
    path.write_text(page + "\n", encoding="utf-8")
