# SPDX-License-Identifier: GPL-2.0-only
"""Kernels to boot: from Debian's linux-image packages, or any other that the user brings.

A kernel becomes a cache entry with the uncompressed kernel (`kernel.elf`: an emulated CPU takes
seconds to decompress it, and Xen boots an ELF file just as well; an arm64 Image is not compressed)
and, as an initramfs archive, the
modules that the lab uses with the modules those need (`modules.cpio`).
"""

import dataclasses
import pathlib
import shutil

from xenfront import cache, cpio
from xenfront.command import Say
from xenfront.debian import boot_image, module_files, packages, releases
from xenfront.errors import Failure, UsageError

# The modules a guest may need, by modprobe's names: Xen, disks, sound, file systems.
WANTED_MODULES = """
    xen-evtchn xen-gntdev xen-gntalloc xen-privcmd xenfs xen-blkback xen-blkfront xen-netfront
    xen-netback xen-pciback
    virtio_pci virtio_blk loop ext4 overlay squashfs 9p 9pnet_virtio
    soundcore snd snd-timer snd-pcm snd-hrtimer snd-rawmidi snd-seq snd-pcm-oss snd-mixer-oss
    snd_xen_front snd-aloop snd-dummy snd-intel8x0 snd-hda-intel snd-usb-audio
    notifier-error-inject
""".split()


@dataclasses.dataclass(frozen=True)
class Kernel:
    """A kernel ready to boot."""

    release: str
    elf: pathlib.Path
    # The bzImage, which is what firmware boots; there is none of a kernel that came as vmlinux.
    image: pathlib.Path
    modules: pathlib.Path

    @classmethod
    def of(cls, release: str, entry: pathlib.Path) -> "Kernel":
        """The kernel of a cache entry that assemble() has made."""
        return cls(release, entry / "kernel.elf", entry / "kernel.image", entry / "modules.cpio")


def debian_kernel(wanted: str, architecture: str, extra_modules: list[str],
                  say: Say) -> Kernel:
    """One of Debian's kernels, by the name that releases.py has for it."""
    found = releases.find(wanted, architecture)
    names = sorted({*WANTED_MODULES, *extra_modules})
    key = cache.digest(*map(str, found.images), *own_sources(), *names)

    def build(directory: pathlib.Path) -> None:
        root = directory / "unpacked"
        root.mkdir()
        packages.unpack(packages.fetch(found.images, say, found.origin), root)
        image, modules = contents(root, found.name)
        assemble(directory, found.name, image, modules, names)
        shutil.rmtree(root)

    return Kernel.of(found.name, cache.entry("kernel", key, build,
                                             f"prepares kernel {found.name}", say))


def contents(root: pathlib.Path, release: str) -> tuple[pathlib.Path, pathlib.Path]:
    """The kernel and the directory of its modules in Debian's unpacked packages."""
    modules = [root / where / "modules" / release for where in ("lib", "usr/lib")]
    images = [root / "boot" / f"vmlinuz-{release}", *(path / "vmlinuz" for path in modules)]
    for what, paths in (("kernel", images), ("directory of modules", modules)):
        if not any(path.exists() for path in paths):
            raise Failure(f"the packages of kernel {release} have no {what}: there is none of "
                          f"{', '.join(str(path.relative_to(root)) for path in paths)}")
    return (next(path for path in images if path.exists()),
            next(path for path in modules if path.exists()))


def own_kernel(image: pathlib.Path, modules: pathlib.Path | None, extra_modules: list[str],
               say: Say) -> Kernel:
    """A kernel the user brings: a bzImage or vmlinux, and lib/modules/RELEASE of it, if any."""
    release = modules.name if modules else boot_image.release_of(image.read_bytes()) or image.name
    names = sorted({*WANTED_MODULES, *extra_modules})
    stamp = "" if modules is None else repr(sorted(
        (str(path), path.stat().st_mtime_ns) for path in modules.rglob("*.ko*")))
    key = cache.digest(image.read_bytes(), release, stamp, *own_sources(), *names)

    def build(directory: pathlib.Path) -> None:
        assemble(directory, release, image, modules, names)

    return Kernel.of(release, cache.entry("kernel", key, build, f"prepares kernel {image}", say))


def uncompressed(image: bytes) -> bytes | None:
    """What the emulated machine shall load of a bzImage, vmlinux or arm64 Image."""
    if boot_image.is_arm64(image):
        return image
    elf = image if image.startswith(b"\x7fELF") else boot_image.decompress_bzimage(image)
    return None if elf is None else boot_image.loadable_part(elf)


def own_sources() -> list[bytes]:
    """What makes a cache entry: those of kernels depend on it."""
    return [pathlib.Path(module.__file__ or "").read_bytes()
            for module in (boot_image, module_files)] + [pathlib.Path(__file__).read_bytes()]


def assemble(directory: pathlib.Path, release: str, image: pathlib.Path,
             modules: pathlib.Path | None, names: list[str]) -> None:
    """Makes a cache entry's kernel.elf, modules.cpio and, from a bzImage, kernel.image."""
    data = image.read_bytes()
    kernel = uncompressed(data)
    if kernel is None:
        raise UsageError(f"{image} is neither an ELF kernel (vmlinux), nor an x86 bzImage, nor an arm64 "
                         "Image")
    if boot_image.is_bzimage(data):
        (directory / "kernel.image").write_bytes(data)
    (directory / "kernel.elf").write_bytes(kernel)
    small = directory / "tree" / "usr" / "lib" / "modules" / release
    small.mkdir(parents=True)
    if modules is not None:
        module_files.copy_modules(modules, small, release, names)
    with cpio.behind(directory / "modules.cpio") as archive:
        archive.tree(directory / "tree")
    shutil.rmtree(directory / "tree")
