# SPDX-License-Identifier: GPL-2.0-only
"""The driver, unchanged, and fake-xen.ko beside it, for such a kernel."""

import pathlib

from xenfront import ROOT, process
from xenfront.uml import kernel

BUILD = ROOT / "build" / "uml"
XEN = ROOT / "tests" / "uml" / "xen"
PROVOKER = ROOT / "tests" / "guest" / "provoker"


def _farm(place: pathlib.Path, sources: list[pathlib.Path]) -> None:
    """Links to the sources, so that each kernel's objects are by themselves."""
    place.mkdir(parents=True, exist_ok=True)
    process.output(["cp", "-rsf", *sources, place])
    for path in place.rglob("*"):
        if path.is_symlink() and not path.exists():
            path.unlink()


def directory(mode: kernel.Mode) -> pathlib.Path:
    """Where the modules for a mode's kernel are; provoker/provoker.ko makes mistakes on purpose."""
    return BUILD / mode.name


def built(chosen: kernel.Kernel) -> list[pathlib.Path]:
    """fake-xen.ko and snd-xen-front.ko, in the order to load them in."""
    xen, driver = directory(chosen.mode) / "xen", directory(chosen.mode) / "driver"
    provoker = directory(chosen.mode) / "provoker"
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
        process.make(chosen.tree, *kernel.variables(), *arguments, "modules")
    return [xen / "fake-xen.ko", driver / "snd-xen-front.ko"]
