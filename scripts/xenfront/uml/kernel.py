# SPDX-License-Identifier: GPL-2.0-only
"""The kernels, built once from Debian's linux-source package and kept in the lab's cache; and for each
the driver, unchanged, with fake-xen.ko beside it.

6.12's kernel runs, but not its processes on machines with large vector registers; 7.3's do.
"""

import pathlib
from typing import NamedTuple

from xenfront import ROOT, cache, process, toolchain
from xenfront.command import Say
from xenfront.debian import debug_kernel, packages, sources
from xenfront.errors import Failure

SERIES = "7.3"
ORIGIN = packages.Origin("trixie-backports")
BUILD = ROOT / "build" / "uml"
XEN = ROOT / "tests" / "uml" / "xen"
PROVOKER = ROOT / "tests" / "guest" / "provoker"
# The first process of a guest.
INIT = BUILD / "guest" / "uml-init"
_FRAGMENT = pathlib.Path(__file__).with_name("kernel.config")
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
    """A kernel that was built, and fake-xen.ko and snd-xen-front.ko, in the order to load them in."""

    mode: Mode
    program: pathlib.Path
    modules: tuple[pathlib.Path, ...]


def prepared(name: str, say: Say) -> Kernel:
    """That of a mode, with its modules, built if they are not; the programs have to be."""
    mode = MODES[name]
    where = built(mode, say)
    modules = _modules(mode, where / "headers")
    if not INIT.exists():
        raise Failure(f"{INIT} is not there; run 'make uml'")
    return Kernel(mode, where / "linux", modules)


def built(mode: Mode, say: Say) -> pathlib.Path:
    """The kernel of a mode, "linux" in this directory, and "headers", the tree to build modules in; from
    the cache or built now."""
    source = sources.kernel(SERIES, ORIGIN)
    wanted = debug_kernel.fragments("common", "checks") + _FRAGMENT.read_text(encoding="utf-8") + \
        "\n".join(mode.settings) + "\n"
    version = process.output([compiler(), "-dumpfullversion"])
    key = cache.digest(str(source), version, wanted, *_KEPT)

    def build(directory: pathlib.Path) -> None:
        debug_kernel.build(source, ORIGIN, directory, wanted, variables(), ("linux", "modules"),
                           _KEPT, lambda tree: (tree / "linux").rename(directory / "linux"), say)

    return cache.entry("uml-kernel", key, build,
                       f"builds a {mode.name} kernel (some six minutes of processor time, once)", say)


def compiler() -> str:
    """The compiler of this machine's release of Debian, as for the rest of the project."""
    return f"gcc-{toolchain.version('gcc')}"


def variables() -> list[str]:
    """What make has to be told in the tree of such a kernel."""
    return ["ARCH=um", f"CC={compiler()}", f"HOSTCC={compiler()}"]


def directory(mode: Mode) -> pathlib.Path:
    """Where the modules for a mode's kernel are; provoker/provoker.ko makes mistakes on purpose."""
    return BUILD / mode.name


def _farm(place: pathlib.Path, origins: list[pathlib.Path]) -> None:
    """Links to the sources, so that each kernel's objects are by themselves."""
    place.mkdir(parents=True, exist_ok=True)
    process.output(["cp", "-rsf", *origins, place])
    process.output(["find", place, "-xtype", "l", "-delete"])


def _modules(mode: Mode, tree: pathlib.Path) -> tuple[pathlib.Path, ...]:
    xen, driver, provoker = (directory(mode) / name for name in ("xen", "driver", "provoker"))
    _farm(xen, list(XEN.iterdir()))
    _farm(driver, [ROOT / "Kbuild", ROOT / "src", ROOT / "include"])
    _farm(provoker, list(PROVOKER.iterdir()))
    # The kernel's own headers of Xen, above an architecture that has none; x86's, which are on the
    # path, are for a real one. This is the only place before them.
    headers = ["NOSTDINC_FLAGS=-nostdinc -I" + str(xen / "include"), "KCFLAGS=-DCONFIG_XEN=1"]
    for arguments in ((f"M={xen}", *headers),
                      (f"M={driver}", *headers, "CONFIG_XEN_XENBUS_FRONTEND=y",
                       f"KBUILD_EXTRA_SYMBOLS={xen}/Module.symvers"),
                      (f"M={provoker}",)):
        process.make(tree, *variables(), *arguments, "modules")
    return xen / "fake-xen.ko", driver / "snd-xen-front.ko"
