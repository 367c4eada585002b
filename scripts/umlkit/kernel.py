# SPDX-License-Identifier: GPL-2.0-only
"""The kernels, built once from Debian's linux-source package and kept in the lab's cache.

6.12's kernel runs, but not its processes on machines with large vector registers; 7.3's do.
"""

import functools
import os
import pathlib
import shutil
import subprocess
from typing import NamedTuple

from labkit import cache, debug_kernel, linux_source, packages
from labkit.errors import LabError

SERIES = "7.3"
SUITE = "trixie-backports"
_FRAGMENT = pathlib.Path(__file__).parent / "kernel.config"
# What building a module reads; the rest of the tree is a gigabyte.
_KEPT = ("include", "scripts", "arch/um", "arch/x86", "Makefile", ".config", "Module.symvers",
         "sound/drivers/snd-dummy.ko")


class Mode(NamedTuple):
    """A kernel's name, what it is configured with besides the rest, and how it is started."""

    name: str
    settings: tuple[str, ...]
    arguments: tuple[str, ...]
    # What it reports although nothing is wrong that is ours.
    harmless: tuple[str, ...] = ()


# They exclude each other.
MODES = {mode.name: mode for mode in (
    Mode("time-travel", ("CONFIG_UML_TIME_TRAVEL_SUPPORT=y",), ("time-travel=inf-cpu",)),
    # Its second processor frees memory before it is online. And a write that has seen a stream set
    # up complains, if this is a kernel to debug sound, when another thread frees its buffer before
    # ALSA says that it is not: pcm_sanity_check() against snd_pcm_hw_free(), with any driver.
    Mode("smp", ("CONFIG_SMP=y", "CONFIG_NR_CPUS=2"), ("ncpus=2",),
         (r"Callback enqueued on offline CPU!!",
          r"WARNING: sound/core/pcm_lib\.c:2204 at __snd_pcm_lib_xfer")),
)}


class Kernel(NamedTuple):
    """A kernel that was built."""

    mode: Mode
    program: pathlib.Path
    tree: pathlib.Path


def built(mode: Mode, say: packages.Say) -> Kernel:
    """The kernel of a mode, from the cache or built now."""
    source = linux_source.package(SERIES, packages.Origin(SUITE))
    wanted = _FRAGMENT.read_text(encoding="utf-8") + "\n".join(mode.settings) + "\n"
    version = subprocess.run([compiler(), "-dumpfullversion"], capture_output=True, text=True,
                             check=True).stdout
    key = cache.digest(str(source), version, wanted, *_KEPT)

    def build(directory: pathlib.Path) -> None:
        tree = directory / "source"
        tree.mkdir()
        linux_source.extract(source, [], tree, say, packages.Origin(SUITE))
        _configure(tree, wanted)
        make(tree, "linux", "modules")
        (tree / "linux").rename(directory / "linux")
        kept = directory / "tree"
        for path in _KEPT:
            (kept / path).parent.mkdir(parents=True, exist_ok=True)
            (tree / path).rename(kept / path)
        shutil.rmtree(tree)

    where = cache.entry("uml-kernel", key, build,
                        f"builds a {mode.name} kernel (some six minutes of processor time, once)",
                        say)
    return Kernel(mode, where / "linux", where / "tree")


def _configure(tree: pathlib.Path, wanted: str) -> None:
    make(tree, "tinyconfig")
    with open(tree / ".config", "a", encoding="utf-8") as config:
        config.write(wanted)
    make(tree, "olddefconfig")
    lost = debug_kernel.lost_lines(wanted, (tree / ".config").read_text(encoding="utf-8"))
    if lost:
        raise LabError(f"{_FRAGMENT.name}: this kernel does not have {', '.join(lost)}")


@functools.lru_cache(maxsize=None)
def compiler() -> str:
    """The compiler of this machine's release of Debian, as for the rest of the project."""
    done = subprocess.run([pathlib.Path(__file__).parent.parent / "toolchain", "gcc"],
                          stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode != 0:
        raise LabError("scripts/toolchain knows no compiler for this machine")
    return f"gcc-{done.stdout.strip()}"


def make(tree: pathlib.Path, *arguments: str) -> None:
    """Runs make in a kernel's tree; complains with the end of its output."""
    jobs = os.environ.get("JOBS") or os.cpu_count()
    command = ["make", "-s", f"-j{jobs}", "ARCH=um", f"CC={compiler()}",
               f"HOSTCC={compiler()}", *arguments]
    # What a make that runs this was told is not for this one.
    environment = {name: value for name, value in os.environ.items()
                   if name not in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS")}
    done = subprocess.run(command, cwd=tree, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          env=environment, text=True, errors="replace", check=False)
    if done.returncode != 0:
        last = "\n".join(done.stdout.splitlines()[-15:])
        raise LabError(f"{' '.join(command)}:\n{last}\nscripts/setup installs what a kernel's "
                       "build needs")
