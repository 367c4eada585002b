# SPDX-License-Identifier: GPL-2.0-only
"""The kernels, built once from Debian's linux-source package and kept in the lab's cache.

6.12's kernel runs, but not its processes on machines with large vector registers; 7.3's do.
"""

import pathlib
from typing import NamedTuple

from xenfront import cache, process, toolchain
from xenfront.command import Say
from xenfront.debian import debug_kernel, packages, sources

SERIES = "7.3"
ORIGIN = packages.Origin("trixie-backports")
_FRAGMENT = pathlib.Path(__file__).parent / "kernel.config"
_KEPT = (*debug_kernel.KEPT, "arch/um", "sound/drivers/snd-dummy.ko")


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


def built(mode: Mode, say: Say) -> Kernel:
    """The kernel of a mode, from the cache or built now."""
    source = sources.kernel(SERIES, ORIGIN)
    wanted = _FRAGMENT.read_text(encoding="utf-8") + "\n".join(mode.settings) + "\n"
    version = process.output([compiler(), "-dumpfullversion"])
    key = cache.digest(str(source), version, wanted, *_KEPT)

    def build(directory: pathlib.Path) -> None:
        debug_kernel.build(source, ORIGIN, directory, wanted, variables(), ("linux", "modules"),
                           _KEPT, lambda tree: (tree / "linux").rename(directory / "linux"), say)

    where = cache.entry("uml-kernel", key, build,
                        f"builds a {mode.name} kernel (some six minutes of processor time, once)",
                        say)
    return Kernel(mode, where / "linux", where / "headers")


def compiler() -> str:
    """The compiler of this machine's release of Debian, as for the rest of the project."""
    return f"gcc-{toolchain.version('gcc')}"


def variables() -> list[str]:
    """What make has to be told in the tree of such a kernel."""
    return ["ARCH=um", f"CC={compiler()}", f"HOSTCC={compiler()}"]
