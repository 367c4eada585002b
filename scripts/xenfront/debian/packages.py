# SPDX-License-Identifier: GPL-2.0-only
"""Debian packages for the guests, by the machine's own apt and without installing anything.

apt resolves against an empty list of installed packages, so the answer is the complete set a tree
needs, in the versions that the package sources offer, mirrors, proxies and signatures included: this
machine's sources, or for an Origin of another suite or architecture those of suites.py. The
packages are unpacked, not configured: no maintainer script runs, so no privilege is
needed and the result depends on nothing but the packages.
"""

import functools
import json
import os
import pathlib
import re
import subprocess
import sys
from typing import Iterable, NamedTuple

from xenfront import cache, process
from xenfront.command import Say, complain
from xenfront.debian import suites
from xenfront.errors import Failure

# What a guest image does without. Paths as tar's --exclude patterns.
LEFT_OUT = (
    "./usr/share/doc/*", "./usr/share/man/*", "./usr/share/locale/*", "./usr/share/info/*",
    "./usr/share/lintian/*", "./usr/share/bug/*", "./usr/share/gcc/*",
    "./usr/share/bash-completion/*", "./usr/share/zoneinfo/*", "./usr/share/sounds/*",
    "./usr/share/i18n/*", "./usr/lib/*-linux-gnu/gconv/*", "./usr/lib/xen-*/boot/xen-shim*",
    "./usr/lib/systemd/*", "./lib/systemd/*", "./usr/share/perl5/*", "./usr/share/qemu/edk2-*",
    "./usr/share/xml/iso-codes/*", "./usr/share/iso-codes/*",
)


def left_out(names: Iterable[str]) -> list[str]:
    """What a tree of these packages is without: the files of systemd unless it is one of them."""
    return [pattern for pattern in LEFT_OUT if "systemd" not in pattern or "systemd" not in names]


class Package(NamedTuple):
    """A package that apt has chosen."""

    name: str
    version: str
    architecture: str

    def __str__(self) -> str:
        return f"{self.name}:{self.architecture}={self.version}"


class Origin(NamedTuple):
    """Which packages are meant: a suite's, for an architecture. Empty: this machine's."""

    suite: str = ""
    architecture: str = ""


MACHINE = Origin()


def _private(origin: Origin, kind: str = "deb") -> list[str]:
    """apt's options for another suite or architecture, or for another kind of packages ("deb-src"),
    whose lists are kept in the cache.

    Telling the machine's own apt of one would change what it installs.
    """
    mirrors = suites.machine()
    suite = origin.suite or mirrors.release
    architecture = origin.architecture or machine_architecture()
    if (suite, architecture, kind) == (mirrors.release, machine_architecture(), "deb"):
        return []
    text = suites.sources(mirrors, suite, architecture, kind)

    def options(directory: pathlib.Path) -> list[str]:
        values = {"Dir::Etc::sourcelist": directory / "debian.sources",
                  "Dir::Etc::sourceparts": "/dev/null", "Dir::Etc::preferences": "/dev/null",
                  "Dir::Etc::preferencesparts": "/dev/null",
                  "Dir::State::lists": directory / "lists",
                  "APT::Architecture": architecture, "APT::Architectures::": architecture}
        return [word for name, value in values.items() for word in ("-o", f"{name}={value}")]

    def build(directory: pathlib.Path) -> None:
        (directory / "lists/partial").mkdir(parents=True)
        (directory / "debian.sources").write_text(text, encoding="ascii")
        _apt([*options(directory), "update"])

    lists = cache.entry("lists", cache.digest(text, _lists_stamp()), build,
                        f"reads the lists of {suite}'s {'packages' if kind == 'deb' else 'sources'} "
                        f"for {architecture}", complain)
    return [*options(lists), *suites.preference(suite)]


@functools.lru_cache(maxsize=None)
def machine_architecture() -> str:
    """Debian's name of this machine's architecture."""
    return process.output(["dpkg", "--print-architecture"]).strip()


def _apt(arguments: Iterable[str], directory: pathlib.Path | None = None,
         is_long: bool = False) -> str:
    """Runs apt-get in `directory` with nothing considered installed; its output. If it `is_long`, a
    terminal shows apt-get's own progress instead."""
    root = cache.cache_root()
    archives = root / "debs"
    shows = is_long and sys.stderr.isatty()
    (archives / "partial").mkdir(parents=True, exist_ok=True)
    status = root / "nothing-installed"
    status.touch()
    command = [
        "apt-get", *["-q"] * (not shows), "--no-install-recommends", "--yes",
        "-o", f"Dir::State::status={status}", "-o", f"Dir::Cache::archives={archives}",
        "-o", "Dir::Cache::pkgcache=", "-o", "Dir::Cache::srcpkgcache=",
        "-o", "APT::Sandbox::User=", "-o", "APT::Keep-Downloaded-Packages=true",
        "-o", "Debug::NoLocking=true", "-o", "Acquire::Retries=3", *arguments]
    done = subprocess.run(command, cwd=directory, stdout=sys.stderr if shows else subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, check=False,
                          env={**os.environ, "LC_ALL": "C"})
    if done.returncode != 0:
        complaints = [line for line in (done.stderr + (done.stdout or "")).splitlines()
                      if line.startswith("E:")] or done.stderr.splitlines()
        raise Failure(f"apt-get {' '.join(command[-8:])}: {' '.join(complaints)}; check the "
                      "network, and run scripts/setup or 'apt-get update' as root if the package "
                      "lists are old")
    return done.stdout


_INST = re.compile(r"^Inst ([^\s:]+)\S* \((\S+) .*\[(\w+)\]\)", re.MULTILINE)


def parse_simulation(output: str) -> list[Package]:
    """The packages that `apt-get --simulate install` says it would install."""
    return sorted(Package(*found) for found in _INST.findall(output))


def _lists_stamp() -> str:
    """Changes whenever apt's package lists do."""
    lists = pathlib.Path("/var/lib/apt/lists")
    stamps = [(path.name, path.stat().st_mtime_ns) for path in sorted(lists.glob("*Packages*"))]
    if not stamps:
        raise Failure(f"{lists} holds no package lists; run 'apt-get update' as root")
    return repr(stamps)


def resolve(names: Iterable[str], origin: Origin = MACHINE) -> list[Package]:
    """The packages `names` and all they depend on. Remembered for as long as apt's lists last."""
    wanted = sorted(set(names))
    memo = cache.cache_root() / "resolved" / cache.digest(_lists_stamp(), *origin, *wanted)
    try:
        return [Package(*row) for row in json.loads(memo.read_text(encoding="utf-8"))]
    except (OSError, ValueError):
        pass
    chosen = parse_simulation(_apt([*_private(origin), "--simulate", "install", *wanted]))
    memo.parent.mkdir(parents=True, exist_ok=True)
    temporary = memo.with_name(f"{memo.name}.{os.getpid()}")
    temporary.write_text(json.dumps(chosen), encoding="utf-8")
    temporary.rename(memo)
    return chosen


def _archive_name(package: Package) -> str:
    """What apt calls the package's file: it escapes the colon of an epoch."""
    return f"{package.name}_{package.version.replace(':', '%3a')}_{package.architecture}.deb"


def fetch(packages: Iterable[Package], say: Say, origin: Origin = MACHINE) -> list[pathlib.Path]:
    """The .deb files of exactly these packages, downloaded unless the cache has them."""
    archives = cache.cache_root() / "debs"
    files = {package: archives / _archive_name(package) for package in packages}
    with cache.lock("debs"):
        absent = [package for package, file in files.items() if not file.is_file()]
        if absent:
            say(f"downloads {len(absent)} packages")
            (archives / "partial").mkdir(parents=True, exist_ok=True)
            # This takes exact versions, checks signatures, and writes to where it runs.
            _apt([*_private(origin), "download", *map(str, absent)], archives / "partial",
                 is_long=True)
            for package in absent:
                source = archives / "partial" / files[package].name
                if source.is_file():
                    source.rename(files[package])
    missing = [str(package) for package, file in files.items() if not file.is_file()]
    if missing:
        raise Failure(f"apt-get download did not leave {', '.join(missing)} in {archives}; "
                      "run 'apt-get update' as root and try again")
    return list(files.values())


def download_source(package: str, directory: pathlib.Path) -> None:
    """Downloads the files of a source package, "name=version", into `directory`."""
    _apt([*_private(MACHINE, "deb-src"), "source", "--download-only", "--only-source", package],
         directory)


def extracted(names: Iterable[str], say: Say, origin: Origin = MACHINE) -> pathlib.Path:
    """A directory of the cache with everything that the packages `names` contain.

    Those they depend on are not there: name them too, if they are wanted.
    """
    wanted = sorted(set(names))
    chosen = [package for package in resolve(wanted, origin) if package.name in wanted]
    missing = set(wanted) - {package.name for package in chosen}
    if missing:
        raise Failure(f"{', '.join(sorted(missing))}: apt would install something else in the "
                      "place of that; name the package itself")

    def build(directory: pathlib.Path) -> None:
        unpack(fetch(chosen, say, origin), directory, everything=True)

    return cache.entry("extracted", cache.digest(*map(str, chosen)), build,
                       f"unpacks {', '.join(map(str, chosen))}", say)


def unpack(archives: Iterable[pathlib.Path], root: pathlib.Path, everything: bool = False) -> None:
    """Unpacks .deb files into `root`; leaves out what a guest does not need."""
    archives = list(archives)
    names = {archive.name.partition("_")[0] for archive in archives}
    excluded = [] if everything else [f"--exclude={pattern}" for pattern in left_out(names)]
    for archive in archives:
        with subprocess.Popen(["dpkg-deb", "--fsys-tarfile", str(archive)],
                              stdout=subprocess.PIPE) as source:
            # A package's /bin is a directory, the tree's a link to usr/bin: the link stays.
            done = subprocess.run(["tar", "-x", "-p", "--no-same-owner", "--keep-directory-symlink",
                                   *excluded, "-C", str(root)], stdin=source.stdout, check=False)
        if source.returncode != 0 or done.returncode != 0:
            raise Failure(f"{archive} could not be unpacked into {root}; check the free disk "
                          "space, and remove the file if it is damaged")
