# SPDX-License-Identifier: GPL-2.0-only
"""Reads the trace of xen-sndback: a JSON object a line, in the order of time."""

import json
import pathlib
from typing import Any

from xenfront.errors import explained

# With "t", nanoseconds of Dom0's clock, "type", and what xen-sndback(8) says of --trace.
Entry = dict[str, Any]


def read(path: pathlib.Path, skip: int = 0) -> list[Entry]:
    """The entries of a trace, without its first `skip` lines. Failure if it is spoilt, or not there."""
    entries = []
    with explained(path, "see dom0/backend/stderr", "the backend left no trace"), \
            open(path, encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            with explained(f"{path}:{number}", "the backend did not end in order, see "
                                               "dom0/backend/stderr", "is no JSON"):
                if number > skip:
                    entries.append(json.loads(line))
    return entries


def is_sent_event(entry: Entry) -> bool:
    """Whether the guest was notified of a position, or of nothing, as the bench's pinger does."""
    return entry["type"] == "event" and bool(entry.get("notify", True))
