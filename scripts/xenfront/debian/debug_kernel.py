# SPDX-License-Identifier: GPL-2.0-only
"""Kernels that Debian does not have, built from its linux-source packages: guests', and whatever
else is tinyconfig and a fragment of a configuration.

Debian's own debug kernels are production kernels with symbols. Those of guests are tinyconfig plus
common-kernel.config and guest-kernel.config, and checks-kernel.config with debug-kernel.config
(lockdep, kmemleak, fault injection and their like), kcsan-kernel.config (data races),
clang-kernel.config (CFI and LTO) or built-in-kernel.config (with the driver); everything is built in,
so they need no modules. One is compiled once and kept in the cache, together with the part of its tree
that external modules are built against.
"""

import pathlib
import shutil
from typing import Callable, Mapping

from xenfront import ROOT, cache, process, toolchain
from xenfront.command import Say
from xenfront.debian import headers, kernels, packages, releases, sources
from xenfront.debian.headers import Headers
from xenfront.errors import Failure, UsageError

BUILT_IN = "built-in"
KINDS = ("debug", "kcsan", "clang", BUILT_IN)
_FRAGMENTS = pathlib.Path(__file__).parent

# What building an external module reads, for any architecture; the rest of a tree is a gigabyte.
KEPT = ("include", "scripts", "arch/x86", "Makefile", ".config", "Module.symvers")


def is_one(name: str) -> bool:
    """Whether a kernel is called so that is built here: debug-6.1, kcsan-6.12."""
    return name.startswith(tuple(f"{kind}-" for kind in KINDS))


def has_driver(name: str) -> bool:
    """Whether the driver is in the kernel of that name, which loads no other."""
    return name.startswith(f"{BUILT_IN}-")


def by_name(name: str, architecture: str, extra_modules: list[str], say: Say) -> kernels.Kernel:
    """The debug kernel of a series, or what kernels.debian_kernel() knows."""
    if not is_one(name):
        return kernels.debian_kernel(name, architecture, extra_modules, say)
    if architecture != "amd64":
        raise UsageError(f"kernel {name}: is built for amd64 only, not for {architecture}")
    where = prepared(name, say).directory.parent
    return kernels.Kernel.of((where / "release").read_text(encoding="ascii"), where)


def prepared(name: str, say: Say) -> Headers:
    """What modules for a debug kernel are built with; its cache entry is above the directory."""
    kind, _, series = name.rpartition("-")
    source = sources.kernel(series)
    programs = headers.toolchain(releases.find(series), "amd64", say)
    compiler = [f"CC=gcc-{programs.gcc}", f"HOSTCC=gcc-{programs.gcc}"]
    if kind == "clang":
        clang = toolchain.version("kernel-llvm")
        if shutil.which(f"clang-{clang}") is None:
            raise UsageError(f"kernel {name}: there is no clang-{clang}; scripts/setup --for "
                             "clang-kernel installs it")
        compiler = [f"LLVM=-{clang}", f"HOSTCC=gcc-{programs.gcc}", f"HOSTCXX=g++-{programs.gcc}"]
    wanted = fragments("common", "guest", *["checks"] * (kind == "debug"), kind)
    own = _driver_sources() if has_driver(name) else []
    key = cache.digest(str(source), str(programs.root), wanted, *kernels.own_sources(), *own)

    def make(directory: pathlib.Path) -> None:
        def begin(tree: pathlib.Path) -> None:
            if has_driver(name):
                process.output([ROOT / "scripts" / "drop-in", tree])

        def finish(tree: pathlib.Path) -> None:
            release = (tree / "include/config/kernel.release").read_text(encoding="ascii").strip()
            (directory / "release").write_text(release, encoding="ascii")
            kernels.assemble(directory, release, tree / "vmlinux", None, [])

        build(source, None, directory, wanted, compiler, ("vmlinux", "modules"),
              (*KEPT, "tools/objtool"), finish, say, programs.environment, begin)

    where = cache.entry("debug-kernel", key, make,
                        f"builds kernel {name} (some five minutes, once)", say)
    return Headers(where / "headers", compiler, programs.environment)


def fragments(*names: str) -> str:
    """A configuration of these parts."""
    return "".join((_FRAGMENTS / f"{name}-kernel.config").read_text(encoding="utf-8")
                   for name in names)


def _driver_sources() -> list[bytes]:
    """Of what scripts/drop-in copies, all that is compiled, and itself."""
    parts = ("base", "driver", "kernel", "shim", "sndif", "xen_front.cpp")
    tops = ("Kbuild", "Kconfig", *(f"src/{part}" for part in parts), "include", "scripts/drop-in")
    return [path.read_bytes() for top in tops
            for path in sorted([ROOT / top, *(ROOT / top).rglob("*")]) if path.is_file()]


def build(source: packages.Package, origin: packages.Origin | None, directory: pathlib.Path,
          wanted: str, arguments: list[str], targets: tuple[str, ...], kept: tuple[str, ...],
          finish: Callable[[pathlib.Path], None], say: Say, variables: Mapping[str, str] = {},
          begin: Callable[[pathlib.Path], None] | None = None) -> None:
    """Builds `targets` below `directory` with make's `arguments`, configured by the fragment `wanted`;
    has `begin` change the tree before, and `finish` take what it needs from it, and leaves `kept` of
    it in directory/headers."""
    # Not "tree", which is what kernels.assemble() makes for itself.
    tree = directory / "source"
    tree.mkdir()
    sources.extract(source, [], tree, say, origin)
    if begin is not None:
        begin(tree)
    process.make(tree, *arguments, "tinyconfig", variables=variables)
    with open(tree / ".config", "a", encoding="utf-8") as config:
        config.write(wanted)
    process.make(tree, *arguments, "olddefconfig", variables=variables)
    lost = lost_lines(wanted, (tree / ".config").read_text(encoding="utf-8"))
    if lost:
        raise Failure(f"{source.name} does not have {', '.join(lost)}; mend the fragment of its "
                      "configuration")
    process.make(tree, *arguments, *targets, variables=variables)
    finish(tree)
    for name in kept:
        (directory / "headers" / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / name).rename(directory / "headers" / name)
    shutil.rmtree(tree)


def lost_lines(wanted: str, config: str) -> list[str]:
    """The settings of a fragment that a configuration does not have.

    "is not set" is also true of an option that this kernel does not know.
    """
    there = set(config.splitlines())
    options = {line.partition("=")[0] for line in there}
    return [line for line in wanted.splitlines()
            if line.startswith("CONFIG_") and line not in there
            or line.startswith("# CONFIG_") and line.split()[1] in options]
