# SPDX-License-Identifier: GPL-2.0-only
"""The exceptions that end a command, and the exit statuses of scripts/lab."""

import enum


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
