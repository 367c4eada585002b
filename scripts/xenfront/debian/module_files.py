# SPDX-License-Identifier: GPL-2.0-only
"""Kernel modules as files: the few of a kernel that the lab uses, and what a module says of itself."""

import io
import pathlib
import shutil

from elftools.elf.elffile import ELFFile

from xenfront import process


def copy_modules(source: pathlib.Path, target: pathlib.Path, release: str,
                 names: list[str]) -> None:
    """Copies the modules `names` and what they depend on; names the kernel lacks are skipped. Of two
    of one name, as DKMS leaves them, both are there, and depmod chooses as on any machine."""
    paths: dict[str, list[pathlib.Path]] = {}
    for path in source.rglob("*.ko*"):
        if path.suffix in (".ko", ".xz", ".gz", ".zst"):
            paths.setdefault(_plain(path), []).append(path)
    pending = [name.replace("-", "_") for name in names]
    done = set()
    while pending:
        name = pending.pop()
        if name in done or name not in paths:
            continue
        done.add(name)
        for path in paths[name]:
            copy = target / path.relative_to(source)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, copy)
            copy = _uncompressed(copy)
            pending += modinfo(copy.read_bytes()).get("depends", "").replace("-", "_").split(",")
    for name in ("modules.builtin", "modules.builtin.modinfo", "modules.order"):
        if (source / name).is_file():
            shutil.copyfile(source / name, target / name)
    base = target.parents[3]
    # depmod insists on lib/modules; in the image lib is a link to usr/lib as well.
    (base / "lib").symlink_to("usr/lib")
    try:
        process.output(["/sbin/depmod", "-b", base, release])
    finally:
        (base / "lib").unlink()


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
        process.output([program, "-d", "-c", path], stdout=output)
    path.unlink()
    return plain


def modinfo(module: bytes) -> dict[str, str]:
    """The entries of a module's .modinfo section (as `modinfo` prints; the last one of a name)."""
    if module[:4] != b"\x7fELF":
        return {}
    section = ELFFile(io.BytesIO(module)).get_section_by_name(".modinfo")
    entries = section.data().split(b"\0") if section else []
    pairs = (entry.decode(errors="replace").partition("=") for entry in entries if entry)
    return {key: value for key, _, value in pairs}
