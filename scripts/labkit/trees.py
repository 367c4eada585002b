# SPDX-License-Identifier: GPL-2.0-only
"""The file trees of Dom0 and DomU as cached initramfs archives, and the hypervisor."""

import gzip
import pathlib
import re
import shutil
import subprocess

from . import cache, cpio, packages

# What both domains have: a shell, the usual tools and ALSA's.
_COMMON = """
    base-files base-passwd libc-bin bash dash coreutils findutils grep sed mawk tar gzip diffutils procps
    util-linux mount kmod busybox-static libgcc-s1 libstdc++6 libasound2 alsa-utils xenstore-utils
""".split()

# Dom0 adds the toolstack and what the reference backend links with.
_DOM0 = """
    xen-utils-4.17 xen-utils-common libxenstore4 libxenevtchn1 libxengnttab1 libxentoolcore1
    libspdlog1.10 libfmt9
""".split()

_XEN = "xen-hypervisor-4.17-amd64"

# Packages that the ones above depend on for installing or for parts the lab does not use (pygrub,
# udev rules, PAM). They stay away unless the user asks for something that needs them.
_NOT_NEEDED = re.compile(
    r"python3.*|libpython3.*|udev|debconf|dpkg|ucf|adduser|passwd|libpam-.*|libdb5\.3|"
    r"libsemanage.*|libsepol2|libkrb5.*|libgssapi.*|libk5crypto3|libkeyutils1|libnsl2|libtirpc.*|"
    r"libsqlite3-0|media-types|sensible-utils|perl.*|libperl.*|lib.*-perl|whiptail|libnewt.*|"
    r"sysvinit-utils|init-system-helpers|login|logsave|e2fsprogs")


def _contents(base: list[str], extra: list[str]) -> list[packages.Package]:
    """The packages of a tree: what `base` needs without the unneeded, and all `extra` needs."""
    wanted = packages.resolve(extra) if extra else []
    names = {package.name for package in wanted}
    needed = [package for package in packages.resolve(base)
              if package.name not in names and not _NOT_NEEDED.fullmatch(package.name)]
    return sorted([*wanted, *needed])


def _tree(kind: str, base: list[str], extra: list[str], say: packages.Say) -> pathlib.Path:
    contents = _contents(base, extra)
    key = cache.digest(pathlib.Path(__file__).read_bytes(), repr(packages.LEFT_OUT),
                       *map(str, contents))

    def build(directory: pathlib.Path) -> None:
        root = directory / "root"
        cpio.make_merged_usr(root)
        packages.unpack(packages.fetch(contents, say), root)
        _configure(root)
        with open(directory / "tree.cpio", "wb") as output, cpio.Writer(output) as archive:
            archive.tree(root, merged_usr=False)
            archive.character_device("dev/console", 5, 1)
            archive.character_device("dev/null", 1, 3, 0o666)
        shutil.rmtree(root)
        (directory / "packages").write_text("".join(f"{p}\n" for p in contents), encoding="utf-8")

    announce = f"builds the {kind} tree from {len(contents)} packages"
    return cache.entry(kind, key, build, announce, say) / "tree.cpio"


def _configure(root: pathlib.Path) -> None:
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
    for link, target in (("usr/bin/sh", "dash"), ("usr/bin/awk", "mawk")):
        if not (root / link).exists() and not (root / link).is_symlink():
            (root / link).symlink_to(target)
    _add_busybox_applets(root)


def _add_busybox_applets(root: pathlib.Path) -> None:
    """Links the busybox applets for which the tree has no program of its own."""
    busybox = root / "usr/bin/busybox"
    applets = subprocess.run([str(busybox), "--list"], capture_output=True, text=True, check=True)
    for applet in applets.stdout.split():
        places = [root / "usr" / where / applet for where in ("bin", "sbin")]
        if not any(place.exists() or place.is_symlink() for place in places):
            places[0].symlink_to("busybox")


def dom0_tree(extra: list[str], say: packages.Say) -> pathlib.Path:
    return _tree("dom0", [*_COMMON, *_DOM0], extra, say)


def domu_tree(extra: list[str], say: packages.Say) -> pathlib.Path:
    return _tree("domu", _COMMON, extra, say)


def hypervisor(say: packages.Say) -> pathlib.Path:
    """Xen itself, uncompressed, as QEMU's multiboot loader wants it."""
    chosen = [package for package in packages.resolve([_XEN]) if package.name == _XEN]

    def build(directory: pathlib.Path) -> None:
        root = directory / "root"
        root.mkdir()
        packages.unpack(packages.fetch(chosen, say), root)
        image, = (path for path in (root / "boot").glob("xen-*.gz") if not path.is_symlink())
        (directory / "xen").write_bytes(gzip.decompress(image.read_bytes()))
        shutil.rmtree(root)

    key = cache.digest(*map(str, chosen))
    return cache.entry("xen", key, build, f"prepares {chosen[0]}", say) / "xen"
