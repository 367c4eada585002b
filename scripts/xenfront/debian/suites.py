# SPDX-License-Identifier: GPL-2.0-only
"""Debian suites other than the machine's own, by a configuration of apt that is private to the lab.

The suite's packages come from where the machine's own come from: apt says which mirror it has for
Debian and which for Debian's security updates, and the suite's name takes the place of the
machine's. Package lists are kept in the cache; the machine's own apt knows nothing of it.
"""

import functools
import pathlib
import platform
import subprocess
from typing import Iterable, NamedTuple

from xenfront.errors import Failure

# Suites that have no security updates, updates or backports of their own.
_ROLLING = ("sid", "unstable", "testing", "experimental")

_BACKPORTS = "-backports"

# Of Debian 12 and 13; without it apt goes by the keys that the machine trusts for everything.
_KEYRINGS = ("/usr/share/keyrings/debian-archive-keyring.gpg",
             "/usr/share/keyrings/debian-archive-keyring.pgp")


class Mirrors(NamedTuple):
    """Where the machine's packages come from; `security` is empty when it has no such source."""

    archive: str
    security: str
    # The machine's own release, such as bookworm.
    release: str


def mirrors_of(targets: Iterable[str], release: str) -> Mirrors:
    """Reads lines `label|codename|address`, one for each package list of the machine's apt."""
    archives: dict[str, str] = {}
    security = ""
    for target in targets:
        label, codename, address = target.split("|")
        if label == "Debian":
            archives.setdefault(codename, address)
        elif label == "Debian-Security":
            security = security or address
    if not archives:
        raise Failure("apt has no package lists of Debian; run 'apt-get update' as root, and look "
                      "whether /etc/apt has a source of Debian's packages")
    if release not in archives:
        release = next((name for name in archives if "-" not in name), release)
    return Mirrors(archives.get(release) or next(iter(archives.values())), security, release)


@functools.lru_cache(maxsize=None)
def machine() -> Mirrors:
    """The mirrors that this machine's apt is configured with."""
    done = subprocess.run(["apt-get", "indextargets", "--format", "$(LABEL)|$(CODENAME)|$(REPO_URI)",
                           "Created-By: Packages", "Origin: Debian"],
                          capture_output=True, text=True, check=False)
    return mirrors_of(done.stdout.split(), codename())


def codename() -> str:
    """What this machine calls its own release, such as bookworm."""
    return platform.freedesktop_os_release().get("VERSION_CODENAME", "")


def base_of(suite: str) -> str:
    """The release that a suite's packages are made for: trixie for trixie-backports."""
    return suite.removesuffix(_BACKPORTS)


def sources(mirrors: Mirrors, suite: str, architecture: str, kind: str = "deb") -> str:
    """apt's sources (see sources.list(5), deb822) for a suite and all that belongs to it: of
    packages, or of their sources ("deb-src")."""
    base = base_of(suite)
    if base in _ROLLING:
        parts = [(mirrors.archive, suite)]
    else:
        parts = [(mirrors.archive, " ".join([base, f"{base}-updates", *{suite} - {base}]))]
        if mirrors.security:
            parts.append((mirrors.security, f"{base}-security"))
    keyrings = [f"Signed-By: {path}\n" for path in _KEYRINGS if pathlib.Path(path).is_file()]
    return "\n".join(
        f"Types: {kind}\nURIs: {address}\nSuites: {names}\nComponents: main\n"
        f"Architectures: {architecture}\nLanguages: none\n"
        f"Targets: {'Packages' if kind == 'deb' else 'Sources'}\n{''.join(keyrings[:1])}"
        for address, names in parts)


def preference(suite: str) -> list[str]:
    """apt's options for packages that are in several parts of a suite: backports come first.

    Of the other parts the newest version is taken: security updates would lose against a
    preferred release.
    """
    return ["-o", f"APT::Default-Release={suite}"] if suite != base_of(suite) else []
