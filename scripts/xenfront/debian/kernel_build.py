# SPDX-License-Identifier: GPL-2.0-only
"""Builds kernels from Debian's linux-source packages: tinyconfig and a fragment of a configuration."""

import pathlib
import shutil
from typing import Callable, Mapping

from xenfront import process
from xenfront.command import Say
from xenfront.debian import linux_source, packages
from xenfront.errors import Failure

# What building an external module reads, for any architecture; the rest of a tree is a gigabyte.
KEPT = ("include", "scripts", "arch/x86", "Makefile", ".config", "Module.symvers")


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
    linux_source.extract(source, [], tree, say, origin)
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
