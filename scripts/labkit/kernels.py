# SPDX-License-Identifier: GPL-2.0-only
"""Guest kernels: from Debian's linux-image packages, or any other that the user brings.

A kernel becomes a cache entry with the uncompressed kernel (`kernel.elf`: an emulated CPU takes
seconds to decompress it, and Xen boots an ELF file just as well) and, as an initramfs archive, the
modules that the lab uses with the modules those need (`modules.cpio`).
"""

import dataclasses
import json
import lzma
import pathlib
import re
import shutil
import struct
import subprocess
import zlib

from . import cache, cpio, packages
from .errors import LabError, UsageError

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
    modules: pathlib.Path
    # What modules for it are built against (make's KDIR); none of a kernel the user brings.
    headers: pathlib.Path | None = None


def installed_header_releases() -> list[str]:
    """The amd64 kernel releases whose headers are installed, oldest first."""
    found = pathlib.Path("/usr/src").glob("linux-headers-*-amd64")
    releases = [path.name.removeprefix("linux-headers-") for path in found]
    return sorted((r for r in releases if re.match(r"\d", r)), key=_version_key)


def _version_key(release: str) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", release)]


def choose_release(wanted: str, releases: list[str]) -> str:
    """The newest of `releases` that is `wanted` or belongs to the series `wanted` (such as 6.1)."""
    if wanted in releases:
        return wanted
    if not re.fullmatch(r"\d+\.\d+(\.\d+)?", wanted):
        raise UsageError(f"kernel '{wanted}' is neither a series such as 6.1 nor one of the "
                         f"installed header releases: {', '.join(releases) or 'none'}")
    matching = [r for r in releases if r.startswith(wanted) and not r[len(wanted)].isdigit()]
    if not matching:
        raise LabError(f"kernel {wanted}: no headers of that series under /usr/src (there are: "
                       f"{', '.join(releases) or 'none'}); run scripts/setup, or install "
                       f"linux-headers-{wanted}-amd64")
    return max(matching, key=_version_key)


def decompress_bzimage(image: bytes) -> bytes | None:
    """The ELF kernel inside an x86 bzImage; None when this is not a bzImage.

    Offsets: Documentation/arch/x86/boot.rst, setup_sects, header, payload_offset, payload_length.
    """
    if image[0x202:0x206] != b"HdrS":
        return None
    setup_sectors = image[0x1F1] or 4
    offset, length = struct.unpack_from("<II", image, 0x248)
    start = (setup_sectors + 1) * 512 + offset
    payload = image[start:start + length]
    if payload.startswith(b"\xfd7zXZ\0"):
        return lzma.LZMADecompressor().decompress(payload)
    if payload.startswith(b"\x1f\x8b"):
        return zlib.decompressobj(31).decompress(payload)
    if payload.startswith(b"\x28\xb5\x2f\xfd"):
        # The last four bytes are the uncompressed size, which zstd takes for garbage.
        done = subprocess.run(["zstd", "-q", "-d", "-c"], input=payload[:-4], capture_output=True,
                              check=False)
        if done.stdout:
            return done.stdout
        raise LabError(f"zstd could not decompress the kernel: {done.stderr.decode().strip()}")
    raise LabError(f"kernel payload starts with {payload[:4].hex()}, which is neither xz, gzip nor "
                   "zstd; bring a vmlinux instead of a bzImage")


_ELF_HEADER = 64
_PROGRAM_HEADER = struct.Struct("<IIQQQQQQ")
_PT_LOAD = 1


def loadable_part(elf: bytes) -> bytes:
    """The ELF kernel with nothing but its segments, and those without the zeros at their ends.

    Sections, symbols and a .bss spelled out make half of a vmlinux, and each byte passes through
    several emulated copies on its way.
    """
    table, = struct.unpack_from("<Q", elf, 0x20)
    count, = struct.unpack_from("<H", elf, 0x38)
    segments = [list(_PROGRAM_HEADER.unpack_from(elf, table + index * _PROGRAM_HEADER.size))
                for index in range(count)]
    output = bytearray(4096 * -(-(_ELF_HEADER + count * _PROGRAM_HEADER.size) // 4096))
    # Others (the notes that Xen reads) lie within a loaded segment and move along with it.
    inner = [segment for segment in segments if segment[0] != _PT_LOAD]
    moved = []
    for segment in segments:
        kind, _, offset, _, _, size, _, _ = segment
        if kind == _PT_LOAD:
            data = elf[offset:offset + size].rstrip(b"\0")
            ends = [other[2] + other[5] - offset for other in inner
                    if offset <= other[2] and other[2] + other[5] <= offset + size]
            data = elf[offset:offset + max([len(data), *ends])]
            moved.append((offset, len(data), len(output)))
            segment[2], segment[5] = len(output), len(data)
            output += data + b"\0" * (-len(data) % 4096)
    for segment in inner:
        _, _, offset, _, _, size, _, _ = segment
        for start, length, new in moved:
            if start <= offset and offset + size <= start + length:
                segment[2] = new + offset - start
    output[:_ELF_HEADER] = elf[:_ELF_HEADER]
    struct.pack_into("<QQ", output, 0x20, _ELF_HEADER, 0)
    # No section headers: their entry size stays, their number and name table go.
    struct.pack_into("<HH", output, 0x3C, 0, 0)
    for index, segment in enumerate(segments):
        _PROGRAM_HEADER.pack_into(output, _ELF_HEADER + index * _PROGRAM_HEADER.size, *segment)
    return bytes(output)


def debian_kernel(wanted: str, extra_modules: list[str], say: packages.Say) -> Kernel:
    """The Debian kernel whose headers are installed, so that modules built here load there."""
    release = choose_release(wanted, installed_header_releases())
    headers = installed_version(f"linux-headers-{release}")
    image = packages.Package(f"linux-image-{release}", headers, "amd64")
    names = sorted({*WANTED_MODULES, *extra_modules})
    key = cache.digest(str(image), own_source(), *names)

    def build(directory: pathlib.Path) -> None:
        try:
            archives = packages.fetch([image], say)
        except LabError as failure:
            raise LabError(f"{failure}; the image must be of the same version as the installed "
                           "headers: if the package sources offer a newer one only, run "
                           "'apt-get install linux-headers-amd64 linux-headers-6.12-amd64'") \
                from failure
        root = directory / "unpacked"
        root.mkdir()
        packages.unpack(archives, root)
        assemble(directory, release, root / "boot" / f"vmlinuz-{release}",
                 root / "lib" / "modules" / release, names)
        shutil.rmtree(root)

    where = cache.entry("kernel", key, build, f"prepares kernel {release}", say)
    return Kernel(release, where / "kernel.elf", where / "modules.cpio",
                  pathlib.Path("/usr/src") / f"linux-headers-{release}")


def own_kernel(image: pathlib.Path, modules: pathlib.Path | None, extra_modules: list[str],
               say: packages.Say) -> Kernel:
    """A kernel the user brings: a bzImage or vmlinux, and lib/modules/RELEASE of it, if any."""
    if not image.is_file():
        raise UsageError(f"--kernel-image {image}: no such file")
    if modules is not None and not modules.is_dir():
        raise UsageError(f"--modules-dir {modules}: no such directory; it is what "
                         "'make modules_install' calls lib/modules/RELEASE")
    release = modules.name if modules else release_of(image.read_bytes()) or image.name
    names = sorted({*WANTED_MODULES, *extra_modules})
    stamp = "" if modules is None else repr(sorted(
        (str(path), path.stat().st_mtime_ns) for path in modules.rglob("*.ko*")))
    key = cache.digest(image.read_bytes(), release, stamp, own_source(), *names)

    def build(directory: pathlib.Path) -> None:
        assemble(directory, release, image, modules, names)

    where = cache.entry("kernel", key, build, f"prepares kernel {image}", say)
    return Kernel(release, where / "kernel.elf", where / "modules.cpio")


def release_of(image: bytes) -> str | None:
    """The release that a bzImage or vmlinux names itself with."""
    match = re.search(rb"(?:Linux version )?(\d+\.\d+\.[0-9][^\s\0]*) \([^\s)]+@", image)
    return match[1].decode() if match else None


def own_source() -> bytes:
    """What this module is: its cache entries depend on it."""
    return pathlib.Path(__file__).read_bytes()


def installed_version(package: str) -> str:
    """The version of a Debian package of this machine."""
    done = subprocess.run(["dpkg-query", "-W", "-f", "${Version}", package],
                          capture_output=True, text=True, check=False)
    if done.returncode != 0 or not done.stdout:
        raise LabError(f"{package} is not installed as a Debian package; run scripts/setup")
    return done.stdout


def assemble(directory: pathlib.Path, release: str, image: pathlib.Path,
             modules: pathlib.Path | None, names: list[str]) -> None:
    """Makes a cache entry's kernel.elf and modules.cpio."""
    data = image.read_bytes()
    elf = data if data.startswith(b"\x7fELF") else decompress_bzimage(data)
    if elf is None:
        raise UsageError(f"{image} is neither an ELF kernel (vmlinux) nor an x86 bzImage")
    (directory / "kernel.elf").write_bytes(loadable_part(elf))
    small = directory / "tree" / "usr" / "lib" / "modules" / release
    small.mkdir(parents=True)
    if modules is not None:
        _copy_modules(modules, small, release, names)
    with open(directory / "modules.cpio", "wb") as output, cpio.Writer(output) as archive:
        archive.tree(directory / "tree")
    shutil.rmtree(directory / "tree")


def _copy_modules(source: pathlib.Path, target: pathlib.Path, release: str,
                  names: list[str]) -> None:
    """Copies the modules `names` and what they depend on; names the kernel lacks are skipped."""
    paths = {_plain(path): path for path in source.rglob("*.ko*")
             if path.suffix in (".ko", ".xz", ".gz", ".zst")}
    pending = [name.replace("-", "_") for name in names]
    done = set()
    while pending:
        name = pending.pop()
        if name in done or name not in paths:
            continue
        done.add(name)
        relative = paths[name].relative_to(source)
        copy = target / relative
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(paths[name], copy)
        copy = _uncompressed(copy)
        pending += modinfo(copy.read_bytes()).get("depends", "").replace("-", "_").split(",")
    for name in ("modules.builtin", "modules.builtin.modinfo", "modules.order"):
        if (source / name).is_file():
            shutil.copyfile(source / name, target / name)
    base = target.parents[3]
    # depmod insists on lib/modules; in the image lib is a link to usr/lib as well.
    (base / "lib").symlink_to("usr/lib")
    command = ["/sbin/depmod", "-b", str(base), release]
    done_process = subprocess.run(command, capture_output=True, text=True, check=False)
    (base / "lib").unlink()
    if done_process.returncode != 0:
        raise LabError(f"{' '.join(command)}: {done_process.stderr.strip()}; run scripts/setup")


def _plain(path: pathlib.Path) -> str:
    return path.name.partition(".")[0].replace("-", "_")


def _uncompressed(path: pathlib.Path) -> pathlib.Path:
    """Replaces a compressed module by what is in it: the guest need not do that work."""
    programs = {".xz": "xz", ".gz": "gzip", ".zst": "zstd"}
    program = programs.get(path.suffix)
    if program is None:
        return path
    plain = path.with_suffix("")
    with open(plain, "wb") as output:
        subprocess.run([program, "-d", "-c", str(path)], stdout=output, check=True)
    path.unlink()
    return plain


def modinfo(module: bytes) -> dict[str, str]:
    """The entries of a module's .modinfo section (as `modinfo` prints; the last one of a name)."""
    if module[:4] != b"\x7fELF" or module[4:6] != b"\x02\x01":
        return {}
    section_headers, = struct.unpack_from("<Q", module, 0x28)
    size, count, names_index = struct.unpack_from("<HHH", module, 0x3A)

    def section(index: int) -> tuple[int, int, int]:
        name, = struct.unpack_from("<I", module, section_headers + index * size)
        offset, length = struct.unpack_from("<QQ", module, section_headers + index * size + 0x18)
        return name, offset, length

    _, names_offset, _ = section(names_index)
    for index in range(count):
        name, offset, length = section(index)
        start = names_offset + name
        if module[start:module.index(b"\0", start)] == b".modinfo":
            entries = module[offset:offset + length].split(b"\0")
            pairs = (entry.decode(errors="replace").partition("=") for entry in entries if entry)
            return {key: value for key, _, value in pairs}
    return {}
