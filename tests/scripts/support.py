# SPDX-License-Identifier: GPL-2.0-only
"""Runs the scripts as a user does."""

import subprocess

from xenfront import ROOT


def run_script(name: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    """Runs scripts/`name` and returns what it said and its exit status."""
    return subprocess.run([str(ROOT / "scripts" / name), *map(str, arguments)], check=False,
                          capture_output=True, text=True)
