# SPDX-License-Identifier: GPL-2.0-only
"""What a machine boots, and what is particular to a run: scripts, driver, overlays, xl
configurations. That is an archive for Dom0, which holds the guests' kernel and image."""

import gzip
import pathlib
import shlex
import shutil
import time

from xenfront import ROOT, cache, cpio
from xenfront.architectures import Boot
from xenfront.command import Say
from xenfront.debian import debug_kernel, kernels, module_files
from xenfront.errors import Failure, UsageError
from xenfront.lab import build, trees
from xenfront.lab.options import DEFAULT_BACKEND, RunOptions, card_count
from xenfront.lab.results import ARCHIVE_BYTES, DOM0, FIRST_GUEST, RUN

_GUEST_FILES = pathlib.Path(__file__).parent / "guest"

# Of all kernels here. Warnings reach the console, so that they are seen even of a domain that
# dies, with the time stamps by which reports.py knows a kernel's lines. The crypto code's self-tests
# would take a quarter of an emulated boot. A ramfs, unlike the usual tmpfs, may fill more than half
# of the memory. The watchdog of the TSC takes it for broken when Xen, on so slow a processor, lets
# another domain run between two of its readings.
KERNEL_PARAMETERS = ("loglevel=5 printk.time=1 rootfstype=ramfs cryptomgr.notests=1 "
                     "initcall_blacklist=crypto_kdf108_init tsc=nowatchdog")


def driver_module(options: RunOptions, release: str) -> pathlib.Path | None:
    """The module file to insmod, checked against the kernel it shall run on."""
    if options.driver != "ours":
        return None
    remedy = ("build it by 'make KDIR=' and the tree or the headers of this kernel"
              if options.kernel_image else
              f"build it by 'scripts/lab make --arch {options.architecture.name} --kernel "
              f"{options.kernel} module'")
    path = options.module or ROOT / "build" / release / "snd-xen-front.ko"
    if not path.is_file():
        raise UsageError(f"{path}: no such module; {remedy}, give another with --module, or use "
                         "--driver in-tree or none")
    built_for = module_files.modinfo(path.read_bytes()).get("vermagic", "").split(" ")[0]
    if options.kernel_image is None and built_for != release:
        raise UsageError(f"{path} is built for kernel {built_for or 'unknown'}, the guest runs "
                         f"{release}; {remedy}")
    return path


def _backend_overlay(options: RunOptions) -> pathlib.Path | None:
    """Our backend's program when the command wants it and no overlay brings it."""
    if options.backend is None or options.backend.split()[:1] != [DEFAULT_BACKEND]:
        return None
    if any((overlay / "usr" / where / DEFAULT_BACKEND).exists()
           for overlay in options.dom0_overlay for where in ("bin", "local/bin", "sbin")):
        return None
    architecture = options.architecture.name
    path = build.build_directory(architecture) / "backend/xen-sndback"
    if not path.is_file():
        raise UsageError(f"{path}: no such file; build it ({build.how_to(architecture)} backend), "
                         "bring another with --dom0-overlay and --backend, or use --backend none")
    return path


def _shell_config(values: dict[str, object]) -> bytes:
    return "".join(f"export {name}={shlex.quote(str(value))}\n"
                   for name, value in values.items()).encode()


def _shell(options: RunOptions) -> dict[str, object]:
    """What both domains are told of scripts/lab shell."""
    terminal = shutil.get_terminal_size()
    return {"LAB_SHELL": "yes" * (options.shell is not None), "LAB_ROWS": terminal.lines,
            "LAB_COLUMNS": terminal.columns}


def _kernel(name: str, image: pathlib.Path | None, modules: pathlib.Path | None,
            further_modules: list[str], options: RunOptions, say: Say) -> kernels.Kernel:
    if image is not None:
        return kernels.own_kernel(image, modules, further_modules, say)
    return debug_kernel.by_name(name, options.arch, further_modules, say)


class Images:
    """What one run boots, and what is particular to it."""

    def __init__(self, options: RunOptions, say: Say):
        self._options = options
        architecture = options.architecture.name
        self.kernel = _kernel(options.kernel, options.kernel_image, options.modules_dir,
                              options.kernel_modules, options, say)
        # What is missing is said before anything is built or an earlier result is touched.
        self._module = driver_module(options, self.kernel.release) \
            if options.guests else None
        self._backend = _backend_overlay(options)
        if options.type == "hvm" and not self.kernel.image.is_file():
            raise UsageError(f"--type hvm: the firmware boots a bzImage, and kernel {options.kernel} "
                             "is a vmlinux; use --type pv or pvh, or --kernel-image")
        dom0_kernel = options.dom0_kernel, options.dom0_kernel_image, options.dom0_modules_dir
        self._dom0_modules = _kernel(*dom0_kernel, options.kernel_modules, options, say).modules
        self.boot = self._boot(_kernel(*dom0_kernel, [], options, say), say)
        self._domu_tree = trees.domu_tree(architecture, options.root, options.domu_packages, say)
        self._busybox = trees.busybox(architecture, say) if options.root == "disk" else None

    def _boot(self, kernel: kernels.Kernel, say: Say) -> Boot:
        """What all machines with this Xen, Dom0 and memory boot."""
        options = self._options
        architecture = options.architecture
        tree = trees.dom0_tree(options.xen, architecture.name, options.type == "hvm",
                               options.dom0_packages, say)
        init = _GUEST_FILES / "boot-init"

        def build(directory: pathlib.Path) -> None:
            with cpio.behind(directory / "image", tree, kernel.modules) as archive:
                archive.file("init", init, 0o755)

        xen = (f"{architecture.xen_options} dom0_mem={options.dom0_memory}M,"
               f"max:{options.dom0_memory}M dom0_max_vcpus=1 {options.xen_cmdline}").strip()
        key = cache.digest(str(tree), str(kernel.modules), init.read_bytes())
        return Boot(trees.hypervisor(options.xen, architecture.name, say), xen, kernel.elf,
                    # rodata=off spares Dom0 a walk over its page tables; the guests keep the protection.
                    f"{architecture.dom0_options} {KERNEL_PARAMETERS} rodata=off "
                    f"lab.archive={ARCHIVE_BYTES >> 12}",
                    cache.entry("initramfs", key, build, "packs Dom0's initramfs", say) / "image")

    def write(self, archive_file: pathlib.Path) -> None:
        """Writes what Dom0 unpacks over its initramfs to the file of the machine's disk."""
        guest_image = archive_file.with_name("domu.img")
        self._write_domu(guest_image)
        self._check_memory(guest_image)
        with open(archive_file, "wb") as output:
            output.seek(RUN * ARCHIVE_BYTES)
            with cpio.Writer(output) as archive:
                self._add_dom0_files(archive, guest_image)
        guest_image.unlink()

    def _check_memory(self, guest_image: pathlib.Path) -> None:
        """A guest needs its image twice while it unpacks it, and room for the kernel."""
        options = self._options
        image = guest_image.stat().st_size >> 20
        needed = 2 * image + 96
        if options.guests and options.memory < needed:
            remedy = "" if options.root == "disk" else ", or have it on a disk with --root disk"
            raise UsageError(f"--memory {options.memory}: the guests' image has {image} MiB; give "
                             f"them --memory {needed}{remedy}")
        disk = self._domu_tree.stat().st_size >> 20 if options.root == "disk" else 0
        device_model = 300 if options.type == "hvm" else 0
        needed = 3 * image + 2 * disk + device_model + 400
        if options.dom0_memory < needed:
            raise UsageError(f"--dom0-memory {options.dom0_memory}: the guests' image has "
                             f"{image + disk} MiB and needs --dom0-memory {needed}")

    def _write_domu(self, image: pathlib.Path) -> None:
        """What the guests boot with: all of their root, or what mounts and completes it."""
        if self._busybox is None:
            with cpio.behind(image, self._domu_tree, self.kernel.modules) as archive:
                self._add_domu_files(archive, "")
            return
        with cpio.behind(image, self.kernel.modules) as archive:
            for link, target in cpio.MERGED_USR.items():
                archive.directory(target)
                archive.symlink(link, target)
            archive.file("usr/bin/busybox", self._busybox, 0o755)
            archive.character_device("dev/console", 5, 1)
            archive.file("init", _GUEST_FILES / "disk-init", 0o755)
            archive.directory("over")
            archive.directory("over/lab")
            self._add_domu_files(archive, "over/")

    def _add_domu_files(self, archive: cpio.Writer, prefix: str) -> None:
        """What is particular to the run, below `prefix`."""
        options = self._options
        module = self._module
        depends = module_files.modinfo(module.read_bytes()).get("depends", "") if module else ""
        archive.data(f"{prefix}lab/config.sh", _shell_config({
            "LAB_DRIVER": options.driver, "LAB_DRIVER_DEPENDS": depends.replace(",", " "),
            "LAB_DRIVER_OPTIONS": options.driver_options,
            "LAB_WAIT_CARD": "yes" * (not options.no_wait_card), **_shell(options)}))
        archive.file(f"{prefix}lab/lib.sh", _GUEST_FILES / "lib.sh")
        archive.file(f"{prefix}init", _GUEST_FILES / "domu-init", 0o755)
        if module is not None:
            archive.file(f"{prefix}lab/snd-xen-front.ko", module)
        for guest in range(options.guests):
            archive.directory(f"{prefix}lab/guest{guest}")
            cards = card_count(options.vsnd_of(guest))
            archive.data(f"{prefix}lab/guest{guest}/config.sh", _shell_config({"LAB_CARDS": cards}))
            script = options.domu_script(guest)
            archive.data(f"{prefix}lab/guest{guest}/script",
                         script.content if script else b"#!/bin/sh\n", 0o755)
        for overlay in options.domu_overlay:
            archive.tree(overlay, prefix)

    def _add_dom0_files(self, archive: cpio.Writer, guest_image: pathlib.Path) -> None:
        options = self._options
        guests = range(options.guests)
        archive.data("lab/config.sh", _shell_config({
            "LAB_XEN": options.xen, "LAB_GNU_NAME": options.architecture.gnu_name,
            "LAB_GUEST_LIST": " ".join(map(str, guests)),
            "LAB_GUESTS": " ".join(f"domu{guest}" for guest in guests),
            "LAB_ROOT_DISK": f"/dev/loop{options.guests}", "LAB_SOUND": options.sound,
            "LAB_BACKEND": options.backend or "",
            "LAB_TIME_OF_DAY": int(time.time()), "LAB_ARCHIVE_MIB": ARCHIVE_BYTES >> 20,
            "LAB_DOM0_ARCHIVE": DOM0, "LAB_GUEST_ARCHIVE": FIRST_GUEST,
            "LAB_DOM0_WHEN": options.dom0_script_when, "LAB_TIME_LIMIT": options.time_limit,
            "LAB_HOOK": options.before_unpause, **_shell(options),
            "LAB_SHELL_DOM0": "yes" * (options.shell == "dom0")}))
        archive.file("lab/lib.sh", _GUEST_FILES / "lib.sh")
        archive.file("init", _GUEST_FILES / "dom0-init", 0o755)
        if options.kernel_modules:
            archive.file("lab/modules.cpio", self._dom0_modules)
        archive.directory("lab/bin")
        archive.file("lab/bin/lab-backend", _GUEST_FILES / "lab-backend", 0o755)
        archive.file("lab/block", _GUEST_FILES / "block", 0o755)
        if options.dom0_script is not None:
            archive.data("lab/dom0-script", options.dom0_script.content, 0o755)
        if self._backend is not None:
            archive.file("usr/bin/xen-sndback", self._backend, 0o755)
            # The build of it that attacks frontends, for tests of them.
            hostile = self._backend.with_name("xen-sndback-hostile")
            if hostile.is_file():
                archive.file("usr/bin/xen-sndback-hostile", hostile, 0o755)
        if options.guests:
            archive.file("lab/domu.kernel",
                         self.kernel.image if options.type == "hvm" else self.kernel.elf)
            if options.root == "disk":
                archive.file("lab/domu.squashfs", self._domu_tree)
            archive.data("lab/domu.initramfs", self._boot_image(guest_image))
        for guest in guests:
            archive.data(f"lab/domu{guest}.cfg", self._xl_config(guest).encode())
        for overlay in options.dom0_overlay:
            archive.tree(overlay)

    def _boot_image(self, image: pathlib.Path) -> bytes:
        """A guest's image as its loader takes it. That of HVM guests reads each byte from a port of
        the device model, of which 330 kB come in a second."""
        content = image.read_bytes()
        return gzip.compress(content, 6) if self._options.type == "hvm" else content

    def _disks(self, guest: int) -> list[str]:
        """Dom0's loop devices: one for each guest's results, and then that of the guests' root. The
        device model would emulate a disk xvda to xvdd, too, and takes none that is read-only."""
        disks = [("xvde, access=rw", guest), ("xvdf, access=ro", self._options.guests)]
        return [f"'vdev={disk}, format=raw, backendtype=phy, script=/lab/block, "
                f"target=/dev/loop{number}'"
                for disk, number in disks[:1 + (self._options.root == "disk")]]

    def _clock(self) -> str:
        """What spares a guest half a second in which it compares the time stamp counter with a timer that
        it does not have: with QEMU's icount, it counts nanoseconds."""
        counts = self._options.icount is not None and self._options.architecture.name == "amd64"
        return "tsc_early_khz=1000000" if counts else ""

    def _xl_config(self, guest: int) -> str:
        options = self._options
        command_line = (f"console=hvc0 {KERNEL_PARAMETERS} {self._clock()} lab.guest={guest} "
                        f"{options.cmdline}")
        if '"' in command_line:
            raise Failure(f"--cmdline {options.cmdline}: xl.cfg cannot hold a double quote here; use single ones")
        lines = [
            f'name = "domu{guest}"', f'type = "{options.type}"', 'kernel = "/lab/domu.kernel"',
            'ramdisk = "/lab/domu.initramfs"', f'memory = {options.memory}',
            f'vcpus = {options.vcpus}', f'cmdline = "{command_line.strip()}"',
            f"disk = [ {', '.join(self._disks(guest))} ]",
            'on_poweroff = "destroy"', 'on_reboot = "destroy"', 'on_crash = "destroy"']
        if options.type == "hvm":
            lines += ['vga = "none"', "nographic = 1", 'serial = "none"',
                      'device_model_version = "qemu-xen"']
        vsnd = options.vsnd_of(guest)
        if vsnd is not None:
            lines.append(f"vsnd = {vsnd}")
        if options.domu_config:
            lines.append(options.domu_config)
        return "\n".join(lines) + "\n"
