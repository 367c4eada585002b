# SPDX-License-Identifier: GPL-2.0-only
"""What the user of scripts/lab asks for, checked before anything is built or booted."""

import argparse
import ast
import dataclasses
import pathlib
import re
from typing import Any, Callable

from xenfront import architectures
from xenfront.architectures import Architecture
from xenfront.errors import UsageError

DEFAULT_VSND = """[[
    'card, backend=Domain-0, buffer-size=65536, short-name=VCard, long-name=Virtual sound card, \
     sample-rates=8000;16000;32000;44100;48000, sample-formats=s16_le',
    'pcm, name=dev1, channels-min=1, channels-max=2',
    'stream, unique-id=playback0, type=P',
    'stream, unique-id=capture0, type=C' ]]"""

DEFAULT_BACKEND = "xen-sndback"
DEFAULT_KERNEL = "6.1"

Wrong = argparse.ArgumentTypeError


@dataclasses.dataclass(frozen=True)
class Script:
    """Something to run in a domain: a file's content, or a command for the shell."""

    content: bytes
    origin: str

    def __str__(self) -> str:
        return self.origin


def number(low: int, high: int) -> Callable[[str], int]:
    """A number in a range."""
    def convert(text: str) -> int:
        if not re.fullmatch(r"-?\d+", text) or not low <= int(text) <= high:
            raise Wrong(f"{text}: allowed are {low} to {high}")
        return int(text)

    return convert


def icount(text: str) -> int | None:
    """A power of two of nanoseconds; None: real time."""
    if text == "off":
        return None
    if not text.isdigit() or int(text) > 10:
        raise Wrong(f"{text}: allowed are 0 to 10 (nanoseconds per instruction as a power of two) and "
                    "'off'")
    return int(text)


def file(text: str) -> pathlib.Path:
    if not pathlib.Path(text).is_file():
        raise Wrong(f"{text}: no such file")
    return pathlib.Path(text)


def directory(text: str) -> pathlib.Path:
    if not pathlib.Path(text).is_dir():
        raise Wrong(f"{text}: no such directory")
    return pathlib.Path(text)


def names(text: str) -> list[str]:
    """Separated by commas or white space."""
    return [name for name in re.split(r"[,\s]+", text) if name]


def run_name(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", text):
        raise Wrong(f"{text}: allowed are letters, digits, '.', '_' and '-'")
    return text


def pattern(text: str) -> re.Pattern[str]:
    try:
        return re.compile(text)
    except re.error as failure:
        raise Wrong(f"{text}: {failure}") from failure


def script_in_file(text: str) -> Script:
    content = file(text).read_bytes()
    return Script(content if content.startswith((b"#!", b"\x7fELF")) else b"#!/bin/sh\n" + content,
                  text)


def script_of(command: str) -> Script:
    return Script(f"#!/bin/bash\n{command}\n".encode(), command)


def per_guest(convert: Callable[[str], Any]) -> Callable[[str], tuple[int | None, Any]]:
    """'1:value' is for guest 1, anything else for all guests, which None stands for."""
    def split(text: str) -> tuple[int | None, Any]:
        match = re.fullmatch(r"(\d+):(.*)", text, re.DOTALL)
        return (int(match[1]), convert(match[2])) if match else (None, convert(text))

    return split


def vsnd_text(value: str) -> str | None:
    """The list that xl.cfg expects after 'vsnd =', from a file or from the text itself."""
    if value == "none":
        return None
    text = value
    if "[" not in value:
        if not pathlib.Path(value).is_file():
            raise Wrong(f"{value}: neither a file, nor a list such as "
                        "\"[['card, ...', 'pcm, ...', 'stream, ...']]\", nor 'none'")
        text = pathlib.Path(value).read_text(encoding="utf-8")
    text = "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("#"))
    text = re.sub(r"^\s*vsnd\s*=", "", text.strip()).strip()
    if _cards(text) is None:
        raise Wrong("not a list of cards, each a list of strings, of which xl takes none over several "
                    f"lines: {text[:200]}")
    return re.sub(r"\s*\n\s*", " ", text)


def _cards(text: str) -> list[list[str]] | None:
    try:
        cards = ast.literal_eval(text)
    except (SyntaxError, ValueError):
        return None
    is_good = isinstance(cards, list) and all(
        isinstance(card, list) and all(isinstance(item, str) for item in card) for card in cards)
    return cards if is_good else None


def card_count(text: str | None) -> int:
    """How many sound cards a guest with this list has."""
    return 0 if text is None else len(_cards(text) or [])


class RunOptions(argparse.Namespace):
    """All of a run's choices, by the names of the options that `scripts/lab run --help` describes, as
    what their types make of them; and `architecture`, that of --arch. A guest's value of --vsnd and
    of the scripts is by its number, that of the others by None."""

    architecture: Architecture
    vsnd: dict[int | None, str | None]
    domu_scripts: dict[int | None, Script]
    dom0_script: Script | None = None
    domu_config: str
    backend: str | None
    # Of scripts/lab shell: the domain whose console is on the terminal, "domu" or "dom0".
    shell: str | None = None

    def vsnd_of(self, guest: int) -> str | None:
        """The xl.cfg list of guest `guest`; None for a guest without a sound card."""
        return self.vsnd.get(guest, self.vsnd.get(None))

    def domu_script(self, guest: int) -> Script | None:
        return self.domu_scripts.get(guest, self.domu_scripts.get(None))

    def as_dict(self) -> dict[str, Any]:
        """For the summary: everything as text or number."""
        return {name: _plain(value) for name, value in vars(self).items()}


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {"all" if key is None else str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(one) for one in value]
    if isinstance(value, Architecture):
        return value.name
    if isinstance(value, re.Pattern):
        return value.pattern
    return value if isinstance(value, (int, str, type(None))) else str(value)


def checked(options: RunOptions) -> RunOptions:
    """What argparse has parsed, completed; UsageError for what does not fit together."""
    o = options
    o.architecture = architecture = architectures.ALL[o.arch]
    o.type = _one_of(o.type, "--type", architecture.guest_types, architecture)
    o.sound = _one_of(o.sound, "--sound", architecture.sounds, architecture)
    o.cpus = o.cpus or architecture.cpus
    if o.cpus > 1 and o.icount is not None and not architecture.counts_on_all_cpus:
        raise UsageError(f"--cpus {o.cpus}: a machine of {architecture.name} has one with --icount; "
                         "several need --icount off")
    for prefix, image, modules in (("--", o.kernel_image, o.modules_dir),
                                   ("--dom0-", o.dom0_kernel_image, o.dom0_modules_dir)):
        if modules and not image:
            raise UsageError(f"{prefix}modules-dir needs {prefix}kernel-image, the kernel these "
                             "modules are for")
    if o.module and o.driver != "ours":
        raise UsageError(f"--module goes with --driver ours, not with --driver {o.driver}")
    # xl does not create a guest whose sound card no backend answers for.
    default = None if o.backend == "none" else vsnd_text(DEFAULT_VSND)
    o.backend = None if o.backend == "none" else o.backend
    scripts = [guest for guest, _script in o.domu_scripts]
    for guest in scripts:
        if scripts.count(guest) > 1:
            raise UsageError(f"two scripts or commands for "
                             f"{'all guests' if guest is None else f'guest {guest}'}; give one, and "
                             "prefix those for single guests with 'N:'")
    o.vsnd, o.domu_scripts = {None: default, **dict(o.vsnd)}, dict(o.domu_scripts)
    for values, option in ((o.vsnd, "--vsnd"), (o.domu_scripts, "--domu-script or --domu-command")):
        for guest in values:
            if guest is not None and guest >= o.guests:
                raise UsageError(f"{option} for guest {guest}, but --guests {o.guests} makes them 0 "
                                 f"to {o.guests - 1}")
    o.domu_config = "\n".join(o.domu_config)
    return o


def _one_of(value: str | None, option: str, choices: tuple[str, ...],
            architecture: Architecture) -> str:
    if value is not None and value not in choices:
        raise UsageError(f"{option} {value}: on {architecture.name} there is {', '.join(choices)}")
    return value or choices[0]
