# SPDX-License-Identifier: GPL-2.0-only
"""Pictures, which gnuplot draws."""

import pathlib
import re
from typing import Iterable, Mapping

from xenfront import process
from xenfront.errors import Failure

_TERMINALS = {".png": "pngcairo", ".svg": "svg"}
_STYLE = """
set encoding utf8
set terminal {terminal} noenhanced size {size} background 'white' font 'sans-serif,10'
set grid linetype 1 linecolor '#e0e0e0'
set tics out nomirror
set key Left reverse samplen 2 font ',8'
set datafile missing 'None'
"""


def draw(path: pathlib.Path, size: str, script: str, texts: Mapping[str, str],
         data: Mapping[str, Iterable[Iterable[float | None]]]) -> None:
    """Writes a PNG or an SVG, as the file's name says, of "WIDTH,HEIGHT" pixels. The script, of
    gnuplot's commands, has each of `texts` as a variable, and the rows of each of `data` as $NAME.
    The same makes the same file."""
    lines = [_STYLE.format(terminal=_TERMINALS[path.suffix], size=size)]
    lines += [f"{name} = {_quoted(text)}" for name, text in texts.items()]
    for name, rows in data.items():
        lines += [f"${name} << end", *(" ".join(map(str, row)) for row in rows), "end"]
    try:
        with path.open("wb") as picture:
            process.output(["gnuplot", "-d"], "scripts/setup installs a gnuplot that can draw this",
                           input="\n".join([*lines, script]), encoding="utf-8", stdout=picture)
    except Failure:
        path.unlink()
        raise


def _quoted(text: str) -> str:
    """A text in gnuplot's language, in which nothing is interpreted. Single quotes and ends of lines
    are numbers: gnuplot 5.4 misreads several doubled quotes in a row, and @ after one in double ones."""
    return "'" + re.sub("['\n]", lambda found: f"'.\"\\{ord(found[0]):03o}\".'", text) + "'"
