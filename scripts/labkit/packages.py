# SPDX-License-Identifier: GPL-2.0-only
"""Debian packages for the guests, by the machine's own apt and without installing anything.

apt resolves against an empty list of installed packages, so the answer is the complete set a tree
needs, in the versions that this machine's package sources offer, mirrors, proxies and signatures
included. The packages are unpacked, not configured: no maintainer script runs, so no privilege is
needed and the result depends on nothing but the packages.
"""

import json
import os
import pathlib
import re
import subprocess
from typing import Callable, Iterable, NamedTuple

from . import cache
from .errors import LabError

Say = Callable[[str], None]

# What a guest image does without. Paths as tar's --exclude patterns.
LEFT_OUT = (
    "./usr/share/doc/*", "./usr/share/man/*", "./usr/share/locale/*", "./usr/share/info/*",
    "./usr/share/lintian/*", "./usr/share/bug/*", "./usr/share/gcc/*",
    "./usr/share/bash-completion/*", "./usr/share/zoneinfo/*", "./usr/share/sounds/*",
    "./usr/share/i18n/*", "./usr/lib/x86_64-linux-gnu/gconv/*", "./usr/lib/xen-*/boot/*", "./usr/lib/systemd/*", "./lib/systemd/*", "./usr/share/perl5/*",
)


class Package(NamedTuple):
    """A package that apt has chosen."""

    name: str
    version: str
    architecture: str

    def __str__(self) -> str:
        return f"{self.name}:{self.architecture}={self.version}"


def _foreign(architecture: str) -> list[str]:
    """apt's options for packages of another architecture, whose lists are kept in the cache.

    Telling the machine's own apt of one would change what it installs.
    """
    if not architecture:
        return []
    options = ["-o", f"APT::Architecture={architecture}", "-o",
               f"APT::Architectures::={architecture}"]

    def build(directory: pathlib.Path) -> None:
        (directory / "partial").mkdir()
        _apt([*options, "-o", f"Dir::State::lists={directory}", "update"])

    lists = cache.entry("lists", cache.digest(architecture, _lists_stamp()), build, "",
                        lambda _: None)
    return [*options, "-o", f"Dir::State::lists={lists}"]


def _apt(arguments: Iterable[str]) -> str:
    """Runs apt-get over the machine's lists with nothing considered installed; its output."""
    root = cache.cache_root()
    archives = root / "debs"
    (archives / "partial").mkdir(parents=True, exist_ok=True)
    status = root / "nothing-installed"
    status.touch()
    command = [
        "apt-get", "-q", "--no-install-recommends", "--yes",
        "-o", f"Dir::State::status={status}", "-o", f"Dir::Cache::archives={archives}",
        "-o", "Dir::Cache::pkgcache=", "-o", "Dir::Cache::srcpkgcache=",
        "-o", "APT::Sandbox::User=", "-o", "APT::Keep-Downloaded-Packages=true",
        "-o", "Debug::NoLocking=true", "-o", "Acquire::Retries=3", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False,
                          env={**os.environ, "LC_ALL": "C"})
    if done.returncode != 0:
        complaints = [line for line in (done.stderr + done.stdout).splitlines()
                      if line.startswith("E:")] or done.stderr.splitlines()
        raise LabError(f"apt-get {' '.join(list(arguments)[-8:])}: {' '.join(complaints)}; "
                       "run 'apt-get update' as root if the package lists are old, or "
                       "scripts/setup, which also does that")
    return done.stdout


_INST = re.compile(r"^Inst (\S+) \((\S+) .*\[(\w+)\]\)")


def parse_simulation(output: str) -> list[Package]:
    """The packages that `apt-get --simulate install` says it would install."""
    chosen = []
    for line in output.splitlines():
        match = _INST.match(line)
        if match:
            name = match[1].partition(":")[0]
            chosen.append(Package(name, match[2], match[3]))
    return sorted(chosen)


def _lists_stamp() -> str:
    """Changes whenever apt's package lists do."""
    lists = pathlib.Path("/var/lib/apt/lists")
    stamps = [(path.name, path.stat().st_mtime_ns) for path in sorted(lists.glob("*Packages*"))]
    if not stamps:
        raise LabError(f"{lists} holds no package lists; run 'apt-get update' as root")
    return repr(stamps)


def resolve(names: Iterable[str], architecture: str = "") -> list[Package]:
    """The packages `names` and all they depend on. Remembered for as long as apt's lists last.

    `architecture` is Debian's name of one that is not this machine's.
    """
    wanted = sorted(set(names))
    memo = cache.cache_root() / "resolved" / cache.digest(_lists_stamp(), architecture, *wanted)
    try:
        return [Package(*row) for row in json.loads(memo.read_text(encoding="utf-8"))]
    except (OSError, ValueError):
        pass
    chosen = parse_simulation(_apt([*_foreign(architecture), "--simulate", "install",
                                    *wanted]))
    memo.parent.mkdir(parents=True, exist_ok=True)
    temporary = memo.with_name(f"{memo.name}.{os.getpid()}")
    temporary.write_text(json.dumps(chosen), encoding="utf-8")
    temporary.rename(memo)
    return chosen


def _archive_name(package: Package) -> str:
    """What apt calls the package's file: it escapes the colon of an epoch."""
    return f"{package.name}_{package.version.replace(':', '%3a')}_{package.architecture}.deb"


def fetch(packages: Iterable[Package], say: Say, architecture: str = "") -> list[pathlib.Path]:
    """The .deb files of exactly these packages, downloaded unless the cache has them.

    `architecture` as in resolve().
    """
    archives = cache.cache_root() / "debs"
    chosen = list(packages)
    with cache.lock("debs"):
        absent = [p for p in chosen if not (archives / _archive_name(p)).is_file()]
        if absent:
            say(f"downloads {len(absent)} packages")
            (archives / "partial").mkdir(parents=True, exist_ok=True)
            _download(archives, absent, architecture)
    missing = [str(p) for p in chosen if not (archives / _archive_name(p)).is_file()]
    if missing:
        raise LabError(f"apt-get download did not leave {', '.join(missing)} in {archives}; "
                       "run 'apt-get update' as root and try again")
    return [archives / _archive_name(p) for p in chosen]


def _download(archives: pathlib.Path, absent: list[Package], architecture: str) -> None:
    # `apt-get download` takes exact versions and checks signatures, and writes to where it runs.
    specifications = [str(package) for package in absent]
    command = ["apt-get", "-q", "-o", "APT::Sandbox::User=", "-o", "Acquire::Retries=3",
               "-o", "Dir::Cache::pkgcache=", "-o", "Dir::Cache::srcpkgcache=",
               *_foreign(architecture), "download", *specifications]
    done = subprocess.run(command, cwd=archives / "partial", capture_output=True, text=True,
                          check=False, env={**os.environ, "LC_ALL": "C"})
    if done.returncode != 0:
        raise LabError(f"apt-get could not download {', '.join(specifications)}: "
                       f"{done.stderr.strip()}; check the network, and run scripts/setup or "
                       "'apt-get update' as root if the package lists are old")
    for package in absent:
        source = archives / "partial" / _archive_name(package)
        if source.is_file():
            source.rename(archives / _archive_name(package))


def unpack(archives: Iterable[pathlib.Path], root: pathlib.Path, everything: bool = False) -> None:
    """Unpacks .deb files into `root`; leaves out what a guest does not need."""
    excluded = [] if everything else [f"--exclude={pattern}" for pattern in LEFT_OUT]
    for archive in archives:
        with subprocess.Popen(["dpkg-deb", "--fsys-tarfile", str(archive)],
                              stdout=subprocess.PIPE) as source:
            # A package's /bin is a directory, the tree's a link to usr/bin: the link stays.
            done = subprocess.run(["tar", "-x", "-p", "--no-same-owner", "--keep-directory-symlink",
                                   *excluded, "-C", str(root)], stdin=source.stdout, check=False)
        if source.returncode != 0 or done.returncode != 0:
            raise LabError(f"{archive} could not be unpacked into {root}; check the free disk "
                           "space, and remove the file if it is damaged")
