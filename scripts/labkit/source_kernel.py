# SPDX-License-Identifier: GPL-2.0-only
"""Guest kernels that Debian does not build, built here from its linux-source packages.

Each is tinyconfig, guest-kernel.config and what its kind adds: a kernel that finds bugs, with
lockdep, kmemleak, fault injection and their like (Debian's own debug kernels are production kernels
with symbols), one built by Clang, and one with the driver in its tree. What a guest needs is built
in. A kernel is compiled once and kept in the cache, together with the part of its tree that
external modules are built against.
"""

import os
import pathlib
import re
import shutil
import subprocess
from typing import NamedTuple

from . import cache, compilers, headers, kernels, linux_source, packages, releases, suites
from .errors import LabError
from .headers import Headers, Toolchain

_HERE = pathlib.Path(__file__).parent
_ROOT = _HERE.parent.parent
_DROP_IN = _ROOT / "scripts/drop-in"
_BASE = "guest-kernel.config"
# What building an external module reads; the rest of the tree is a gigabyte.
_KEPT = ("include", "scripts", "arch/x86", "tools/objtool", "Makefile", ".config", "Module.symvers")


class Kind(NamedTuple):
    """What makes a kernel another one than Debian's."""

    purpose: str
    # A file beside this one, and further lines of its configuration.
    fragment: str = ""
    options: tuple[str, ...] = ()
    by_clang: bool = False
    has_driver: bool = False


_TRACING = ("CONFIG_FTRACE=y", "CONFIG_FUNCTION_TRACER=y")

KINDS = {
    "debug": Kind("with lockdep, kmemleak, fault injection and the like", "debug-kernel.config"),
    "clang": Kind("built by Clang, with CFI and LTO", "clang-kernel.config", by_clang=True),
    "built-in": Kind("with this driver built in, for --driver in-tree",
                     options=("CONFIG_SND_XEN_FRONT=y", *_TRACING), has_driver=True),
    "in-tree": Kind("with this driver as a module of the kernel's own, for --driver in-tree",
                    options=("CONFIG_SND_XEN_FRONT=m", *_TRACING), has_driver=True),
}


def kind_of(name: str) -> tuple[str, str] | None:
    """The kind and the series of a kernel that is built here ("debug-6.1"), or None."""
    for kind in KINDS:
        if name.startswith(f"{kind}-"):
            return kind, name.removeprefix(f"{kind}-")
    return None


def by_name(name: str, extra_modules: list[str], say: packages.Say) -> kernels.Kernel:
    """A kernel that is built here, or what kernels.debian_kernel() knows."""
    if kind_of(name) is None:
        return kernels.debian_kernel(name, extra_modules, say)
    where = prepared(name, say).directory.parent
    release = (where / "release").read_text(encoding="ascii")
    return kernels.Kernel(release, where / "kernel.elf", where / "kernel.image",
                          where / "modules.cpio")


def prepared(name: str, say: packages.Say) -> Headers:
    """What modules for such a kernel are built with; its cache entry is above the directory."""
    found = kind_of(name)
    assert found is not None
    kind, series = KINDS[found[0]], found[1]
    source = linux_source.package(series)
    build = _Build(found[0], releases.find(series), say)
    key = cache.digest(str(source), *map(str, build.roots), build.wanted,
                       pathlib.Path(__file__).read_bytes(), *kernels.own_sources(),
                       *(_driver_sources() if kind.has_driver else []))

    def make(directory: pathlib.Path) -> None:
        # Not "tree", which is what kernels.assemble() makes for itself.
        tree = directory / "source"
        tree.mkdir()
        linux_source.extract(source, [], tree, say)
        build.run(tree, directory)
        shutil.rmtree(tree)

    where = cache.entry(f"{found[0]}-kernel", key, make,
                        f"builds kernel {name} (some five minutes, once)", say)
    return Headers(where / "headers", build.compiler, build.environment)


def _driver_sources() -> list[bytes]:
    files = [_DROP_IN, _ROOT / "Kbuild", _ROOT / "Kconfig",
             *sorted(path for top in ("src", "include") for path in (_ROOT / top).rglob("*"))]
    return [part for path in files if path.is_file()
            for part in (str(path.relative_to(_ROOT)).encode(), path.read_bytes())]


def _clang_version(suite: str) -> str:
    """The Clang that a Debian release has as its own."""
    names = [package.name for package in packages.resolve(["clang"], packages.Origin(suite))]
    versions = {match[1] for name in names if (match := re.fullmatch(r"clang-(\d+)", name))}
    if len(versions) != 1:
        raise LabError(f"clang of {suite} depends on {len(versions)} packages clang-N, not on one; "
                       "run 'apt-get update' as root")
    return versions.pop()


class _Build:
    """The compilers and the configuration of a kernel."""

    def __init__(self, kind: str, release: releases.Release, say: packages.Say):
        self._kind = KINDS[kind]
        programs = headers.toolchain(release, "amd64", say)
        self.roots = [programs.root]
        self.compiler = [f"CC=gcc-{programs.gcc}", f"HOSTCC=gcc-{programs.gcc}"]
        if self._kind.by_clang:
            suite = suites.base_of(release.origin.suite)
            version = _clang_version(suite)
            names = [f"{name}-{version}" for name in ("clang", "lld", "llvm")]
            self.roots.append(compilers.prepared(names, suite, say))
            self.compiler = [f"LLVM=-{version}", f"HOSTCC=gcc-{programs.gcc}"]
        fragments = [_BASE, *([self._kind.fragment] if self._kind.fragment else [])]
        self.wanted = "\n".join([
            f'CONFIG_LOCALVERSION="-xen-front-{kind}"', "# CONFIG_LOCALVERSION_AUTO is not set",
            *((_HERE / name).read_text(encoding="utf-8") for name in fragments),
            *self._kind.options, ""])

    @property
    def environment(self) -> dict[str, str]:
        """In which make finds the compilers."""
        return {"PATH": ":".join([*(f"{root}/usr/bin" for root in self.roots),
                                  os.environ["PATH"]])}

    def run(self, tree: pathlib.Path, directory: pathlib.Path) -> None:
        """Builds in `tree` and keeps in `directory` what is needed of it."""
        if self._kind.has_driver:
            self._start([str(_DROP_IN), str(tree)], tree, "mend scripts/drop-in")
        self._make(tree, "tinyconfig")
        with open(tree / ".config", "a", encoding="utf-8") as config:
            config.write(self.wanted)
        self._make(tree, "olddefconfig")
        lost = lost_lines(self.wanted, (tree / ".config").read_text(encoding="utf-8"))
        if lost:
            raise LabError(f"{_HERE.name}/*.config: this kernel does not have {', '.join(lost)}")
        self._make(tree, "vmlinux", "modules")
        release = (tree / "include/config/kernel.release").read_text(encoding="ascii").strip()
        (directory / "release").write_text(release, encoding="ascii")
        self._make(tree, "modules_install", f"INSTALL_MOD_PATH={directory}/installed")
        modules = directory / "installed/lib/modules" / release
        kernels.assemble(directory, release, tree / "vmlinux",
                         modules if modules.is_dir() else None, kernels.WANTED_MODULES)
        shutil.rmtree(directory / "installed", ignore_errors=True)
        kept_tree = directory / "headers"
        for kept in _KEPT:
            (kept_tree / kept).parent.mkdir(parents=True, exist_ok=True)
            (tree / kept).rename(kept_tree / kept)

    def _make(self, tree: pathlib.Path, *targets: str) -> None:
        self._start(["make", "-s", f"-j{os.cpu_count()}", *self.compiler, *targets], tree,
                    "scripts/setup installs what a kernel's build needs")

    def _start(self, command: list[str], tree: pathlib.Path, remedy: str) -> None:
        # What "make check-debug" was told ("-n", its job server) is not for this one.
        environment = {name: value for name, value in os.environ.items()
                       if name not in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS")}
        done = subprocess.run(command, cwd=tree, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              env={**environment, **self.environment}, text=True,
                              errors="replace", check=False)
        if done.returncode != 0:
            last = "\n".join(done.stdout.splitlines()[-15:])
            raise LabError(f"{' '.join(command)}:\n{last}\n{remedy}")


def lost_lines(wanted: str, config: str) -> list[str]:
    """The settings of a fragment that a configuration does not have.

    "is not set" is also true of an option that this kernel does not know.
    """
    there = set(config.splitlines())
    lost = []
    for line in wanted.splitlines():
        if line.startswith("CONFIG_"):
            if line not in there:
                lost.append(line)
        elif line.startswith("# CONFIG_"):
            option = line.split()[1]
            if any(other.startswith(f"{option}=") for other in there):
                lost.append(line)
    return lost
