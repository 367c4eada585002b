# SPDX-License-Identifier: GPL-2.0-only
"""Pictures in files."""

from typing import Any


def pyplot() -> Any:
    """matplotlib's, for PNG and SVG; imported when it is needed, since it takes a second."""
    import matplotlib  # pylint: disable=import-outside-toplevel
    matplotlib.use("Agg")
    # The same figures make the same file, and text stays text.
    matplotlib.rcParams.update({"svg.hashsalt": "xen-front", "svg.fonttype": "none"})
    from matplotlib import pyplot as chosen  # pylint: disable=import-outside-toplevel
    return chosen
