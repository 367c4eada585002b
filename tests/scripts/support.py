# SPDX-License-Identifier: GPL-2.0-only
"""What the tests have in common."""

import json
import pathlib
import subprocess
import tempfile
from typing import Any
import unittest
from unittest import mock

from xenfront import ROOT, audio
from xenfront.judgement import Check, Judgement


def run_script(name: str, *arguments: object, **options: Any) -> subprocess.CompletedProcess[str]:
    """Runs scripts/`name` and returns what it said and its exit status."""
    return subprocess.run([str(ROOT / "scripts" / name), *map(str, arguments)], check=False,
                          capture_output=True, text=True, **options)


class DirectoryTest(unittest.TestCase):
    """A test with a directory of its own, and objects that it replaces."""

    def setUp(self) -> None:
        temporary = tempfile.TemporaryDirectory(prefix="xenfront-")
        self.addCleanup(temporary.cleanup)
        self.directory = pathlib.Path(temporary.name)

    def replace(self, *patches: Any) -> None:
        """Replaces objects, by mock.patch, until the test has ended."""
        for patch in patches:
            patch.start()
            self.addCleanup(patch.stop)

    def replace_cache(self) -> None:
        """The cache is in the test's directory."""
        self.replace(mock.patch.dict("os.environ", XDG_CACHE_HOME=str(self.directory)))

    def write(self, name: str, content: str | bytes) -> pathlib.Path:
        """A file below the directory, which gets those it needs."""
        path = self.directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def judged(self, check: Check, guests: int = 1) -> Judgement:
        """Of the run of the lab that the directory is."""
        judgement = Judgement(self.directory, guests)
        check(judgement)
        return judgement

    def write_recording(self, name: str, samples: Any) -> None:
        """16 bits."""
        audio.write(self.write(name, ""), audio.Recording(48000, samples))

    def write_recordings(self, *recorded: Any) -> None:
        """As the backend leaves them of the stream "exact", one for each OPEN."""
        for number, samples in enumerate(recorded, 1):
            self.write_recording(f"dom0/files/exact{f'-{number}' * (number > 1)}.wav", samples)

    def write_json(self, name: str, content: Any) -> pathlib.Path:
        """Likewise."""
        return self.write(name, json.dumps(content))
