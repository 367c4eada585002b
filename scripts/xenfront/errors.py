# SPDX-License-Identifier: GPL-2.0-only
"""The exit statuses of scripts/lab and the exceptions that lead to them."""

import enum


class ExitStatus(enum.IntEnum):
    """What scripts/lab exits with; also documented in its --help."""

    OK = 0
    SCRIPT_FAILED = 1
    USAGE = 2
    KERNEL_REPORT = 3
    TIME_LIMIT = 4
    LAB_FAILED = 5


class LabError(Exception):
    """The lab itself cannot do its work; the message names the thing, the value and the remedy."""

    status = ExitStatus.LAB_FAILED


class UsageError(LabError):
    """The user asked for something that does not make sense."""

    status = ExitStatus.USAGE
