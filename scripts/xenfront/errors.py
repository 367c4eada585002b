# SPDX-License-Identifier: GPL-2.0-only
"""The exceptions that end a command, and the exit statuses of scripts/lab."""

import contextlib
import enum
from typing import Iterator


class ExitStatus(enum.IntEnum):
    """What scripts/lab exits with; also documented in its --help."""

    OK = 0
    SCRIPT_FAILED = 1
    USAGE = 2
    KERNEL_REPORT = 3
    TIME_LIMIT = 4
    LAB_FAILED = 5


class Failure(Exception):
    """A command cannot do its work; the message names the thing, the value and the remedy."""

    status = ExitStatus.LAB_FAILED


class UsageError(Failure):
    """The user asked for something that does not make sense."""

    status = ExitStatus.USAGE


@contextlib.contextmanager
def explained(thing: object, remedy: str, what: str = "cannot be read") -> Iterator[None]:
    """Around what is done to files: an error becomes a Failure, with what the system says, or what is
    wrong with the content."""
    try:
        yield
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise Failure(f"{thing}: {what} ({reason}); {remedy}") from error
