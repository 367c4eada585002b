# SPDX-License-Identifier: GPL-2.0-only
"""The report as a page that needs nothing else."""

import dataclasses
import html
import pathlib
from typing import Sequence

from xenfront.bench import instructions, limit, plots, table
from xenfront.bench.figures import Findings
from xenfront.bench.outcome import Outcome
from xenfront.bench.targets import Verdict
from xenfront.bench.workload import PLAY, RECORD

_STYLE = """\
body { font-family: sans-serif; max-width: 75em; margin: 2em auto; padding: 0 1em; color: #222 }
table { border-collapse: collapse; font-size: 85% } svg { max-width: 100%; height: auto }
td, th { border: 1px solid #ccc; padding: .25em .6em; text-align: right; font-weight: normal }
th { background: #f2f2f2 } td:first-child, th:first-child { text-align: left }
.verdicts td { text-align: left } .met { color: #2a8c4a } .unmet { color: #c0392b }
"""

_EXPLANATION = """\
<p>Two Linux drivers for the same virtual sound card of a Xen guest, measured in one boot of one
virtual machine room: Xen, Dom0 with the reference backend (whose clock is exact), and one guest
with one virtual processor, in QEMU, where time is a count of executed instructions (icount). So
the figures do not depend on the load of the computer that ran it; the drivers were loaded in
turns, {rounds} round(s) each, and did the same. The ratio is this driver's figure divided by that
of the in-tree driver: below 1 is less.</p>
<p>Each workload plays or records 48 kHz stereo, four periods to the buffer, a period with each
call; <i>rw</i> copies samples by read and write, <i>mmap</i> shares the buffer with the driver,
which the in-tree driver cannot. What it takes to open, set up and close the stream is not in the
figures.</p>
"""


_PLOT_EXPLANATION = """\
<p>A red cross: there were xruns. Smaller periods mean less delay. Grey: the limit, which is what
waking a process by an event channel and copying the samples cost without any driver.</p>
"""

_ECHO_EXPLANATION = """\
<p>An application plays and records at once, a period of each in turn, into a device of the backend
that hears itself without delay. Counted are the frames that it has read between the moment at which
it writes a click and the click. With a buffer of n periods, n - 1 of them are the least.</p>
"""

_FUNCTIONS_EXPLANATION = """\
<p>The functions of this driver by the instructions that a period of 480 frames takes in them, those
they call not included.</p>
"""

_SHARES_EXPLANATION = """\
<p>Who executes how many instructions on the guest's processor in a period of 480 frames, counted by a
plugin of the emulator in a boot of its own. <i>ping</i> is a process that is woken as often by an event
channel, without any driver.</p>
"""

_LATENCY_EXPLANATION = """\
<p>The application waits by poll. Measured is the time from the moment at which the backend has told
the guest a position, by an event channel, to that at which poll has returned; and from there, through
the application's read or write, until the backend runs because of that. Both domains read the same
clock. <i>ping</i> is the least there can be: a process that only waits for an event channel which a
process in Dom0 notifies.</p>
"""


def write(path: pathlib.Path, outcome: Outcome) -> None:
    """Writes the page, and its plots also as files beside it."""
    findings = outcome.findings
    rounds = max(one.step.round for one in findings.all)
    described = "; ".join(f"{key}: {value}" for key, value in outcome.description.items())
    parts = ["<!doctype html>", '<html lang="en"><head><meta charset="utf-8">',
             f"<title>snd-xen-front: measurements</title><style>{_STYLE}</style></head><body>",
             "<h1>This driver and the in-tree one, side by side</h1>",
             _EXPLANATION.format(rounds=rounds), f"<p>{html.escape(described)}</p>",
             "<h2>Targets</h2>", _verdicts(outcome.verdicts),
             *(f"<p>{html.escape(remark)}</p>" for remark in
               (*limit.remarks(findings), *instructions.remarks(outcome.counted)))]
    if functions := table.of_functions(outcome):
        parts += ["<h2>What remains</h2>", _SHARES_EXPLANATION,
                  _simple(table.SHARES_HEADER, table.of_shares(outcome)), _FUNCTIONS_EXPLANATION,
                  _simple(table.FUNCTIONS_HEADER, functions)]
    for direction, title in ((PLAY, "Playback"), (RECORD, "Recording")):
        picture = plots.sweep(findings, direction)
        (path.parent / f"{direction}.svg").write_text(picture, encoding="utf-8")
        parts += [f"<h2>{title}</h2>", picture[picture.index("<svg"):]]
    parts += [_PLOT_EXPLANATION,
              "<h2>Wake-ups</h2>", _LATENCY_EXPLANATION,
              _simple(table.LATENCY_HEADER, table.latencies(findings)),
              "<h2>Slower machines</h2>", _simple(table.SPEED_HEADER, table.speeds(outcome)),
              "<h2>Round trip</h2>", _ECHO_EXPLANATION,
              _simple(table.ECHO_HEADER, table.echoes(findings)),
              "<h2>Setting up, and being there</h2>",
              _simple(table.COST_HEADER, table.costs(findings)),
              "<h2>All figures</h2>", _figures(findings), _meanings(), "</body></html>"]
    path.write_text("\n".join(parts) + "\n", encoding="utf-8")


def _cells(tag: str, values: tuple[str, ...]) -> str:
    return "".join(f"<{tag}>{html.escape(value)}</{tag}>" for value in values)


def _verdicts(verdicts: list[Verdict]) -> str:
    lines = "".join(
        f'<tr><td class="{"met" if verdict.is_met else "unmet"}">{verdict.word}</td>'
        f"{_cells('td', (verdict.target, verdict.measured))}</tr>" for verdict in verdicts)
    return (f'<table class="verdicts"><tr>{_cells("th", ("", "target", "measured"))}</tr>{lines}'
            "</table>")


def _figures(findings: Findings) -> str:
    head = table.header()
    lines = "".join(f"<tr>{_cells('td', (row.title, *row.cells))}</tr>"
                    for row in table.rows(findings))
    return f"<table><tr>{_cells('th', (head.title, *head.cells))}</tr>{lines}</table>"


def _simple(head: table.Cost | table.Latency | table.Share,
            rows: Sequence[table.Cost | table.Latency | table.Share]) -> str:
    lines = "".join(f"<tr>{_cells(tag, dataclasses.astuple(row))}</tr>"
                    for tag, row in (("th", head), *(("td", row) for row in rows)))
    return f"<table>{lines}</table>"


def _meanings() -> str:
    items = "".join(f"<li><b>{html.escape(column.title)}</b>: {html.escape(column.meaning)}</li>"
                    for column in table.COLUMNS)
    return (f"<ul>{items}<li><b>limit</b>: processor time of a guest in which an event channel wakes a "
            "process as often, and that copies the same samples, without any driver</li>"
            "<li><b>xruns</b>: seen by the application, plus those that the backend has "
            "seen, in all rounds</li></ul>")
