# SPDX-License-Identifier: GPL-2.0-only
"""The command line of scripts/lab."""

import argparse
import datetime
import os
import pathlib
import shutil
import sys
import textwrap
import time
from typing import Callable

from xenfront import ROOT, cache
from xenfront.command import Progress, complain, shown
from xenfront.debian import debug_kernel, releases
from xenfront.errors import ExitStatus, UsageError
from xenfront.lab import architectures
from xenfront.lab import build as builder
from xenfront.lab import machine
from xenfront.lab import options as option_rules
from xenfront.lab import programs, trees
from xenfront.lab.image import Images
from xenfront.lab.results import Outcome

DESCRIPTION = """\
Boots Xen in QEMU (no KVM needed) with a Debian Dom0 and any number of DomUs, with a virtual sound
card (sndif) between them. By default guest time is a count of instructions (QEMU's icount), so
that a loaded host makes a run slower but not different.
"""

EPILOG = """\
examples:
  scripts/lab run --domu-command 'aplay -D hw:0 /usr/share/my.wav' --domu-overlay mytree
  scripts/lab run --driver in-tree --kernel 6.12 --type pvh --domu-command 'aplay -l'
  scripts/lab run --driver none --backend none --sound ac97 --dom0-command 'aplay -l'
  scripts/lab shell --driver in-tree

exit status:
  0  all scripts exited with 0 and no kernel log has a report
  1  a script exited with another status, the backend gave up, or a guest's driver was not loaded
     or its sound cards did not come
  2  wrong usage, or something to be built first is missing
  3  a kernel report (panic, oops, WARN, BUG, lockdep, hung task, leak, any call trace ...) in a log
     of Dom0, a DomU or Xen
  4  the time limit of the guests (--time-limit) or of the host (--host-limit) was reached
  5  the lab itself failed: packages, boot, toolstack, a guest that was lost
When several apply: 3, then 5, 4, 1.

`scripts/lab run --help` describes all options and what scripts in the domains find.
"""

RUN_EPILOG = """\
scripts:
  Each script runs as root in /root, in a session of its own, with
    LAB_OUT      a directory whose files come back to the host
    LAB_DOMAIN   dom0, domu0, domu1 ...        LAB_GUEST   in a DomU: its number
    LAB_GUESTS   in Dom0: the guests' names    LAB_SOUND   in Dom0: the --sound choice
  A file without #! is run by /bin/sh, a command by bash. In Dom0 `xl`, the xenstore-* tools and
  `lab-backend` (start, stop, restart, kill, hang, continue, pid) are there. The run ends when all
  scripts have ended; guests stay up until then. Start Dom0's script with --dom0-script-when: at the
  start of the guests' creation, when all guests' scripts run (default), or when those have ended.

results, in build/lab/RUN (build/lab/last is the latest run):
  summary.json                      all of the below in short
  dom0/{stdout,stderr,status}       of Dom0's script;  domuN/... of the guests'
  dom0/files/  domuN/files/         what the scripts left in $LAB_OUT (symbolic links as NAME.link)
  {dom0,domuN}/{dmesg,console.log}  kernel logs;  xen.log: the hypervisor's
  dom0/backend/{stdout,stderr,status}
  dom0-ac97.wav                     what the AC97 card played (--sound ac97)

the virtual sound card:
  --vsnd takes what xl.cfg(5) calls vsnd: a list of cards, each a list of strings, from a file or
  as text. Default:
    %(vsnd)s
  'N:' in front of the value of --vsnd, --domu-script and --domu-command means guest N only.

the backend:
  A program that stays in the foreground, watches XenStore and so finds guests whenever they come.
  Default: our reference backend, with its null device. Bring another with --dom0-overlay.

kernels:
  --kernel and --dom0-kernel are one of
    %(kernels)s.
  They and what modules for them are built with come from the mirror that this machine's apt is
  configured with. debug-6.1 or debug-6.12: with lockdep, kmemleak, fault injection and the like,
  built here once, wants --memory 800, for guests only.

kernels of your own:
  --kernel-image (bzImage or vmlinux; for arm64 Image; with CONFIG_XEN_PV or CONFIG_XEN_PVH and HVC_XEN, built-in or as modules:
  XEN_BLKDEV_FRONTEND, XEN_XENBUS_FRONTEND, TMPFS, DEVTMPFS, SND_PCM) with --modules-dir.

other packages:
  They are unpacked, not configured: no maintainer script runs. Recommended packages do not come.
""" % {"vsnd": option_rules.DEFAULT_VSND.replace("\n", "\n    "),
       "kernels": "\n    ".join(textwrap.wrap(releases.NAMES, 90))}

DEFAULT_KERNEL = "6.1"


def _add_architecture(group: argparse._ActionsContainer) -> None:
    group.add_argument("--arch", choices=list(architectures.ALL), default="amd64",
                       help="architecture of the machine under Xen and all its domains (default: "
                            "%(default)s)")


def _add_machine_options(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("guests")
    group.add_argument("--kernel", default=DEFAULT_KERNEL, metavar="NAME",
                       help="the guests' kernel, one of Debian's; see below (default: %(default)s)")
    group.add_argument("--kernel-image", metavar="FILE", help="a kernel of your own instead")
    group.add_argument("--modules-dir", metavar="DIR",
                       help="its lib/modules/RELEASE, if it has modules")
    group.add_argument("--kernel-modules", action="append", default=[], metavar="NAME,...",
                       help="further modules of the kernels (Dom0's, too) for the images")
    group.add_argument("--cmdline", default="", metavar="TEXT",
                       help="added to the guests' kernel command line")
    group.add_argument("--type", choices=("pv", "pvh", "hvm"),
                       help="guest type; hvm: with a device model in Dom0, that boots the kernel "
                            "(default: pv; arm64 has pvh only)")
    group.add_argument("--root", choices=("memory", "disk"), default="memory",
                       help="where the guests' files are: memory is simpler and boots faster; a "
                            "compressed, read-only disk, in Dom0's memory, with changes in "
                            "the guest's, takes hundreds of packages (default: %(default)s)")
    group.add_argument("--memory", type=int, default=512, metavar="MIB",
                       help="of each guest (default: %(default)s)")
    group.add_argument("--spare-memory", type=int, default=0, metavar="MIB",
                       help="that belongs to no guest at first: a migration needs another "
                            "guest's worth (default: %(default)s)")
    group.add_argument("--vcpus", type=int, default=1, metavar="N",
                       help="of each guest (default: %(default)s)")
    group.add_argument("--guests", type=int, default=1, metavar="N",
                       help="how many, 0 to 16 (default: %(default)s)")
    group.add_argument("--domu-config", action="append", default=[], metavar="LINE",
                       help="a further line of the guests' xl configuration")
    group.add_argument("--driver", choices=("ours", "in-tree", "none"), default="ours",
                       help="the sound frontend the guests load (default: %(default)s)")
    group.add_argument("--module", metavar="FILE",
                       help="our driver (default: build/RELEASE/snd-xen-front.ko)")
    group.add_argument("--driver-options", default="", metavar="TEXT",
                       help="module parameters for either driver")
    group.add_argument("--no-wait-card", action="store_true",
                       help="start the guests' scripts without waiting for their sound cards, "
                            "which otherwise have to come within 20 s")
    group.add_argument("--vsnd", action="append", default=[], metavar="[N:]FILE|TEXT|none",
                       help="the virtual sound cards; see below")
    group.add_argument("--domu-packages", action="append", default=[], metavar="NAME,...",
                       help="further Debian packages for the guests")
    group.add_argument("--domu-overlay", action="append", default=[], metavar="DIR",
                       help="a tree of files copied over the guests' root")
    group = parser.add_argument_group("Dom0")
    group.add_argument("--dom0-kernel", default=DEFAULT_KERNEL, metavar="NAME",
                       help="as --kernel (default: %(default)s)")
    group.add_argument("--dom0-kernel-image", metavar="FILE",
                       help="as --kernel-image; it also needs XEN_DOM0, VIRTIO_PCI and VIRTIO_BLK")
    group.add_argument("--dom0-modules-dir", metavar="DIR", help="as --modules-dir")
    group.add_argument("--dom0-cmdline", default="", metavar="TEXT",
                       help="added to Dom0's kernel command line")
    group.add_argument("--dom0-memory", type=int, default=1536, metavar="MIB",
                       help="default: %(default)s; files brought back pass through it")
    group.add_argument("--dom0-vcpus", type=int, default=1, metavar="N",
                       help="default: %(default)s")
    group.add_argument("--dom0-packages", action="append", default=[], metavar="NAME,...",
                       help="further Debian packages for Dom0")
    group.add_argument("--dom0-overlay", action="append", default=[], metavar="DIR",
                       help="a tree of files copied over Dom0's root")
    group.add_argument("--backend", default=option_rules.DEFAULT_BACKEND, metavar="COMMAND|none",
                       help="what Dom0 starts to serve the sound cards (default: '%(default)s')")
    group.add_argument("--sound", choices=("none", "ac97", "aloop", "dummy"), default="none",
                       help="Dom0's sound card: an emulated AC97 that QEMU records to a WAV file, "
                            "snd-aloop or snd-dummy (default: %(default)s)")
    group.add_argument("--sound-rate", type=int, default=48000, metavar="HZ",
                       help="of the recorded WAV file (default: %(default)s)")
    group.add_argument("--before-unpause", default="", metavar="COMMAND",
                       help="run in Dom0 for each guest between its creation and its start, with "
                            "LAB_GUEST and LAB_DOMID: to change XenStore nodes, for example")
    group = parser.add_argument_group("the run")
    _add_architecture(group)
    group.add_argument("--cpus", type=int, metavar="N",
                       help="of the machine under Xen (default: 2; arm64: 1, which is all that "
                            "--icount can have there)")
    group.add_argument("--xen", choices=tuple(trees.XEN), default=trees.default_xen(),
                       help="its version, with that toolstack in Dom0 (default: this machine's "
                            "Debian release's, %(default)s)")
    group.add_argument("--xen-cmdline", default="", metavar="TEXT",
                       help="added to Xen's command line")
    group.add_argument("--icount", default="1", metavar="SHIFT|off",
                       help="nanoseconds an instruction takes, as a power of two; off: real time, "
                            "faster but not repeatable (default: %(default)s)")
    group.add_argument("--qemu-plugin", metavar="FILE[,ARGUMENT=VALUE...]",
                       help="a TCG plugin that QEMU loads, to count instructions for example")
    group.add_argument("--name", metavar="RUN",
                       help="the result directory's name (default: from the time)")
    group.add_argument("--keep", action="store_true", help="keep the images and disks of the run")
    group.add_argument("--quiet", action="store_true", help="no progress, only what went wrong")


def _add_script_options(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("scripts")
    group.add_argument("--domu-script", action="append", default=[], metavar="[N:]FILE",
                       help="run in each guest (or in guest N)")
    group.add_argument("--domu-command", action="append", default=[], metavar="[N:]COMMAND",
                       help="the same, as a command")
    group.add_argument("--dom0-script", metavar="FILE", help="run in Dom0")
    group.add_argument("--dom0-command", metavar="COMMAND", help="the same, as a command")
    group.add_argument("--dom0-script-when", choices=("start", "guests-up", "guests-done"),
                       default="guests-up", help="default: %(default)s")
    group.add_argument("--time-limit", type=int, default=300, metavar="SECONDS",
                       help="guest time for all scripts (default: %(default)s)")
    group.add_argument("--host-limit", type=int, default=1800, metavar="SECONDS",
                       help="real time for the whole machine (default: %(default)s)")
    group.add_argument("--allow-report", action="append", default=[], metavar="REGEX",
                       help="kernel reports that match do not fail the run")
    group.add_argument("--guests-may-vanish", action="store_true",
                       help="a guest that is destroyed or crashes is no failure of the lab")


def parser() -> argparse.ArgumentParser:
    raw = argparse.RawDescriptionHelpFormatter
    top = argparse.ArgumentParser(prog="scripts/lab", description=DESCRIPTION, epilog=EPILOG,
                                     formatter_class=raw)
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    run = commands.add_parser("run", help="boot, run scripts, bring back results",
                              description=DESCRIPTION, epilog=RUN_EPILOG, formatter_class=raw)
    _add_script_options(run)
    _add_machine_options(run)
    shell = commands.add_parser(
        "shell", help="boot and give a shell on the DomU's console", formatter_class=raw,
        description="Boots and puts this terminal on the console of domu0, logged in as root.\n"
                    "exit ends the run; Ctrl-] leaves the guest's console for a shell in Dom0, where\n"
                    "'xl console domu0' goes back and exit ends the run. Real time (--icount off)\n"
                    "unless asked otherwise. Ctrl-C and all other keys go to the guest.")
    shell.add_argument("--dom0", action="store_true", help="begin with the shell in Dom0")
    _add_machine_options(shell)
    shell.set_defaults(icount="off")
    build = commands.add_parser("build", help="only fill the cache: packages, trees, kernels",
                                formatter_class=raw)
    _add_machine_options(build)
    make = commands.add_parser(
        "make", help="run make for a kernel, with its compiler", formatter_class=raw,
        description="Runs this repository's make with the headers and the compiler of each of the\n"
                    "kernels, which are fetched and not installed: 'scripts/lab make --kernel 6.12\n"
                    "module' leaves build/RELEASE/snd-xen-front.ko. Exits with 1 when make fails.")
    make.add_argument("--kernel", action="append", metavar="NAME",
                      help=f"as of scripts/lab run; several are possible (default: "
                           f"{DEFAULT_KERNEL})")
    _add_architecture(make)
    make.add_argument("arguments", nargs="*", metavar="TARGET|VARIABLE=VALUE", default=["module"],
                      help="for make (default: module)")
    programs_parser = commands.add_parser(
        "programs", help="run make for what runs in domains of another architecture",
        formatter_class=raw,
        description="Runs this repository's make with a compiler and libraries for --arch, which are\n"
                    "fetched and not installed; what it builds is below build/ARCH, where\n"
                    "'scripts/lab run --arch ARCH' looks. Exits with 1 when make fails.")
    _add_architecture(programs_parser)
    programs_parser.add_argument("targets", nargs="*", metavar="TARGET",
                                 default=["backend", "guest-tests"],
                                 help="of make (default: backend guest-tests)")
    clean = commands.add_parser("clean", help="remove the cache, or old results",
                                formatter_class=raw)
    clean.add_argument("--results", action="store_true",
                       help=f"remove build/lab instead of the cache ({cache.cache_root()})")
    return top


def _result_directory(name: str | None) -> pathlib.Path:
    base = ROOT / "build" / "lab"
    base.mkdir(parents=True, exist_ok=True)
    if name is None:
        now = datetime.datetime.now().strftime("%Y%m%d-%H%M%S")
        name = f"{now}-{os.getpid()}"
    directory = base / name
    if directory.exists():
        shutil.rmtree(directory)
    directory.mkdir()
    link = base / f".last-{os.getpid()}"
    link.symlink_to(name)
    link.rename(base / "last")
    return directory


def _run(arguments: argparse.Namespace) -> ExitStatus:
    progress = Progress(arguments.quiet)
    options = option_rules.from_arguments(arguments)
    images = Images(options, progress)
    terminal = shutil.get_terminal_size()
    directory = _result_directory(options.name)
    try:
        return _boot_and_judge(options, images, directory, progress,
                               (terminal.lines, terminal.columns))
    finally:
        _remove_images(directory, options.keep)


def _boot_and_judge(options: option_rules.RunOptions, images: Images, directory: pathlib.Path,
                    progress: Progress, terminal: tuple[int, int]) -> ExitStatus:
    initramfs = images.write(directory, terminal)
    (directory / "dom0").mkdir()
    progress(f"boots Xen; results go to {shown(directory)}")
    command = machine.command_line(options, images, initramfs, directory)
    start = time.monotonic()
    limit_reached, failure = machine.run(command, options, directory, progress)
    if options.shell is not None:
        if failure:
            complain(failure)
        return ExitStatus.LAB_FAILED if failure else ExitStatus.OK
    outcome = Outcome(options, directory)
    outcome.collect(limit_reached, failure)
    outcome.write(time.monotonic() - start)
    _print_summary(outcome, directory, progress)
    return outcome.status


def _remove_images(directory: pathlib.Path, keep: bool) -> None:
    if keep:
        return
    for path in [*directory.glob("*.disk"), *directory.glob("*.img")]:
        path.unlink()


def _print_summary(outcome: Outcome, directory: pathlib.Path, progress: Progress) -> None:
    for report in outcome.reports[:3]:
        complain(f"kernel report: {report}")
    if len(outcome.reports) > 3:
        complain(f"and {len(outcome.reports) - 3} more kernel reports; see summary.json")
    for _, problem in outcome.problems:
        complain(f"{problem}")
    scripts = ", ".join(f"{name}: {status}" for name, status in outcome.scripts.items())
    progress(f"scripts: {scripts or 'none'}")
    progress(f"{outcome.status.name} ({int(outcome.status)}); results in {shown(directory)}")


def _shell(arguments: argparse.Namespace) -> ExitStatus:
    if not sys.stdin.isatty():
        raise UsageError("shell needs a terminal; for commands use scripts/lab run")
    for name, value in (("domu_script", []), ("domu_command", []), ("dom0_script", None),
                        ("dom0_command", None), ("dom0_script_when", "guests-up"),
                        ("time_limit", 100000), ("host_limit", 1000000), ("allow_report", []),
                        ("guests_may_vanish", True)):
        setattr(arguments, name, value)
    arguments.shell = "dom0" if arguments.dom0 else "domu"
    return _run(arguments)


def _build(arguments: argparse.Namespace) -> ExitStatus:
    progress = Progress(arguments.quiet)
    extra = arguments.kernel_modules
    names = [name for value in extra for name in value.split(",")]
    for kernel in sorted({arguments.kernel, arguments.dom0_kernel}):
        debug_kernel.by_name(kernel, arguments.arch, names, progress)
    trees.hypervisor(arguments.xen, arguments.arch, progress)
    trees.dom0_tree(arguments.xen, arguments.arch, arguments.type == "hvm",
                    [n for v in arguments.dom0_packages for n in v.split(",")], progress)
    make_tree = trees.domu_disk if arguments.root == "disk" else trees.domu_tree
    make_tree(arguments.arch, [n for v in arguments.domu_packages for n in v.split(",")], progress)
    progress(f"everything is in {cache.cache_root()}")
    return ExitStatus.OK


def _make(arguments: argparse.Namespace) -> ExitStatus:
    progress = Progress(False)
    for name in arguments.kernel or [DEFAULT_KERNEL]:
        headers = builder.headers_of(name, arguments.arch, progress)
        done = builder.make(headers, arguments.arguments)
        sys.stdout.write(done.stdout)
        sys.stdout.flush()
        if done.returncode != 0:
            complain(f"make {' '.join(arguments.arguments)} failed for kernel {name}; its messages "
                  "are above")
            return ExitStatus.SCRIPT_FAILED
    return ExitStatus.OK


def _programs(arguments: argparse.Namespace) -> ExitStatus:
    if programs.make(arguments.arch, arguments.targets, Progress(False)):
        return ExitStatus.OK
    complain(f"make {' '.join(arguments.targets)} failed for {arguments.arch}; its messages are "
          "above")
    return ExitStatus.SCRIPT_FAILED


def _clean(arguments: argparse.Namespace) -> ExitStatus:
    if arguments.results:
        shutil.rmtree(ROOT / "build" / "lab", ignore_errors=True)
        print("removed build/lab")
    else:
        freed = cache.clean()
        print(f"removed {cache.cache_root()}: {freed >> 20} MiB")
    return ExitStatus.OK


def main(argv: list[str]) -> int:
    """Runs the command and returns the exit status."""
    arguments = parser().parse_args(argv)
    commands: dict[str, Callable[[argparse.Namespace], ExitStatus]] = {
        "run": _run, "shell": _shell, "build": _build, "make": _make, "programs": _programs,
        "clean": _clean}
    return commands[arguments.command](arguments)
