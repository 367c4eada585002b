# SPDX-License-Identifier: GPL-2.0-only
"""What scripts/bench gives up on."""


class BenchError(Exception):
    """No figures can be had; the message names the thing, the value and the remedy."""
