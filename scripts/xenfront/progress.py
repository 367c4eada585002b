# SPDX-License-Identifier: GPL-2.0-only
"""How far a command is: lines with the time since its start and, on a terminal, a bar below them."""

import sys
import time
from typing import TextIO

_BAR = 30
_SECONDS_BETWEEN_LINES = 30.0


class Progress:
    """Of `steps` steps, if their number is known. Called with what is being done, it writes a line."""

    def __init__(self, steps: int = 0, quiet: bool = False, output: TextIO | None = None):
        self._steps = steps
        self._output = output or sys.stderr
        self._is_quiet = quiet
        self._has_bar = steps > 0 and not quiet and self._output.isatty()
        self._start = time.monotonic()
        self._said = float("-inf")
        self._done = 0
        self._name = ""

    def __enter__(self) -> "Progress":
        self.show()
        return self

    def __exit__(self, *_: object) -> None:
        self._erase()
        self._has_bar = False

    def __call__(self, text: str) -> None:
        if self._is_quiet:
            return
        self._erase()
        self._output.write(f"[{self.seconds():6.1f}s] {text}\n")
        self._said = self.seconds()
        self.show()

    def step(self, done: int, name: str = "") -> None:
        """So many are done; `name` is the last. Without a terminal that is a line now and then."""
        self._done, self._name = min(done, self._steps), name
        if self._has_bar or self._is_quiet:
            self.show()
        elif name and self.seconds() - self._said >= _SECONDS_BETWEEN_LINES:
            self(f"{self._done}/{self._steps} {name}")

    def show(self) -> None:
        """Draws the bar anew, with the time that it is now."""
        if self._has_bar:
            full = _BAR * self._done // self._steps
            self._output.write(f"\r\x1b[K[{'#' * full}{'.' * (_BAR - full)}] "
                               f"{self._done}/{self._steps} {self.seconds():4.0f} s {self._name}")
        self._output.flush()

    def seconds(self) -> float:
        """Since it was made."""
        return time.monotonic() - self._start

    def _erase(self) -> None:
        if self._has_bar:
            self._output.write("\r\x1b[K")
