# SPDX-License-Identifier: GPL-2.0-only
"""Makes scripts/labkit importable for the tests of its pure parts."""

import pathlib
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "scripts"))
