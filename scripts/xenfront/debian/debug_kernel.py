# SPDX-License-Identifier: GPL-2.0-only
"""Guest kernels that Debian does not have, built from its linux-source packages.

Debian's own debug kernels are production kernels with symbols. These are tinyconfig plus
guest-kernel.config, and debug-kernel.config (lockdep, kmemleak, fault injection and their like),
kcsan-kernel.config (data races), clang-kernel.config (CFI and LTO) or built-in-kernel.config (with the
driver); everything is built in, so they need no modules. One is compiled once and kept in the cache,
together with the part of its tree that external modules are built against.
"""

import pathlib
import shutil

from xenfront import ROOT, cache, process, toolchain
from xenfront.command import Say
from xenfront.debian import headers, kernel_build, kernels, linux_source, releases
from xenfront.debian.headers import Headers
from xenfront.errors import UsageError

BUILT_IN = "built-in"
KINDS = ("debug", "kcsan", "clang", BUILT_IN)
_FRAGMENTS = pathlib.Path(__file__).parent


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
    source = linux_source.package(series)
    programs = headers.toolchain(releases.find(series), "amd64", say)
    compiler = [f"CC=gcc-{programs.gcc}", f"HOSTCC=gcc-{programs.gcc}"]
    if kind == "clang":
        clang = toolchain.version("kernel-llvm")
        if shutil.which(f"clang-{clang}") is None:
            raise UsageError(f"kernel {name}: there is no clang-{clang}; scripts/setup --for "
                             "clang-kernel installs it")
        compiler = [f"LLVM=-{clang}", f"HOSTCC=gcc-{programs.gcc}", f"HOSTCXX=g++-{programs.gcc}"]
    wanted = "".join((_FRAGMENTS / f"{part}-kernel.config").read_text(encoding="utf-8")
                     for part in ("guest", kind))
    own = _driver_sources() if has_driver(name) else []
    key = cache.digest(str(source), str(programs.root), wanted, *kernels.own_sources(), *own)

    def build(directory: pathlib.Path) -> None:
        def begin(tree: pathlib.Path) -> None:
            if has_driver(name):
                process.output([ROOT / "scripts" / "drop-in", tree])

        def finish(tree: pathlib.Path) -> None:
            release = (tree / "include/config/kernel.release").read_text(encoding="ascii").strip()
            (directory / "release").write_text(release, encoding="ascii")
            kernels.assemble(directory, release, tree / "vmlinux", None, [])

        kernel_build.build(source, None, directory, wanted, compiler, ("vmlinux", "modules"),
                           (*kernel_build.KEPT, "tools/objtool"), finish, say, programs.environment,
                           begin)

    where = cache.entry("debug-kernel", key, build,
                        f"builds kernel {name} (some five minutes, once)", say)
    return Headers(where / "headers", compiler, programs.environment)


def _driver_sources() -> list[bytes]:
    """All that scripts/drop-in copies, and itself."""
    return [path.read_bytes() for top in ("Kbuild", "Kconfig", "src", "include", "scripts/drop-in")
            for path in sorted([ROOT / top, *(ROOT / top).rglob("*")]) if path.is_file()]
