# SPDX-License-Identifier: GPL-2.0-only
"""Guest kernels that find bugs, built from Debian's linux-source packages.

Debian's own debug kernels are production kernels with symbols. This one is tinyconfig plus
debug-kernel.config, with lockdep, kmemleak, fault injection and their like; everything is built
in, so it needs no modules. It is compiled once and kept in the cache, together with the part of
its tree that external modules are built against.
"""

import pathlib

from xenfront import cache
from xenfront.command import Say
from xenfront.debian import headers, kernel_build, kernels, linux_source, releases
from xenfront.debian.headers import Headers
from xenfront.errors import UsageError

PREFIX = "debug-"
_FRAGMENT = pathlib.Path(__file__).parent / "debug-kernel.config"


def by_name(name: str, architecture: str, extra_modules: list[str], say: Say) -> kernels.Kernel:
    """The debug kernel of a series ("debug-6.1"), or what kernels.debian_kernel() knows."""
    if not name.startswith(PREFIX):
        return kernels.debian_kernel(name, architecture, extra_modules, say)
    if architecture != "amd64":
        raise UsageError(f"kernel {name}: debug kernels are built for amd64 only, not for "
                         f"{architecture}")
    where = prepared(name, say).directory.parent
    return kernels.Kernel.of((where / "release").read_text(encoding="ascii"), where)


def prepared(name: str, say: Say) -> Headers:
    """What modules for a debug kernel are built with; its cache entry is above the directory."""
    series = name.removeprefix(PREFIX)
    source = linux_source.package(series)
    programs = headers.toolchain(releases.find(series), "amd64", say)
    compiler = [f"CC=gcc-{programs.gcc}", f"HOSTCC=gcc-{programs.gcc}"]
    wanted = _FRAGMENT.read_text(encoding="utf-8")
    key = cache.digest(str(source), str(programs.root), wanted, *kernels.own_sources())

    def build(directory: pathlib.Path) -> None:
        def finish(tree: pathlib.Path) -> None:
            release = (tree / "include/config/kernel.release").read_text(encoding="ascii").strip()
            (directory / "release").write_text(release, encoding="ascii")
            kernels.assemble(directory, release, tree / "vmlinux", None, [])

        kernel_build.build(source, None, directory, wanted, compiler, ("vmlinux", "modules"),
                           (*kernel_build.KEPT, "tools/objtool"), finish, say, programs.environment)

    where = cache.entry("debug-kernel", key, build,
                        f"builds kernel {name} (some five minutes, once)", say)
    return Headers(where / "headers", compiler, programs.environment)
