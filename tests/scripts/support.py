# SPDX-License-Identifier: GPL-2.0-only
"""Makes the packages under scripts/ importable and runs the scripts as a user does."""

import pathlib
import subprocess
import sys

sys.dont_write_bytecode = True
ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))


def run_script(name: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    """Runs scripts/`name` and returns what it said and its exit status."""
    return subprocess.run([str(ROOT / "scripts" / name), *map(str, arguments)], check=False,
                          capture_output=True, text=True)
