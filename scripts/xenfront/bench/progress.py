# SPDX-License-Identifier: GPL-2.0-only
"""How far it is: a bar on a terminal, a line now and then elsewhere."""

import sys
import time
from types import TracebackType
from typing import TextIO

_BAR = 30
_SECONDS_BETWEEN_LINES = 30.0


class Progress:
    """To be called with the number of steps that are done and the name of the last."""

    def __init__(self, steps: int, output: TextIO = sys.stderr):
        self._steps = steps
        self._output = output
        self._start = time.monotonic()
        self._said = float("-inf")

    def __enter__(self) -> "Progress":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        if self._output.isatty():
            self._output.write("\r\x1b[K")

    def __call__(self, done: int, name: str) -> None:
        seconds = time.monotonic() - self._start
        text = f"{done:>3}/{self._steps} {seconds:4.0f} s  {name}"
        if self._output.isatty():
            full = _BAR * done // self._steps
            self._output.write(f"\r\x1b[K[{'#' * full}{'.' * (_BAR - full)}] {text}")
        elif seconds - self._said >= _SECONDS_BETWEEN_LINES:
            self._said = seconds
            self._output.write(f"bench: {text}\n")
        self._output.flush()
