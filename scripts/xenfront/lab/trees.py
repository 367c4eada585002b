# SPDX-License-Identifier: GPL-2.0-only
"""The file trees of Dom0 and DomU as cached initramfs archives, and the hypervisor."""

import gzip
import pathlib
import re
import shutil
from typing import Callable, NamedTuple

from xenfront import cache, cpio, process
from xenfront.command import Say
from xenfront.debian import packages, suites

# What both domains have: a shell, the usual tools and ALSA's.
_COMMON = """
    base-files base-passwd libc-bin bash dash coreutils findutils grep sed mawk tar gzip diffutils procps
    util-linux mount kmod busybox-static libgcc-s1 libstdc++6 alsa-utils xenstore-utils
""".split()

# The versions of Xen, and the Debian release that has each.
XEN = {"4.17": "bookworm", "4.20": "trixie"}

# What the reference backend links with of Xen's. A guest can be a driver domain.
_XEN_LIBRARIES = "libxenstore4 libxenevtchn1 libxengnttab1 libxentoolcore1".split()

# Packages that the ones above depend on for installing or for parts the lab does not use (pygrub,
# udev rules, PAM). They stay away unless the user asks for something that needs them.
_NOT_NEEDED = re.compile(
    r"python3.*|libpython3.*|udev|debconf|dpkg|ucf|adduser|passwd|libpam-.*|libdb5\.3|"
    r"libdb5\.3t64|systemd|libsystemd-shared|netbase|tzdata|dracut.*|initramfs.*|"
    r"libsemanage.*|libsepol2|libkrb5.*|libgssapi.*|libk5crypto3|libkeyutils1|libnsl2|libtirpc.*|"
    r"libsqlite3-0|media-types|sensible-utils|perl.*|libperl.*|lib.*-perl|whiptail|libnewt.*|"
    r"sysvinit-utils|init-system-helpers|login|logsave|e2fsprogs")


class _Layer(NamedTuple):
    """Packages of one Debian release that are unpacked over those of the layers before."""

    origin: packages.Origin
    contents: list[packages.Package]


def _contents(base: list[str], extra: list[str], origin: packages.Origin) -> list[packages.Package]:
    """The packages of a tree: what `base` needs without the unneeded, and all `extra` needs."""
    wanted = packages.resolve(extra, origin) if extra else []
    names = {package.name for package in wanted}
    needed = [package for package in packages.resolve(base, origin)
              if package.name not in names and not _NOT_NEEDED.fullmatch(package.name)]
    return sorted([*wanted, *needed])


def _write_cpio(root: pathlib.Path, image: pathlib.Path) -> None:
    with cpio.behind(image) as archive:
        archive.tree(root, merged_usr=False)
        archive.character_device("dev/console", 5, 1)
        archive.character_device("dev/null", 1, 3, 0o666)


def _write_squashfs(root: pathlib.Path, image: pathlib.Path) -> None:
    # The default level, 15, took more than a minute of processor time for 307 packages.
    process.output(["mksquashfs", root, image, "-all-root", "-comp", "zstd", "-Xcompression-level", "3",
                    "-no-progress", "-quiet"])


def _tree(kind: str, layers: list[_Layer], say: Say,
          write: Callable[[pathlib.Path, pathlib.Path], None] = _write_cpio) -> pathlib.Path:
    contents = [package for layer in layers for package in layer.contents]
    key = cache.digest(pathlib.Path(__file__).read_bytes(),
                       repr(packages.left_out({package.name for package in contents})),
                       *map(str, contents))

    def build(directory: pathlib.Path) -> None:
        root = directory / "root"
        cpio.make_merged_usr(root)
        for layer in layers:
            packages.unpack(packages.fetch(layer.contents, say, layer.origin), root)
        _configure(root, busybox(packages.machine_architecture(), say))
        write(root, directory / "image")
        shutil.rmtree(root)
        (directory / "packages").write_text("".join(f"{p}\n" for p in contents), encoding="utf-8")

    announce = f"builds the {kind} tree from {len(contents)} packages"
    return cache.entry(kind, key, build, announce, say) / "image"


def _configure(root: pathlib.Path, applets: pathlib.Path) -> None:
    """The little that the packages' maintainer scripts would have done."""
    for name in ("passwd", "group"):
        shutil.copyfile(root / "usr/share/base-passwd" / f"{name}.master", root / "etc" / name)
    (root / "etc/hosts").write_text("127.0.0.1 localhost\n", encoding="ascii")
    for name in ("proc", "sys", "dev", "run", "tmp", "root", "mnt", "var/log", "var/lib", "lab"):
        (root / name).mkdir(parents=True, exist_ok=True)
    (root / "tmp").chmod(0o1777)
    for link, target in (("var/run", "/run"), ("var/lock", "/run/lock")):
        path = root / link
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        if not path.is_symlink():
            path.symlink_to(target)
    # Two of the alternatives: without them ffmpeg, for one, does not start.
    for library in (root / "usr/lib").glob("*/*/lib*.so.*"):
        place = library.parents[1] / library.name
        if library.parent.name in ("blas", "lapack") and not place.exists():
            place.symlink_to(f"{library.parent.name}/{library.name}")
    for link, target in (("usr/bin/sh", "dash"), ("usr/bin/awk", "mawk")):
        if not (root / link).exists() and not (root / link).is_symlink():
            (root / link).symlink_to(target)
    _add_busybox_applets(root, applets)


def _add_busybox_applets(root: pathlib.Path, program: pathlib.Path) -> None:
    """Links the busybox applets for which the tree has no program of its own."""
    for applet in process.output([program, "--list"]).split():
        places = [root / "usr" / where / applet for where in ("bin", "sbin")]
        if not any(place.exists() or place.is_symlink() for place in places):
            places[0].symlink_to("busybox")


def default_xen() -> str:
    """The version of Xen that this machine's Debian release has, or else the newest."""
    return next((xen for xen, suite in XEN.items() if suite == suites.codename()), max(XEN))


def _backend_libraries() -> list[str]:
    """The packages with the libraries that a backend built on this machine links with."""
    return [package.name for package in packages.resolve(["libfmt-dev", "libseccomp-dev"])
            if re.fullmatch(r"lib(fmt|seccomp)[0-9.]+", package.name)]


# Plays the machine of guests without paravirtualisation.
_DEVICE_MODEL = "qemu-system-xen"


def dom0_tree(xen: str, architecture: str, with_device_model: bool, extra: list[str],
              say: Say) -> pathlib.Path:
    """Dom0's files: those of the newer of two releases, this machine's and that of `xen`.

    Programs of the older one run there, with libraries of their own that the newer one lacks.
    """
    toolstack = [f"xen-utils-{xen}", "xen-utils-common", *_XEN_LIBRARIES,
                 *[_DEVICE_MODEL] * with_device_model]
    wanted = {XEN[xen]: toolstack}
    own = suites.machine().release
    wanted.setdefault(own, [])
    wanted[own] = [*wanted[own], *_backend_libraries()]
    *older, newest = sorted(wanted, key=_age)
    origin = packages.Origin(newest, architecture)
    contents = _contents([*_COMMON, *wanted[newest]], extra, origin)
    names = {package.name for package in contents}
    layers = []
    for suite in older:
        theirs = packages.Origin(suite, architecture)
        layers.append(_Layer(theirs, [package for package in _contents(wanted[suite], [], theirs)
                                      if package.name not in names]))
    return _tree("dom0", [*layers, _Layer(origin, contents)], say)


def _age(suite: str) -> int:
    """Orders releases from the oldest to the newest, those that are unknown being newer."""
    known = list(XEN.values())
    return known.index(suite) if suite in known else len(known)


def domu_tree(architecture: str, root: str, extra: list[str], say: Say) -> pathlib.Path:
    """A guest's files, of this machine's release: programs built here run there. For the root "disk"
    as the image of one."""
    origin = packages.Origin(architecture=architecture)
    base = [*_COMMON, *_XEN_LIBRARIES, *_backend_libraries()]
    layers = [_Layer(origin, _contents(base, extra, origin))]
    if root == "disk":
        return _tree("domu-disk", layers, say, _write_squashfs)
    return _tree("domu", layers, say)


def busybox(architecture: str, say: Say) -> pathlib.Path:
    """A program that is a whole system, without any library."""
    root = packages.extracted(["busybox-static"], say, packages.Origin(architecture=architecture))
    return next(path for path in (root / "bin/busybox", root / "usr/bin/busybox") if path.is_file())


def hypervisor(xen: str, architecture: str, say: Say) -> pathlib.Path:
    """Xen itself, uncompressed, as QEMU's boot loaders want it."""
    origin = packages.Origin(XEN[xen], architecture)
    name = f"xen-hypervisor-{xen}-{architecture}"
    chosen = [package for package in packages.resolve([name], origin) if package.name == name]

    def build(directory: pathlib.Path) -> None:
        root = directory / "root"
        root.mkdir()
        packages.unpack(packages.fetch(chosen, say, origin), root)
        image = root / "boot" / f"xen-{xen}-{architecture}"
        compressed = image.with_name(f"{image.name}.gz")
        (directory / "xen").write_bytes(gzip.decompress(compressed.read_bytes())
                                        if compressed.exists() else image.read_bytes())
        shutil.rmtree(root)

    key = cache.digest(*map(str, chosen))
    return cache.entry("xen", key, build, f"prepares {chosen[0]}", say) / "xen"
