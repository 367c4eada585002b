# SPDX-License-Identifier: GPL-2.0-only
"""Guest kernels that find bugs, built from Debian's linux-source packages.

Debian's own debug kernels are production kernels with symbols. This one is tinyconfig plus
debug-kernel.config, with lockdep, kmemleak, fault injection and their like; everything is built
in, so it needs no modules. It is compiled once and kept in the cache, together with the part of
its tree that external modules are built against.
"""

import os
import pathlib
import shutil
import subprocess

from xenfront import cache
from xenfront.debian import headers, linux_source, packages, releases
from xenfront.debian.headers import Headers, Toolchain
from xenfront.errors import LabError, UsageError
from xenfront.lab import kernels

PREFIX = "debug-"
_FRAGMENT = pathlib.Path(__file__).parent / "debug-kernel.config"
# What building an external module reads; the rest of the tree is a gigabyte.
_KEPT = ("include", "scripts", "arch/x86", "tools/objtool", "Makefile", ".config", "Module.symvers")


def by_name(name: str, architecture: str, extra_modules: list[str],
            say: packages.Say) -> kernels.Kernel:
    """The debug kernel of a series ("debug-6.1"), or what kernels.debian_kernel() knows."""
    if not name.startswith(PREFIX):
        return kernels.debian_kernel(name, architecture, extra_modules, say)
    if architecture != "amd64":
        raise UsageError(f"kernel {name}: debug kernels are built for amd64 only, not for "
                         f"{architecture}")
    where = prepared(name, say).directory.parent
    release = (where / "release").read_text(encoding="ascii")
    return kernels.Kernel(release, where / "kernel.elf", where / "kernel.image",
                          where / "modules.cpio")


def prepared(name: str, say: packages.Say) -> Headers:
    """What modules for a debug kernel are built with; its cache entry is above the directory."""
    series = name.removeprefix(PREFIX)
    source = linux_source.package(series)
    programs = headers.toolchain(releases.find(series), "amd64", say)
    key = cache.digest(str(source), str(programs.root), _FRAGMENT.read_bytes(),
                       pathlib.Path(__file__).read_bytes(), *kernels.own_sources())

    def build(directory: pathlib.Path) -> None:
        # Not "tree", which is what kernels.assemble() makes for itself.
        tree = directory / "source"
        tree.mkdir()
        linux_source.extract(source, [], tree, say)
        _build(tree, directory, programs)
        shutil.rmtree(tree)

    where = cache.entry("debug-kernel", key, build,
                        f"builds kernel {name} (some five minutes, once)", say)
    return Headers(where / "headers", _compiler(programs), programs.environment)


def _compiler(programs: Toolchain) -> list[str]:
    return [f"CC=gcc-{programs.gcc}", f"HOSTCC=gcc-{programs.gcc}"]


def _build(tree: pathlib.Path, directory: pathlib.Path, programs: Toolchain) -> None:
    _make(tree, programs, "tinyconfig")
    wanted = _FRAGMENT.read_text(encoding="utf-8")
    with open(tree / ".config", "a", encoding="utf-8") as config:
        config.write(wanted)
    _make(tree, programs, "olddefconfig")
    lost = lost_lines(wanted, (tree / ".config").read_text(encoding="utf-8"))
    if lost:
        raise LabError(f"{_FRAGMENT.name}: this kernel does not have {', '.join(lost)}")
    _make(tree, programs, "vmlinux", "modules")

    release = (tree / "include/config/kernel.release").read_text(encoding="ascii").strip()
    (directory / "release").write_text(release, encoding="ascii")
    kernels.assemble(directory, release, tree / "vmlinux", None, [])
    kept_tree = directory / "headers"
    for kept in _KEPT:
        (kept_tree / kept).parent.mkdir(parents=True, exist_ok=True)
        (tree / kept).rename(kept_tree / kept)


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


def _make(tree: pathlib.Path, programs: Toolchain, *targets: str) -> None:
    command = ["make", "-s", f"-j{os.cpu_count()}", *_compiler(programs), *targets]
    # What "make check-debug" was told ("-n", its job server) is not for this one.
    environment = {name: value for name, value in os.environ.items()
                   if name not in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS")}
    done = subprocess.run(command, cwd=tree, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          env={**environment, **programs.environment}, text=True, errors="replace",
                          check=False)
    if done.returncode != 0:
        last = "\n".join(done.stdout.splitlines()[-15:])
        raise LabError(f"{' '.join(command)}:\n{last}\nscripts/setup installs what "
                       "a kernel's build needs")
