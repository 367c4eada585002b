# SPDX-License-Identifier: GPL-2.0-only
"""What the user asked for, checked before anything is built or booted."""

import argparse
import ast
import dataclasses
import pathlib
import re
from typing import Any, NamedTuple

from xenfront.errors import UsageError
from xenfront.lab import architectures
from xenfront.lab.architectures import Architecture

DEFAULT_VSND = """[[
    'card, backend=Domain-0, buffer-size=65536, short-name=VCard, long-name=Virtual sound card,
     sample-rates=8000;16000;32000;44100;48000, sample-formats=s16_le',
    'pcm, name=dev1, channels-min=1, channels-max=2',
    'stream, unique-id=playback0, type=P',
    'stream, unique-id=capture0, type=C' ]]"""

DEFAULT_BACKEND = "xen-sndback"

_PER_GUEST = re.compile(r"(\d+):(.*)", re.DOTALL)


@dataclasses.dataclass(frozen=True)
class Script:
    """Something to run in a domain: a file's content, or a command for the shell."""

    content: bytes
    origin: str


class OwnKernel(NamedTuple):
    """A kernel that the user brings, and its lib/modules/RELEASE, if it has modules."""

    image: pathlib.Path
    modules: pathlib.Path | None


@dataclasses.dataclass(frozen=True)
class RunOptions:
    """All of a run's choices. Field by field what `scripts/lab run --help` describes."""

    name: str | None
    keep: bool
    kernel: str
    own_kernel: OwnKernel | None
    dom0_kernel: str
    own_dom0_kernel: OwnKernel | None
    xen: str
    kernel_modules: tuple[str, ...]
    cmdline: str
    dom0_cmdline: str
    xen_cmdline: str
    type: str
    architecture: Architecture
    root: str
    memory: int
    spare_memory: int
    vcpus: int
    guests: int
    dom0_memory: int
    dom0_vcpus: int
    cpus: int
    domu_config: str
    driver: str
    module: pathlib.Path | None
    driver_options: str
    wait_card: bool
    vsnd: "PerGuest"
    backend: str | None
    sound: str
    sound_rate: int
    dom0_script: Script | None
    domu_scripts: "PerGuest"
    dom0_when: str
    before_unpause: str
    dom0_overlays: tuple[pathlib.Path, ...]
    domu_overlays: tuple[pathlib.Path, ...]
    dom0_packages: tuple[str, ...]
    domu_packages: tuple[str, ...]
    time_limit: int
    host_limit: int
    icount: int | None
    allow_report: tuple[str, ...]
    guests_may_vanish: bool
    shell: str | None = None
    qemu_plugin: str | None = None

    def vsnd_of(self, guest: int) -> str | None:
        """The xl.cfg list of guest `guest`; None for a guest without a sound card."""
        return self.vsnd.of(guest)

    def domu_script(self, guest: int) -> Script | None:
        return self.domu_scripts.of(guest)

    def as_dict(self) -> dict[str, Any]:
        """For the summary: everything as text or number."""
        plain: dict[str, Any] = {}
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            if isinstance(value, PerGuest):
                value = value.as_dict()
            elif isinstance(value, Script):
                value = value.origin
            elif isinstance(value, Architecture):
                value = value.name
            elif isinstance(value, OwnKernel):
                value = [str(part) for part in value if part]
            elif isinstance(value, tuple):
                value = [str(item) for item in value]
            elif isinstance(value, pathlib.Path):
                value = str(value)
            plain[field.name] = value
        return plain


class PerGuest:
    """A value for all guests with exceptions for some."""

    def __init__(self, common: Any, particular: dict[int, Any]):
        self._common = common
        self._particular = particular

    def of(self, guest: int) -> Any:
        return self._particular.get(guest, self._common)

    def as_dict(self) -> dict[str, str]:
        texts = {"all": self._common, **{str(k): v for k, v in self._particular.items()}}
        return {key: value.origin if isinstance(value, Script) else value
                for key, value in texts.items()}

    def guests(self) -> set[int]:
        return set(self._particular)


def split_guest(value: str) -> tuple[int | None, str]:
    """'1:rest' is for guest 1, anything else for all guests."""
    match = _PER_GUEST.fullmatch(value)
    return (int(match[1]), match[2]) if match else (None, value)


def vsnd_text(value: str) -> str | None:
    """The list that xl.cfg expects after 'vsnd =', from a file or from the text itself."""
    if value == "none":
        return None
    text = value
    if "[" not in value:
        path = pathlib.Path(value)
        if not path.is_file():
            raise UsageError(f"--vsnd {value}: neither a file, nor a list such as "
                             "\"[['card, ...', 'pcm, ...', 'stream, ...']]\", nor 'none'")
        text = path.read_text(encoding="utf-8")
    text = "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("#"))
    text = re.sub(r"^\s*vsnd\s*=", "", text.strip()).strip()
    # xl takes a string over several lines; it is joined here so that it can also be checked here.
    text = re.sub(r"\s*\n\s*", " ", text)
    cards = _cards(text)
    if cards is None:
        raise UsageError(f"--vsnd: not a list of cards, each a list of strings: {text[:200]}")
    return text


def _cards(text: str) -> list[list[str]] | None:
    try:
        cards = ast.literal_eval(text)
    except (SyntaxError, ValueError):
        return None
    if not isinstance(cards, list) or not all(isinstance(card, list) for card in cards):
        return None
    if not all(isinstance(item, str) for card in cards for item in card):
        return None
    return cards


def card_count(text: str | None) -> int:
    """How many sound cards a guest with this list has."""
    return 0 if text is None else len(_cards(text) or [])


def _script_from_file(value: str, option: str) -> Script:
    path = pathlib.Path(value)
    if not path.is_file():
        raise UsageError(f"{option} {value}: no such file; for a command use "
                         f"{option.replace('script', 'command')}")
    content = path.read_bytes()
    if not content.startswith((b"#!", b"\x7fELF")):
        content = b"#!/bin/sh\n" + content
    return Script(content, value)


def _script_from_command(value: str) -> Script:
    return Script(f"#!/bin/bash\n{value}\n".encode(), value)


def _per_guest_scripts(files: list[str], commands: list[str]) -> PerGuest:
    common = None
    particular = {}
    for value, from_file in [*((v, True) for v in files), *((v, False) for v in commands)]:
        guest, rest = split_guest(value)
        script = _script_from_file(rest, "--domu-script") if from_file \
            else _script_from_command(rest)
        taken = common is not None if guest is None else guest in particular
        if taken:
            who = "all guests" if guest is None else f"guest {guest}"
            raise UsageError(f"two scripts or commands for {who}; give one, and prefix those for "
                             "single guests with 'N:'")
        if guest is None:
            common = script
        else:
            particular[guest] = script
    return PerGuest(common, particular)


def _per_guest_vsnd(values: list[str], backend: str) -> PerGuest:
    # xl does not create a guest whose sound card no backend answers for.
    common = None if backend == "none" else vsnd_text(DEFAULT_VSND)
    particular = {}
    for value in values:
        guest, rest = split_guest(value)
        if guest is None:
            common = vsnd_text(rest)
        else:
            particular[guest] = vsnd_text(rest)
    return PerGuest(common, particular)


def _directory(value: str, option: str) -> pathlib.Path:
    path = pathlib.Path(value)
    if not path.is_dir():
        raise UsageError(f"{option} {value}: no such directory")
    return path


def _names(values: list[str]) -> tuple[str, ...]:
    return tuple(name for value in values for name in re.split(r"[,\s]+", value) if name)


def _in_range(value: int, option: str, low: int, high: int) -> int:
    if not low <= value <= high:
        raise UsageError(f"{option} {value}: allowed are {low} to {high}")
    return value


def _own_kernel(image: str | None, modules: str | None, prefix: str) -> OwnKernel | None:
    if image is None:
        if modules:
            raise UsageError(f"{prefix}modules-dir needs {prefix}kernel-image, the kernel these "
                             "modules are for")
        return None
    if not pathlib.Path(image).is_file():
        raise UsageError(f"{prefix}kernel-image {image}: no such file")
    if modules and not pathlib.Path(modules).is_dir():
        raise UsageError(f"{prefix}modules-dir {modules}: no such directory; it is what 'make "
                         "modules_install' calls lib/modules/RELEASE")
    return OwnKernel(pathlib.Path(image), pathlib.Path(modules) if modules else None)


def _icount(value: str) -> int | None:
    if value == "off":
        return None
    if not value.isdigit() or not 0 <= int(value) <= 10:
        raise UsageError(f"--icount {value}: allowed are 0 to 10 (nanoseconds per instruction as a "
                         "power of two) and 'off'")
    return int(value)


def _one_of(value: str | None, option: str, choices: tuple[str, ...],
            architecture: Architecture) -> str:
    if value is not None and value not in choices:
        raise UsageError(f"{option} {value}: on {architecture.name} there is {', '.join(choices)}")
    return value or choices[0]


def _cpus(value: int | None, icount: int | None, architecture: Architecture) -> int:
    cpus = architecture.cpus if value is None else _in_range(value, "--cpus", 1, 16)
    if cpus > 1 and icount is not None and not architecture.counts_on_all_cpus:
        raise UsageError(f"--cpus {cpus}: a machine of {architecture.name} has one with --icount; "
                         "several need --icount off")
    return cpus


def from_arguments(arguments: argparse.Namespace) -> RunOptions:
    """Checks what argparse has parsed; UsageError for what does not fit."""
    a = arguments
    guests = _in_range(a.guests, "--guests", 0, 16)
    architecture = architectures.ALL[a.arch]
    icount = _icount(a.icount)
    vsnd = _per_guest_vsnd(a.vsnd, a.backend)
    scripts = _per_guest_scripts(a.domu_script, a.domu_command)
    for values, option in ((vsnd, "--vsnd"), (scripts, "--domu-script or --domu-command")):
        beyond = [guest for guest in values.guests() if guest >= guests]
        if beyond:
            raise UsageError(f"{option} for guest {beyond[0]}, but --guests {guests} makes them 0 "
                             f"to {guests - 1}")
    if a.dom0_script and a.dom0_command:
        raise UsageError("--dom0-script and --dom0-command exclude each other")
    if a.module and a.driver != "ours":
        raise UsageError(f"--module goes with --driver ours, not with --driver {a.driver}")
    if a.name and not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", a.name):
        raise UsageError(f"--name {a.name}: allowed are letters, digits, '.', '_' and '-'")
    for pattern in a.allow_report:
        try:
            re.compile(pattern)
        except re.error as failure:
            raise UsageError(f"--allow-report {pattern}: {failure}") from failure
    dom0_script = None
    if a.dom0_script:
        dom0_script = _script_from_file(a.dom0_script, "--dom0-script")
    elif a.dom0_command:
        dom0_script = _script_from_command(a.dom0_command)
    return RunOptions(
        name=a.name, keep=a.keep, kernel=a.kernel,
        own_kernel=_own_kernel(a.kernel_image, a.modules_dir, "--"),
        dom0_kernel=a.dom0_kernel,
        own_dom0_kernel=_own_kernel(a.dom0_kernel_image, a.dom0_modules_dir, "--dom0-"),
        xen=a.xen, kernel_modules=_names(a.kernel_modules),
        cmdline=a.cmdline, dom0_cmdline=a.dom0_cmdline,
        xen_cmdline=a.xen_cmdline, architecture=architecture,
        type=_one_of(a.type, "--type", architecture.guest_types, architecture), root=a.root,
        memory=_in_range(a.memory, "--memory", 64, 16384),
        spare_memory=_in_range(a.spare_memory, "--spare-memory", 0, 16384),
        vcpus=_in_range(a.vcpus, "--vcpus", 1, 16), guests=guests,
        dom0_memory=_in_range(a.dom0_memory, "--dom0-memory", 512, 65536),
        dom0_vcpus=_in_range(a.dom0_vcpus, "--dom0-vcpus", 1, 16),
        cpus=_cpus(a.cpus, icount, architecture),
        domu_config="\n".join(a.domu_config), driver=a.driver,
        module=pathlib.Path(a.module) if a.module else None, driver_options=a.driver_options,
        wait_card=not a.no_wait_card, vsnd=vsnd,
        backend=None if a.backend == "none" else a.backend,
        sound=_one_of(a.sound, "--sound", architecture.sounds, architecture), sound_rate=_in_range(a.sound_rate, "--sound-rate", 8000, 384000),
        dom0_script=dom0_script, domu_scripts=scripts, dom0_when=a.dom0_script_when,
        before_unpause=a.before_unpause,
        dom0_overlays=tuple(_directory(v, "--dom0-overlay") for v in a.dom0_overlay),
        domu_overlays=tuple(_directory(v, "--domu-overlay") for v in a.domu_overlay),
        dom0_packages=_names(a.dom0_packages), domu_packages=_names(a.domu_packages),
        time_limit=_in_range(a.time_limit, "--time-limit", 1, 100000),
        host_limit=_in_range(a.host_limit, "--host-limit", 10, 1000000),
        icount=icount, allow_report=tuple(a.allow_report),
        guests_may_vanish=a.guests_may_vanish, shell=getattr(a, "shell", None),
        qemu_plugin=a.qemu_plugin)
