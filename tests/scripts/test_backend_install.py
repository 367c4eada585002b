# SPDX-License-Identifier: GPL-2.0-only
"""What is installed with xen-sndback: its unit, its manual page, its configuration."""

import re
import subprocess
import unittest

from support import DirectoryTest
from xenfront import ROOT

BACKEND = ROOT / "src" / "backend"
INSTALL = BACKEND / "install"
# Of systemd-analyze, from 0 to 10, in tenths: what a service that is not exposed stays below.
MOST_EXPOSURE = 29


class Unit(DirectoryTest):
    def setUp(self):
        super().setUp()
        text = (INSTALL / "xen-sndback.service.in").read_text(encoding="utf-8")
        # A program that this machine has.
        self.path = self.write("xen-sndback.service", re.sub("@.*@/xen-sndback", "/bin/true", text))

    def analyze(self, *arguments):
        done = subprocess.run(["systemd-analyze", *arguments, self.path], check=False,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        return done.returncode, done.stdout

    def test_it_exposes_little(self):
        status, text = self.analyze("security", "--offline=yes", "--no-pager",
                                    f"--threshold={MOST_EXPOSURE}")
        self.assertEqual(status, 0, text)
        self.assertIn("Overall exposure level", text)

    def test_the_figure_is_that_of_the_unit(self):
        text = self.path.read_text(encoding="utf-8")
        self.path.write_text(re.sub("(?m)^(?:Protect|Restrict|Capability|System).*$", "", text),
                             encoding="utf-8")
        status, _ = self.analyze("security", "--offline=yes", "--no-pager",
                                 f"--threshold={MOST_EXPOSURE}")
        self.assertNotEqual(status, 0)

    def test_systemd_understands_every_line(self):
        _, text = self.analyze("verify", "--man=no", "--recursive-errors=no")
        self.assertEqual([line for line in text.splitlines() if self.path.name in line], [])

    # /bin/kill is of the package procps, which not every machine has.
    def test_it_starts_nothing_but_its_own_program_and_the_shell(self):
        programs = re.findall(r"(?m)^Exec\w+=(\S+)", self.path.read_text(encoding="utf-8"))
        self.assertEqual(set(programs), {"/bin/true", "/bin/sh"})

    # systemd looks char-alsa up in /proc/devices when it starts the service: of a card that is
    # plugged in later, the module that brings the entry has to be loaded before.
    def test_a_card_may_come_later(self):
        text = self.path.read_text(encoding="utf-8")
        self.assertIn("\nDeviceAllow=char-alsa rw\n", text)
        for key in ("Wants", "After"):
            self.assertRegex(text, f"(?m)^{key}=.*\\bmodprobe@snd\\.service\\b")
        directories = (INSTALL / "xen-sndback.tmpfiles").read_text(encoding="utf-8")
        self.assertRegex(directories, "(?m)^d /dev/snd 0755 ")


class Manual(unittest.TestCase):
    page = (INSTALL / "xen-sndback.8").read_text(encoding="utf-8").replace("\\-", "-")
    # These change how the protocol is spoken, for tests of frontends; --help has them.
    FOR_TESTS = {"--versions", "--no-volume", "--no-query", "--respond-delay", "--worker"}

    def test_every_option(self):
        source = (BACKEND / "server/command_line.cpp").read_text(encoding="utf-8")
        options = set(re.findall(r'add_\w+(?:<[^>]*>)?\(\s*"(--[a-z-]+)"', source))
        self.assertIn("--config", options)
        self.assertEqual({option for option in options if option not in self.page},
                         self.FOR_TESTS)

    def test_every_quota_and_its_default(self):
        header = (BACKEND / "server/quota.hpp").read_text(encoding="utf-8")
        defaults = {name: value.replace("'", "") for name, value in
                    re.findall(r"unsigned (\w+) = ([\d']+);", header)}
        rows = re.findall(r'\{ "([a-z-]+)", &Quota::(\w+),', header)
        self.assertEqual({name for _, name in rows}, set(defaults))
        table = dict(re.findall(r"^([a-z-]+)\t(\d+)\t", self.page, re.MULTILINE))
        self.assertEqual(table, {key: defaults[name] for key, name in rows})


class Configuration(unittest.TestCase):
    def test_what_is_installed_grants_nothing(self):
        lines = (INSTALL / "xen-sndback.conf").read_text(encoding="utf-8").splitlines()
        self.assertEqual([line for line in lines if line and not line.startswith("#")], [])

    # It names other guests, and workers can read what is open to everyone in /etc.
    def test_it_is_installed_for_root_alone(self):
        install = (BACKEND / "CMakeLists.txt").read_text(encoding="utf-8")
        self.assertRegex(install, r"xen-sndback\.conf\\\" DESTINATION /etc/xen\n"
                                  r" *PERMISSIONS OWNER_READ OWNER_WRITE\)")
        rules = (ROOT / "scripts/debian/rules").read_text(encoding="utf-8")
        self.assertIn("chmod 600 debian/xen-sndback/etc/xen/xen-sndback.conf", rules)
