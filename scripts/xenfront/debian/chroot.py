# SPDX-License-Identifier: GPL-2.0-only
"""A bare Debian release in a directory, in which apt installs as on a machine.

The release is made once by mmdebstrap and kept in the lab's cache; each use has a copy. Its package
sources are the machine's, with the suite replaced. What apt downloads is kept in the cache, too.
"""

import contextlib
import os
import pathlib
import shutil
import subprocess
import tempfile
from typing import Iterator

from xenfront import cache, process
from xenfront.command import Say
from xenfront.debian import packages, suites
from xenfront.errors import Failure

# Nothing may start a service, nor ask a question.
_POLICY = "#!/bin/sh\nexit 101\n"
# INITRD: nothing boots here.
_ENVIRONMENT = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8", "HOME": "/root",
                "DEBIAN_FRONTEND": "noninteractive", "INITRD": "No"}


def _base(suite: str, say: Say) -> pathlib.Path:
    sources = suites.sources(suites.machine(), suite, packages.machine_architecture())

    def build(directory: pathlib.Path) -> None:
        process.output(["mmdebstrap", "--quiet", "--variant=apt", "--format=directory",
                        suites.base_of(suite), directory / "root", "-"],
                       input=sources, stderr=subprocess.STDOUT)

    return cache.entry("chroot", cache.digest(suite, sources), build,
                       f"makes a bare {suite} by mmdebstrap (a minute or two)", say) / "root"


class Chroot:
    """A running copy: commands are run in it by chroot(8), with /proc and /dev."""

    def __init__(self, root: pathlib.Path):
        self.root = root

    def run(self, *command: str, check: bool = True) -> subprocess.CompletedProcess:
        done = subprocess.run(["chroot", str(self.root), *command], env=_ENVIRONMENT,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, errors="replace", check=False)
        if check and done.returncode != 0:
            raise Failure(f"'{' '.join(command)}' exited with {done.returncode}:\n"
                          + done.stdout[-4000:])
        return done

    def apt(self, *arguments: str) -> str:
        """apt-get, which installs what packages depend on, and nothing that they recommend."""
        return self.run("apt-get", "-q", "-y", "--no-install-recommends", "-o", "Dpkg::Use-Pty=0",
                        "-o", "APT::Keep-Downloaded-Packages=true", *arguments).stdout


@contextlib.contextmanager
def bare(suite: str, say: Say) -> Iterator[Chroot]:
    """A fresh copy of `suite`, gone afterwards."""
    base = _base(suite, say)
    downloads = cache.cache_root() / f"debs-{suite}"
    (downloads / "partial").mkdir(parents=True, exist_ok=True)
    directory = pathlib.Path(tempfile.mkdtemp(prefix=f"xen-front-{suite}-"))
    root = directory / "root"
    mounts = [("proc", "proc", ["-t", "proc"]), ("/dev", "dev", ["--bind"]),
              (str(downloads), "var/cache/apt/archives", ["--bind"])]
    mounted: list[pathlib.Path] = []
    try:
        process.output(["cp", "-a", "--reflink=auto", base, root])
        policy = root / "usr/sbin/policy-rc.d"
        policy.write_text(_POLICY, encoding="ascii")
        policy.chmod(0o755)
        for source, where, options in mounts:
            process.output(["mount", *options, source, root / where],
                           "bare releases need root, outside of containers")
            mounted.append(root / where)
        yield Chroot(root)
    finally:
        for where in reversed(mounted):
            process.output(["umount", "--lazy", where])
        if not any(os.path.ismount(where) for where in mounted):
            shutil.rmtree(directory)
