# SPDX-License-Identifier: GPL-2.0-only
"""Where the packages of other suites come from, and which apt prefers."""

import unittest

from xenfront.debian import suites
from xenfront.errors import Failure

ARCHIVE = "http://mirror.example/debian/"
SECURITY = "http://mirror.example/debian-security/"
BOOKWORM = [f"Debian|bookworm|{ARCHIVE}", f"Debian|bookworm-updates|{ARCHIVE}",
            f"Debian-Security|bookworm-security|{SECURITY}"]


class MirrorsOf(unittest.TestCase):
    def test_archive_and_security(self) -> None:
        self.assertEqual(suites.mirrors_of(BOOKWORM, "bookworm"),
                         suites.Mirrors(ARCHIVE, SECURITY, "bookworm"))

    def test_the_first_mirror_of_a_release_counts(self) -> None:
        targets = [*BOOKWORM, "Debian|bookworm|http://other.example/debian/"]
        self.assertEqual(suites.mirrors_of(targets, "bookworm").archive, ARCHIVE)

    def test_other_vendors_are_none(self) -> None:
        targets = ["Node|nodistro|http://node.example/", f"Debian|trixie|{ARCHIVE}"]
        self.assertEqual(suites.mirrors_of(targets, "trixie"),
                         suites.Mirrors(ARCHIVE, "", "trixie"))

    def test_a_machine_that_calls_itself_otherwise(self) -> None:
        targets = [f"Debian|sid|{ARCHIVE}"]
        self.assertEqual(suites.mirrors_of(targets, "forky").release, "sid")

    def test_no_lists(self) -> None:
        with self.assertRaisesRegex(Failure, "apt-get update"):
            suites.mirrors_of([], "bookworm")


class Sources(unittest.TestCase):
    def setUp(self) -> None:
        self.mirrors = suites.mirrors_of(BOOKWORM, "bookworm")

    def parts(self, suite: str) -> list[tuple[str, str]]:
        stanzas = [dict(line.split(": ", 1) for line in stanza.splitlines())
                   for stanza in suites.sources(self.mirrors, suite, "arm64").split("\n\n")]
        self.assertTrue(all(stanza["Architectures"] == "arm64" and stanza["Components"] == "main"
                            for stanza in stanzas))
        return [(stanza["URIs"], stanza["Suites"]) for stanza in stanzas]

    def test_a_release(self) -> None:
        self.assertEqual(self.parts("trixie"), [(ARCHIVE, "trixie trixie-updates"),
                                                (SECURITY, "trixie-security")])

    def test_backports_need_their_release(self) -> None:
        self.assertEqual(self.parts("trixie-backports"),
                         [(ARCHIVE, "trixie trixie-updates trixie-backports"),
                          (SECURITY, "trixie-security")])

    def test_sid_is_alone(self) -> None:
        self.assertEqual(self.parts("sid"), [(ARCHIVE, "sid")])

    def test_no_security_source(self) -> None:
        self.mirrors = suites.Mirrors(ARCHIVE, "", "bookworm")
        self.assertEqual(self.parts("trixie"), [(ARCHIVE, "trixie trixie-updates")])


class Preference(unittest.TestCase):
    def test_only_backports(self) -> None:
        self.assertEqual(suites.preference("trixie"), [])
        self.assertEqual(suites.preference("sid"), [])
        self.assertEqual(suites.preference("trixie-backports"),
                         ["-o", "APT::Default-Release=trixie-backports"])
