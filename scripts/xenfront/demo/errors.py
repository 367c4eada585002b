# SPDX-License-Identifier: GPL-2.0-only
"""What stops the demo before it can come to a verdict."""


class DemoError(Exception):
    """The demo cannot be made; the message names the thing, the value and the remedy."""
