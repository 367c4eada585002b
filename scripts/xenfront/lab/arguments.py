# SPDX-License-Identifier: GPL-2.0-only
"""The command line of scripts/lab, and what its --help says."""

import argparse
import pathlib
import textwrap
from typing import Any, Callable, NoReturn

from xenfront import architectures, cache
from xenfront.debian import releases
from xenfront.errors import UsageError
from xenfront.lab import trees
from xenfront.lab.options import (DEFAULT_BACKEND, DEFAULT_KERNEL, DEFAULT_VSND, RunOptions,
                                  directory, file, icount, names, number, pattern, per_guest,
                                  run_name, script_in_file, script_of, vsnd_text)

DESCRIPTION = """\
Boots Xen in QEMU (no KVM needed) with a Debian Dom0 and any number of DomUs, with a virtual sound
card (sndif) between them. By default guest time is a count of instructions (QEMU's icount), so
that a loaded host makes a run slower but not different. The first run with a Xen, Dom0 and machine
boots them, and keeps QEMU's state in the cache; later runs go on from there.
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
  `lab-backend` (start, stop, restart, kill, hang, continue, pid, running) are there. The run ends when all
  scripts have ended; guests stay up until then. --dom0-script-when says when Dom0's
  script starts: when their creation begins (start), once all guests' scripts have started
  (guests-up, the default), or when they have ended (guests-done).

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
  Default: our reference backend, with its null device. Put another into Dom0 with --dom0-overlay,
  and name it with --backend.

kernels:
  --kernel and --dom0-kernel are one of
    %(kernels)s.
  They and what modules for them are built with come from the mirror that this machine's apt is
  configured with. Others are for guests only, and built here once:
    debug-6.1, debug-6.12  with lockdep, kmemleak, fault injection and the like; wants --memory 800
    kcsan-6.12             reports data races; wants --memory 800
    clang-6.12             built by Clang with CFI and LTO; wants scripts/setup --for clang-kernel
    built-in-6.12          has our driver in it and loads no module; wants --driver in-tree

kernels of your own:
  --kernel-image (bzImage or vmlinux; for arm64 Image; with CONFIG_XEN_PV or CONFIG_XEN_PVH and
  HVC_XEN, built-in or as modules:
  XEN_BLKDEV_FRONTEND, XEN_XENBUS_FRONTEND, TMPFS, DEVTMPFS, SND_PCM) with --modules-dir.

other packages:
  They are unpacked, not configured: no maintainer script runs. Recommended packages do not come.
""" % {"vsnd": DEFAULT_VSND.replace("\n", "\n    "),
       "kernels": "\n    ".join(textwrap.wrap(releases.NAMES, 90))}


def add_architecture(add: Callable[..., argparse.Action]) -> None:
    add("--arch", choices=list(architectures.ALL), default="amd64",
        help="architecture of the machine under Xen and all its domains (default: "
             "%(default)s)")


def add_machine(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument_group("guests").add_argument
    add("--kernel", default=DEFAULT_KERNEL, metavar="NAME",
        help="the guests' kernel, one of Debian's; see below (default: %(default)s)")
    add("--kernel-image", type=file, metavar="FILE", help="a kernel of your own instead")
    add("--modules-dir", type=directory, metavar="DIR",
        help="its lib/modules/RELEASE, if it has modules")
    add("--kernel-modules", type=names, action="extend", default=[], metavar="NAME,...",
        help="further modules of the kernels (Dom0's, too) for the images")
    add("--cmdline", default="", metavar="TEXT",
        help="added to the guests' kernel command line")
    add("--type", choices=("pv", "pvh", "hvm"),
        help="guest type; hvm: with a device model in Dom0, that boots the kernel; wants a "
             "QEMU with one line less, see tests/README.md (default: pv; arm64 has pvh only)")
    add("--root", choices=("memory", "disk"), default="memory",
        help="where the guests' files are: memory is simpler and boots faster; a "
             "compressed, read-only disk, in Dom0's memory, with changes in "
             "the guest's, takes hundreds of packages (default: %(default)s)")
    add("--memory", type=number(64, 16384), default=512, metavar="MIB",
        help="of each guest (default: %(default)s)")
    add("--spare-memory", type=number(0, 16384), default=0, metavar="MIB",
        help="that belongs to no guest at first: a migration needs another "
             "guest's worth (default: %(default)s)")
    add("--vcpus", type=number(1, 16), default=1, metavar="N",
        help="of each guest (default: %(default)s)")
    add("--guests", type=number(0, 16), default=1, metavar="N",
        help="how many, 0 to 16 (default: %(default)s)")
    add("--domu-config", action="append", default=[], metavar="LINE",
        help="a further line of the guests' xl configuration")
    add("--driver", choices=("ours", "in-tree", "none"), default="ours",
        help="the sound frontend the guests load (default: %(default)s)")
    add("--module", type=pathlib.Path, metavar="FILE",
        help="our driver (default: build/RELEASE/snd-xen-front.ko)")
    add("--driver-options", default="", metavar="TEXT",
        help="module parameters for either driver")
    add("--no-wait-card", action="store_true",
        help="start the guests' scripts without waiting for their sound cards, "
             "which otherwise have to come within 20 s")
    add("--vsnd", type=per_guest(vsnd_text), action="append", default=[],
        metavar="[N:]FILE|TEXT|none",
        help="the virtual sound cards; see below")
    add("--domu-packages", type=names, action="extend", default=[], metavar="NAME,...",
        help="further Debian packages for the guests")
    add("--domu-overlay", type=directory, action="append", default=[], metavar="DIR",
        help="a tree of files copied over the guests' root")
    add = parser.add_argument_group("Dom0").add_argument
    add("--dom0-kernel", default=DEFAULT_KERNEL, metavar="NAME",
        help="as --kernel (default: %(default)s)")
    add("--dom0-kernel-image", type=file, metavar="FILE",
        help="as --kernel-image; it also needs XEN_DOM0, and, built-in or as modules: XENFS, "
             "XEN_PRIVCMD, XEN_DEV_EVTCHN, XEN_GNTDEV, XEN_BLKDEV_BACKEND, BLK_DEV_LOOP, "
             "VIRTIO_PCI, VIRTIO_BLK")
    add("--dom0-modules-dir", type=directory, metavar="DIR", help="as --modules-dir")
    add("--dom0-memory", type=number(512, 65536), default=1536, metavar="MIB",
        help="default: %(default)s; files brought back pass through it")
    add("--dom0-packages", type=names, action="extend", default=[], metavar="NAME,...",
        help="further Debian packages for Dom0")
    add("--dom0-overlay", type=directory, action="append", default=[], metavar="DIR",
        help="a tree of files copied over Dom0's root")
    add("--backend", default=DEFAULT_BACKEND, metavar="COMMAND|none",
        help="what Dom0 starts to serve the sound cards (default: '%(default)s')")
    add("--sound", choices=("none", "ac97", "aloop", "dummy"), default="none",
        help="Dom0's sound card: an emulated AC97 that QEMU records to a WAV file, "
             "snd-aloop or snd-dummy (default: %(default)s)")
    add("--sound-rate", type=number(8000, 384000), default=48000, metavar="HZ",
        help="of the recorded WAV file (default: %(default)s)")
    add("--before-unpause", default="", metavar="COMMAND",
        help="run in Dom0 for each guest between its creation and its start, with "
             "LAB_GUEST and LAB_DOMID: to change XenStore nodes, for example")
    add = parser.add_argument_group("the run").add_argument
    add_architecture(add)
    add("--cpus", type=number(1, 16), metavar="N",
        help="of the machine under Xen (default: 2; arm64: 1, which is all that "
             "--icount can have there)")
    add("--xen", choices=tuple(trees.XEN), default=trees.default_xen(),
        help="its version, with that toolstack in Dom0 (default: this machine's "
             "Debian release's, %(default)s)")
    add("--xen-cmdline", default="", metavar="TEXT",
        help="added to Xen's command line")
    add("--icount", type=icount, default="1", metavar="SHIFT|off",
        help="nanoseconds an instruction takes, as a power of two; off: real time, "
             "faster but not repeatable (default: %(default)s)")
    add("--qemu-plugin", metavar="FILE[,ARGUMENT=VALUE...]",
        help="a TCG plugin that QEMU loads, to count instructions for example")
    add("--name", type=run_name, metavar="RUN",
        help="the result directory's name (default: from the time)")
    add("--keep", action="store_true", help="keep the machine's disk, a sparse file")
    add("--quiet", action="store_true", help="no progress, only what went wrong")


def add_scripts(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("scripts")
    add = group.add_argument
    add("--domu-script", dest="domu_scripts", type=per_guest(script_in_file), action="append",
        default=[], metavar="[N:]FILE",
        help="run in each guest (or in guest N)")
    add("--domu-command", dest="domu_scripts", type=per_guest(script_of), action="append",
        default=[], metavar="[N:]COMMAND",
        help="the same, as a command")
    exclusive = group.add_mutually_exclusive_group().add_argument
    exclusive("--dom0-script", type=script_in_file, metavar="FILE", help="run in Dom0")
    exclusive("--dom0-command", dest="dom0_script", type=script_of, metavar="COMMAND",
              help="the same, as a command")
    add("--dom0-script-when", choices=("start", "guests-up", "guests-done"),
        default="guests-up", help="default: %(default)s")
    add("--time-limit", type=number(1, 100000), default=300, metavar="SECONDS",
        help="guest time for all scripts (default: %(default)s)")
    add("--host-limit", type=number(10, 1000000), default=1800, metavar="SECONDS",
        help="real time for the whole machine (default: %(default)s)")
    add("--allow-report", type=pattern, action="append", default=[], metavar="REGEX",
        help="kernel reports that match do not fail the run")


class Parser(argparse.ArgumentParser):
    """Its texts are printed as they are, and it exits by an exception."""

    def __init__(self, **options: Any):
        super().__init__(formatter_class=argparse.RawDescriptionHelpFormatter, **options)

    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{message.removeprefix('argument ')}; see {self.prog} --help")


def parser() -> argparse.ArgumentParser:
    top = Parser(prog="scripts/lab", description=DESCRIPTION, epilog=EPILOG)
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    run = commands.add_parser("run", help="boot, run scripts, bring back results",
                              description=DESCRIPTION, epilog=RUN_EPILOG)
    add_scripts(run)
    add_machine(run)
    shell = commands.add_parser(
        "shell", help="boot and give a shell on the DomU's console",
        description="Boots and puts this terminal on the console of domu0, logged in as root.\n"
                    "exit ends the run; Ctrl-] leaves the guest's console for a shell in Dom0, where\n"
                    "'xl console domu0' goes back and exit ends the run. Real time (--icount off)\n"
                    "unless asked otherwise. Ctrl-C and all other keys go to the guest.")
    shell.add_argument("--dom0", action="store_true", help="begin with the shell in Dom0")
    add_machine(shell)
    # As the options of scripts would have it.
    shell.set_defaults(icount="off", domu_scripts=[], dom0_script=None, dom0_script_when="guests-up",
                       time_limit=100000, host_limit=1000000, allow_report=[])
    build = commands.add_parser("build", help="only fill the cache: packages, trees, kernels, and a "
                                              "machine whose Dom0 has booted")
    add_machine(build)
    build.set_defaults(domu_scripts=[], host_limit=1800, allow_report=[])
    make = commands.add_parser(
        "make", help="run make for a kernel, with its compiler",
        description="Runs this repository's make with the headers and the compiler of each of the\n"
                    "kernels, which are fetched and not installed: 'scripts/lab make --kernel 6.12\n"
                    "module' leaves build/RELEASE/snd-xen-front.ko. Exits with 1 when make fails.")
    make.add_argument("--kernel", action="append", metavar="NAME",
                      help="as of scripts/lab run; several are possible (default: "
                           f"{DEFAULT_KERNEL})")
    add_architecture(make.add_argument)
    make.add_argument("arguments", nargs="*", metavar="TARGET|VARIABLE=VALUE", default=["module"],
                      help="for make (default: module)")
    programs = commands.add_parser(
        "programs", help="run make for what runs in domains of another architecture",
        description="Runs this repository's make with a compiler and libraries for --arch, which are\n"
                    "fetched and not installed; what it builds is below build/ARCH, where\n"
                    "'scripts/lab run --arch ARCH' looks. Exits with 1 when make fails.")
    add_architecture(programs.add_argument)
    programs.add_argument("targets", nargs="*", metavar="TARGET", default=["backend", "guest-tests"],
                          help="of make (default: backend guest-tests)")
    commands.add_parser("clean", help=f"remove the cache ({cache.cache_root()})")
    return top


def parse(arguments: list[str]) -> RunOptions:
    """UsageError for what cannot be asked for."""
    return parser().parse_args(arguments, namespace=RunOptions())
