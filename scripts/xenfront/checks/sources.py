# SPDX-License-Identifier: GPL-2.0-only
"""Source files as the architecture check sees them: includes, code without comments."""

import dataclasses
import functools
import pathlib
import re
from typing import Iterator

from xenfront.errors import explained

_INCLUDE = re.compile(r"\s*#\s*include\s*(<[^>]*>|\"[^\"]*\"|\S*)")
# Comments, and literals, in which "//" is no comment.
_TOKEN = re.compile(r"//[^\n]*|/\*.*?\*/|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'", re.DOTALL)


@dataclasses.dataclass(frozen=True)
class Source:
    """One file; `path` is relative to the root of the tree."""

    path: str
    text: str

    @classmethod
    def read(cls, root: pathlib.Path, path: pathlib.Path) -> "Source":
        name = path.relative_to(root).as_posix()
        with explained(name, "repair or remove the file", "cannot be read as UTF-8 text"):
            return cls(name, path.read_text(encoding="utf-8"))

    @functools.cached_property
    def code(self) -> str:
        """The text without comments; lines keep their numbers."""
        return _TOKEN.sub(lambda match: _blank(match[0]) if match[0][0] == "/" else match[0],
                          self.text)

    @functools.cached_property
    def bare_code(self) -> str:
        """The text without comments and without what is in literals."""
        return _TOKEN.sub(lambda match: _blank(match[0]), self.text)

    @functools.cached_property
    def includes(self) -> tuple[tuple[int, str], ...]:
        """Line number and what is included: "base/span.hpp", "<linux/slab.h>"."""
        found = []
        for number, line in enumerate(self.code.split("\n"), 1):
            if match := _INCLUDE.match(line):
                found.append((number, match[1].strip('"')))
        return tuple(found)

    def line_of(self, offset: int) -> int:
        return self.text.count("\n", 0, offset) + 1

    def matches(self, pattern: str) -> Iterator[tuple[int, re.Match[str]]]:
        """Where `pattern` is in the code, with line numbers."""
        for match in re.finditer(pattern, self.bare_code):
            yield self.line_of(match.start()), match


def _blank(text: str) -> str:
    return re.sub(r"[^\n]", " ", text)
