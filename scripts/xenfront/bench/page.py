# SPDX-License-Identifier: GPL-2.0-only
"""The report as a page that needs nothing else, and its plots, as SVG."""

import pathlib

import jinja2

from xenfront import plot
from xenfront.bench import limit, plan, table
from xenfront.bench.figures import Findings
from xenfront.bench.outcome import Outcome
from xenfront.bench.table import COLUMNS, Column
from xenfront.bench.workload import PLAY, RECORD, Workload

# Whose figures are drawn. Columns of a panel's rows: where the period stands; the figure of each of
# these, 2 to 4; the same where there were xruns, 5 to 7; the limit.
_DRIVERS = ((plan.IN_TREE, "rw"), (plan.OURS, "rw"), (plan.OURS, "mmap"))
_SCRIPT = """
set multiplot layout 1,{panels}
set xtics ({periods})
set xrange [-0.3:{last} + 0.3]
set xlabel 'period in frames'
set lmargin 5.5; set rmargin 1.5; set tmargin 1.8; set bmargin 3.7
set for [n = 1:3] style line n pointtype 7 pointsize 0.5 linewidth 1.5
set for [n = 1:3] style line n linecolor rgb word('#b5651d #1f6fb4 #2a8c4a', n)
"""
_PANEL = """
set label 1 '{column.title}' at graph 0,1.06
set yrange [0:1.15 * {highest}]
set key {key}
plot ${column.field} using 1:2 with linespoints linestyle 1 title 'in-tree driver', \
    '' using 1:3 with linespoints linestyle 2 title 'this driver', \
    '' using 1:4 with linespoints linestyle 3 title 'this driver, mmap', \
    for [dirty = 5:7] '' using 1:dirty with points pointtype 2 linewidth 1.5 linecolor '#c0392b' notitle, \
    '' using 1:8 with linespoints pointtype 12 dashtype 2 linewidth 1.5 linecolor '#777777' title 'limit'
"""


def write(path: pathlib.Path, outcome: Outcome) -> None:
    """Writes the page, and its plots also as files beside it."""
    pictures = []
    for direction, title in ((PLAY, "Playback"), (RECORD, "Recording")):
        file = path.parent / f"{direction}.svg"
        _sweep(file, outcome.findings, direction)
        picture = file.read_text(encoding="utf-8")
        pictures.append((title, picture[picture.index("<svg"):]))
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(pathlib.Path(__file__).parent), autoescape=True,
        trim_blocks=True, undefined=jinja2.StrictUndefined)
    page = environment.get_template("report.html.j2").render(
        outcome=outcome, tables=table, pictures=pictures,
        rounds=max(one.step.round for one in outcome.findings.all))
    path.write_text(page + "\n", encoding="utf-8")


def _sweep(path: pathlib.Path, findings: Findings, direction: str) -> None:
    """A panel for each column: the figure against the period. Periods with xruns are crossed out."""
    periods = [period for period in findings.swept(direction) if period not in plan.SMALLER]
    script = _SCRIPT.format(panels=len(COLUMNS), last=len(periods) - 1, periods=", ".join(
        f"'{period}' {at}" for at, period in enumerate(periods)))
    data = {}
    for column in COLUMNS:
        data[column.field] = rows = [[at, *_figures(findings, Workload(direction, period), column)]
                                     for at, period in enumerate(periods)]
        script += _PANEL.format(
            column=column, highest=max((value for row in rows for value in row[1:] if value), default=1),
            key={COLUMNS[0]: "on bottom", COLUMNS[-1]: "on top"}.get(column, "off"))
    plot.draw(path, f"{288 * len(COLUMNS)},280", script, {}, data)


def _figures(findings: Findings, work: Workload, column: Column) -> list[float | None]:
    """What a panel shows of a period."""
    values, dirty = [], []
    for driver, access in _DRIVERS:
        name = f"{work.direction}-{work.period}-{access}"
        values.append(findings.mean(driver, column.place, name, column.field))
        is_clean = all(figures.is_clean for figures in findings.of(driver, plan.APART, name))
        dirty.append(None if is_clean else values[-1])
    return [*values, *dirty, limit.of(findings, work) if column.field == "guest_ms" else None]
