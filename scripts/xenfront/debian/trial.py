# SPDX-License-Identifier: GPL-2.0-only
"""The life of the packages on one Debian release, step by step, and what each step must leave.

The release is a directory, in which apt installs as on a machine: made once by mmdebstrap and kept in
the lab's cache; each use has a copy. Its package sources are the machine's, with the suite replaced.
What apt downloads is kept in the cache, too.
"""

import contextlib
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
from typing import Callable, Iterator

from xenfront import cache, process
from xenfront.command import Say
from xenfront.debian import kernels, packages, suites
from xenfront.errors import Failure
from xenfront.judgement import Judgement

DKMS = "snd-xen-front-dkms"
BACKEND = "xen-sndback"
MODULE = "snd_xen_front"
LATER = "99.0"

# Of kernels, and not of linux-headers-6.12-amd64, which depends on those of the newest of a series.
_HEADERS = re.compile(r"linux-headers-(\d+\.\d+\.\d[\w.+]*(?:-\d+)?-[a-z0-9]+)$")
_FLAVOURS = re.compile(r"-(?:amd64|arm64)$")
# What the firmware says where it checks signatures: four bytes of attributes, and 1.
_SECURE_BOOT = "sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c"

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


class Stopped(Exception):
    """A step has failed, and those after it would say nothing."""


def version_key(release: str) -> list[tuple[int, int | str]]:
    """Orders kernel releases: 6.1.0-9 before 6.1.0-56 before 6.12.117+deb13."""
    return [(0, int(part)) if part.isdigit() else (1, part)
            for part in re.findall(r"\d+|[a-z]+", release)]


def older_and_newer(names: list[str], default: str) -> tuple[str, str]:
    """An older and a newer kernel's release, from the names of header packages.

    The older is the `default` one of the Debian release, if there is a newer one than that.
    """
    found = sorted((match[1] for name in names if (match := _HEADERS.match(name))
                    and _FLAVOURS.search(name) and "-cloud-" not in name and "-rt-" not in name),
                   key=version_key)
    newest = found[-1]
    return (default, newest) if default != newest else (found[-2], newest)


def repack(package: pathlib.Path, directory: pathlib.Path) -> None:
    """Makes of the DKMS package one that differs in nothing but its version."""
    tree = directory / "tree"
    process.output(["dpkg-deb", "--raw-extract", package, tree])
    source, = (tree / "usr/src").iterdir()
    old = source.name.rpartition("-")[2]
    for path, before, after in (
            (tree / "DEBIAN/control", f"Version: {old}", f"Version: {LATER}"),
            (tree / "DEBIAN/postinst", f"DKMS_VERSION={old}", f"DKMS_VERSION={LATER}"),
            (tree / "DEBIAN/prerm", f"DKMS_VERSION={old}", f"DKMS_VERSION={LATER}"),
            (source / "dkms.conf", f'PACKAGE_VERSION="{old}"', f'PACKAGE_VERSION="{LATER}"'),
            (source / "src/shim/module.c", f'VERSION("{old}")', f'VERSION("{LATER}")')):
        text = path.read_text(encoding="utf-8")
        if before not in text:
            raise Failure(f"{path.relative_to(tree)} of {package.name} has no '{before}'; "
                          "scripts/xenfront/debian/trial.py has to follow scripts/debian")
        path.write_text(text.replace(before, after), encoding="utf-8")
    source.rename(source.with_name(f"snd-xen-front-{LATER}"))
    (tree / "DEBIAN/md5sums").unlink()
    process.output(["dpkg-deb", "--root-owner-group", "-Znone", "--build", tree, directory])
    shutil.rmtree(tree)


class Trial(Judgement):
    """One release on which the packages live, and what each step has left there."""

    def __init__(self, release: Chroot, say: Say):
        super().__init__()
        self.release = release
        self.say = say
        release.apt("update")
        names = release.run("apt-cache", "pkgnames", "linux-headers-").stdout.split()
        architecture = release.run("dpkg", "--print-architecture").stdout.strip()
        depends = release.run("apt-cache", "depends", f"linux-headers-{architecture}").stdout
        default = next(match[1] for word in depends.split() if (match := _HEADERS.match(word)))
        self.older, self.newer = older_and_newer(names, default)

    def install(self, package: pathlib.Path) -> None:
        """On a machine that has a kernel and nothing to build modules with."""
        self.say(f"installs {package.name} for {self.older}")
        self._install_kernel(self.older, "image")
        loaded = self.release.root / "sys/module" / MODULE
        loaded.mkdir(parents=True)
        said = self._apt_install(package)
        self.check("install", "reboot" not in said, "would have a machine without headers rebooted")
        loaded.rmdir()
        said = self._apt_install(package, f"linux-headers-{self.older}")
        version = package.name.split("_")[1]
        self._expect_built("install", self.older, version)
        self.check("install", "Secure Boot" not in said, "speaks of Secure Boot, which is off")

    def upgrade_kernel(self) -> None:
        """apt installs a kernel, and is not told of the module."""
        self.say(f"installs the kernel {self.newer}")
        version = self._version(self.older)
        self._install_kernel(self.newer, "image", "headers")
        self._expect_built("kernel", self.newer, version)
        self._expect_built("kernel", self.older, version)

    def boots(self, run: Callable[[pathlib.Path, pathlib.Path, str], int]) -> None:
        """The machine, on the kernel that came last: `run` is given it, its modules, and the version
        that its driver has to have, and returns a status."""
        self.say(f"boots {self.newer}")
        image, modules = kernels.contents(self.release.root, self.newer)
        status = run(image, modules, self._version(self.newer))
        self.check("boot", status == 0, f"{self.newer} does not play with DKMS's module "
                                        f"(scripts/lab exited with {status})")

    def reinstall(self, package: pathlib.Path) -> None:
        """Of the same version, as one that was built anew, where "make install" has left a module."""
        self.say("installs it again, over what 'make install' leaves")
        updates = self.release.root / "usr/lib/modules" / self.newer / "updates"
        built, = (updates / "dkms").glob("snd-xen-front.ko*")
        by_hand = pathlib.Path(shutil.copy(built, updates))
        before = built.stat().st_mtime_ns
        self._apt_install(package)
        self._expect_built("reinstall", self.newer, package.name.split("_")[1])
        self.check("reinstall", not by_hand.exists(), f"{by_hand.name} is still in updates/")
        self.check("reinstall", built.stat().st_mtime_ns != before, "the module was not built anew")

    def upgrade(self, package: pathlib.Path) -> None:
        """On a machine with Secure Boot that runs the newer kernel with its own module."""
        self.say(f"upgrades to version {LATER}")
        variable = self.release.root / _SECURE_BOOT
        variable.parent.mkdir(parents=True)
        variable.write_bytes(bytes((6, 0, 0, 0, 1)))
        (self.release.root / "sys/module" / MODULE).mkdir()
        # In the first directory of apt's own path.
        uname = self.release.root / "usr/sbin/uname"
        uname.write_text("#!/bin/sh\n"
                         f'[ "$*" = -r ] && echo {self.newer} || exec /usr/bin/uname "$@"\n',
                         encoding="ascii")
        uname.chmod(0o755)
        said = self._apt_install(package)
        uname.unlink()
        for words in ("mokutil --import /var/lib/dkms/mok.pub", f"modprobe -r {MODULE}"):
            self.check("upgrade", words in said, f"does not say '{words}'")
        status = self.release.run("dkms", "status").stdout
        self.check("upgrade", re.search(rf"snd-xen-front/{LATER}, \S+, .*: installed", status)
                   and not re.search(rf"snd-xen-front/(?!{LATER})", status),
                   f"dkms status says '{status.strip()}'")
        self._expect_built("upgrade", self.newer, LATER)

    def remove(self) -> None:
        self.say("removes it")
        self.release.apt("purge", DKMS)
        self._expect_nothing("remove", "usr/lib/modules/*/updates/**/snd-xen-front.ko*",
                             "usr/src/snd-xen-front*", "var/lib/dkms/snd-xen-front*",
                             "usr/share/alsa/ucm2/**/*xen-front*")
        for kernel in (self.older, self.newer):
            filename = self._modinfo(kernel, "filename")
            self.check("remove", "/kernel/sound/" in filename,
                       f"{kernel} has '{filename}', not its own module")

    def backend(self, package: pathlib.Path) -> None:
        self.say(f"installs {package.name}")
        self._apt_install(package)
        said = self.release.run(BACKEND, "--version").stdout
        version = package.name.split("_")[1]
        self.check("backend", version in said, f"--version says '{said.strip()}', not {version}")
        for path, mode in (("etc/xen/xen-sndback.conf", "root:root 600"),
                           ("var/lib/xen-sndback", "xen-sndback:xen-sndback 711")):
            has = self.release.run("stat", "--format", "%U:%G %a", f"/{path}").stdout.strip()
            self.check("backend", has == mode, f"/{path} has {has}, not {mode}")
        self.say("removes it")
        self.release.apt("purge", BACKEND)
        self._expect_nothing("backend", "etc/**/*sndback*", "usr/**/*sndback*", "run/*sndback*",
                             "var/lib/*sndback*")

    def _expect_nothing(self, step: str, *patterns: str) -> None:
        root = self.release.root
        left = [str(path.relative_to(root)) for pattern in patterns for path in root.glob(pattern)]
        self.check(step, not left, f"left behind {', '.join(left)}")

    def _apt_install(self, package: pathlib.Path, *others: str) -> str:
        copy = self.release.root / "root" / package.name
        shutil.copy(package, copy)
        return self.release.apt("install", "--reinstall", f"/root/{package.name}", *others)

    def _install_kernel(self, kernel: str, *parts: str) -> None:
        self.release.apt("install", *(f"linux-{part}-{kernel}" for part in parts))
        # Without it there would be nothing that DKMS's module has to be preferred to.
        modules = self.release.root / "usr/lib/modules" / kernel / "kernel"
        if not list(modules.rglob(f"{MODULE}.ko*")):
            self.fail(f"linux-image-{kernel} has no {MODULE} of its own")
            raise Stopped

    def _modinfo(self, kernel: str, field: str) -> str:
        return self.release.run("modinfo", "-k", kernel, "-F", field, MODULE,
                                check=False).stdout.strip()

    def _version(self, kernel: str) -> str:
        return self._modinfo(kernel, "version")

    def _expect_built(self, step: str, kernel: str, version: str) -> None:
        filename = self._modinfo(kernel, "filename")
        if "/updates/dkms/" not in filename:
            logs = sorted((self.release.root / "var/lib/dkms").glob("**/make.log"))
            log = logs[-1].read_text(errors="replace")[-3000:] if logs else "no log of a build"
            self.fail(f"{step}: {kernel} has '{filename}', not DKMS's module:\n{log}")
            raise Stopped
        self.check(step, self._version(kernel) == version,
                   f"{kernel} has version '{self._version(kernel)}', not {version}")
        self.check(step, self._modinfo(kernel, "vermagic").startswith(kernel + " "),
                   f"made for '{self._modinfo(kernel, 'vermagic')}', not {kernel}")
        self.check(step, "DKMS" in self._modinfo(kernel, "signer"),
                   f"for {kernel}, signed by '{self._modinfo(kernel, 'signer')}'")
        loads = self.release.run("modprobe", "-S", kernel, "--show-depends", MODULE).stdout.split()
        self.check(step, any("/updates/dkms/" in word for word in loads),
                   f"modprobe would load {' '.join(loads)}")
