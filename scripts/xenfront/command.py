# SPDX-License-Identifier: GPL-2.0-only
"""What all commands have in common: --help, messages, exit statuses."""

import argparse
import importlib
import pathlib
import sys
from typing import Any, Callable, NoReturn

from xenfront.errors import Failure

# Told what is being done.
Say = Callable[[str], None]

NAME = pathlib.Path(sys.argv[0]).name


def parser(description: str | None, epilog: str = "", **options: Any) -> argparse.ArgumentParser:
    """Of this command; both texts are printed as they are."""
    return argparse.ArgumentParser(prog=f"scripts/{NAME}", description=description, epilog=epilog,
                                   formatter_class=argparse.RawDescriptionHelpFormatter, **options)


def add_guest(options: argparse.ArgumentParser, name: str | None = None) -> None:
    """--kernel and --type of a guest, and --name of the lab's run if there is a default for it."""
    options.add_argument("--kernel", metavar="SERIES", default="6.1",
                         help="the guest's kernel, as of scripts/lab run (default: %(default)s)")
    options.add_argument("--type", choices=("pv", "pvh"), default="pv",
                         help="the guest's type (default: %(default)s)")
    if name is not None:
        options.add_argument("--name", metavar="RUN", default=name,
                             help="name of the lab's run, in build/lab (default: %(default)s)")


def complain(text: object) -> None:
    """On stderr, under the command's name."""
    print(f"{NAME}: {text}", file=sys.stderr, flush=True)


def say(text: str) -> None:
    """On stdout, likewise."""
    print(f"{NAME}: {text}", flush=True)


def main(body: str | Callable[[list[str]], int], failed: int | None = None,
         interrupted: int = 130) -> NoReturn:
    """Exits with what main() of a part of this package, or `body`, returns for the arguments; with
    `failed`, or else the status of the exception, after a Failure."""
    try:
        if isinstance(body, str):
            body = importlib.import_module(f"xenfront.{body}.cli").main
        status = body(sys.argv[1:])
    except Failure as failure:
        complain(failure)
        status = failure.status if failed is None else failed
    except ModuleNotFoundError as missing:
        complain(f"Python has no module '{missing.name}'; scripts/setup installs it")
        status = 2
    except KeyboardInterrupt:
        complain("interrupted")
        status = interrupted
    sys.exit(int(status))


def shown(path: pathlib.Path) -> str:
    """A path as short as it can be typed here."""
    try:
        return str(path.relative_to(pathlib.Path.cwd()))
    except ValueError:
        return str(path)
