# SPDX-License-Identifier: GPL-2.0-only
"""scripts/setup: what it installs, and what it says where it cannot."""

import subprocess

from support import DirectoryTest, run_script
from xenfront import process


class Setup(DirectoryTest):
    """On a machine of the test's own, which has none of the packages."""

    def setUp(self) -> None:
        super().setUp()
        self.calls = self.write("calls", "")
        self.program("dpkg", "echo amd64")
        self.program("dpkg-query", "exit 1")
        self.program("id", "echo 1000")
        self.program("sudo", f'echo "sudo $*" >>{self.calls}')

    def program(self, name: str, body: str) -> None:
        self.write(f"bin/{name}", f"#!/bin/sh\n{body}\n").chmod(0o755)

    def start(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return run_script("setup", *arguments, env={
            **process.environment(), "PATH": f"{self.directory}/bin:/usr/bin:/bin"})

    def assert_refused(self, words: str, *arguments: str) -> None:
        done = self.start(*arguments)
        self.assertEqual(done.returncode, 1)
        self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)
        self.assertIn(words, done.stderr)

    def test_the_remedy_is_the_command_that_was_given(self) -> None:
        self.assert_refused("cmake", "--check", "--for", "build,demo")
        self.assert_refused("; scripts/setup --for build,demo installs", "--check", "--for",
                            "build,demo")
        self.assert_refused("; scripts/setup installs", "--check")
        self.program("sudo", '[ "$3" != apt-get ] || exit 100')
        self.assert_refused("then run scripts/setup --for arm64", "--for", "arm64")

    def test_sudo_refuses(self) -> None:
        self.program("sudo", f'echo "sudo $*" >>{self.calls}; exit 1')
        self.assert_refused("sudo refuses; as root, run scripts/setup --for arm64", "--for", "arm64")
        self.assertEqual(self.calls.read_text(), "sudo true\n")

    def test_another_architecture(self) -> None:
        self.program("dpkg", "echo arm64")
        for arguments in ((), ("--check",), ("--for", "build,backend,lab,demo")):
            self.assert_refused("on amd64 only, and this is arm64", *arguments)
        self.assert_refused("missing: ", "--check", "--for", "build,backend,deb")
