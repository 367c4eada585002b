# SPDX-License-Identifier: GPL-2.0-only
"""What "make install" leaves in a system; "make uninstall" and the package, which take it away."""

import os
import pathlib
import re
import shutil
import subprocess
from typing import Any

from support import DirectoryTest
from xenfront import ROOT, process

RELEASE = "6.1.0-1-amd64"
# What the headers of a kernel have that matters here; its make says what it is told.
MAKEFILE = """\
CONFIG_MODULE_SIG_ALL := y
modules:
	@touch $(M)/snd-xen-front.ko
modules_install:
	@echo "signs: $(CONFIG_MODULE_SIG_ALL)."
	@mkdir -p $(INSTALL_MOD_PATH)/lib/modules/%s/$(INSTALL_MOD_DIR)
	@cp $(M)/snd-xen-front.ko $(INSTALL_MOD_PATH)/lib/modules/%s/$(INSTALL_MOD_DIR)/
""" % (RELEASE, RELEASE)
MODULE = f"lib/modules/{RELEASE}/updates/snd-xen-front.ko"
MANUAL = "usr/share/man/man4/snd-xen-front.4"
UCM = ("usr/share/alsa/ucm2/conf.d/xen-front/xen-front.conf",
       "usr/share/alsa/ucm2/xen-front/HiFi.conf")


class SystemTest(DirectoryTest):
    """A system in a directory, and the headers of a kernel."""

    def setUp(self) -> None:
        super().setUp()
        self.system = self.directory / "system"
        self.kernel = self.directory / "kernel"
        self.write("kernel/Makefile", MAKEFILE)
        self.write("kernel/include/config/auto.conf", "CONFIG_SND_PCM=m\n")
        self.write("kernel/include/generated/utsrelease.h", f'#define UTS_RELEASE "{RELEASE}"\n')
        self.write(f"system/lib/modules/{RELEASE}/modules.dep", "")
        # It says of which kernel the modules have changed.
        self.depmods = self.write("depmods", "")
        self.write("bin/depmod", f'#!/bin/sh\necho "$@" >>{self.depmods}\n').chmod(0o755)
        self.write("system/usr/share/alsa/ucm2/HDA/HiFi.conf", "")
        self.theirs = self.files()

    def environment(self, **variables: str) -> dict[str, str]:
        return {**process.environment(), "PATH": f"{self.directory}/bin:/usr/bin:/bin", **variables}

    def start(self, *arguments: object, **options: Any) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["/usr/bin/make", "--no-print-directory", *map(str, arguments)],
            **{"cwd": ROOT, "env": self.environment(), "check": False, "capture_output": True,
               "text": True, **options})

    def make(self, target: str, *variables: str, **options: Any) -> str:
        done = self.start(target, f"BUILD={self.directory}/build", f"KDIR={self.kernel}",
                          f"INSTALL_MOD_PATH={self.system}", *variables, **options)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return done.stdout

    def files(self) -> set[str]:
        return {str(path.relative_to(self.system)) for path in self.system.rglob("*")
                if path.is_file()}

    def installed(self) -> set[str]:
        """What is in the system, beside what was there before."""
        files = self.files()
        self.assertLessEqual(self.theirs, files)
        return files - self.theirs


class MakeInstall(SystemTest):
    def test_uninstall_leaves_nothing(self) -> None:
        self.make("install")
        self.assertEqual(self.installed(), {MODULE, MANUAL, *UCM})
        self.make("uninstall")
        self.assertEqual(self.installed(), set())
        self.assertFalse((self.system / UCM[1]).parent.exists())
        self.assertEqual(self.depmods.read_text(), f"--basedir {self.system}/ {RELEASE}\n" * 2)

    def test_uninstall_leaves_what_is_of_the_package(self) -> None:
        listed = "var/lib/dpkg/info/snd-xen-front-dkms.list"
        dkms = f"lib/modules/{RELEASE}/updates/dkms/snd-xen-front.ko"
        self.make("install")
        self.write(f"system/{listed}", "")
        self.write(f"system/{dkms}", "")
        self.make("uninstall")
        self.assertEqual(self.installed(), {listed, dkms, *UCM})

    def test_not_beside_the_module_of_the_package(self) -> None:
        """depmod takes the one that it finds first in the directory."""
        dkms = f"lib/modules/{RELEASE}/updates/dkms/snd-xen-front.ko.xz"
        self.write(f"system/{dkms}", "")
        done = self.start("install", f"BUILD={self.directory}/build", f"KDIR={self.kernel}",
                          f"INSTALL_MOD_PATH={self.system}")
        self.assertEqual(done.returncode, 2)
        self.assertIn(f"make install: {self.system}/{dkms} is there", done.stderr)
        self.assertEqual(self.installed(), {dkms})

    def test_uninstall_where_nothing_is_installed(self) -> None:
        self.make("uninstall")
        self.assertEqual(self.depmods.read_text(), "")

    def test_a_relative_directory(self) -> None:
        """The kernel's make runs in another directory than this one."""
        system = f"INSTALL_MOD_PATH={os.path.relpath(self.system, ROOT)}"
        self.make("install", system)
        self.assertEqual(self.installed(), {MODULE, MANUAL, *UCM})
        self.make("uninstall", system)
        self.assertEqual(self.installed(), set())
        self.assertEqual(self.depmods.read_text(), f"--basedir {self.system}/ {RELEASE}\n" * 2)

    def test_the_directory_by_its_usual_name(self) -> None:
        """Only said, and not done: without it, this machine is meant."""
        for target, name in (("install", MODULE), ("install", MANUAL), ("uninstall", MANUAL)):
            done = self.start("--dry-run", target, f"BUILD={self.directory}/build",
                              f"KDIR={self.kernel}", f"DESTDIR={self.system}")
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            self.assertIn(f" {self.system}/{pathlib.Path(name).parent}", done.stdout)
            self.assertNotRegex(done.stdout, r"(?m)\s/(lib/modules|usr/share/(alsa|man))/")

    def test_a_directory_that_is_to_become_a_package(self) -> None:
        """It has no list of modules, and gets none."""
        self.make("install", f"INSTALL_MOD_PATH={self.directory}/package")
        self.assertEqual(self.depmods.read_text(), "")

    def test_modules_are_signed_only_with_a_key(self) -> None:
        own = self.write("own.pem", "")
        self.write("kernel/certs/signing_key.pem", "")
        for key, signs in (("certs/signing_key.pem", "y"), ("output/signing_key.pem", ""),
                           (str(own), "y"), ("pkcs11:token=one", "y"), ("", "")):
            with self.subTest(key=key):
                self.write("kernel/include/config/auto.conf",
                           f'CONFIG_SND_PCM=m\nCONFIG_MODULE_SIG_KEY="{key}"\n')
                self.assertIn(f"signs: {signs}.\n", self.make("install"))

    def test_everyone_may_read_what_was_installed(self) -> None:
        # What it has the kernel's lists of modules made with.
        self.write("bin/depmod", f"#!/bin/sh\numask >{self.depmods}\n")
        self.make("install", umask=0o077)
        self.assertEqual(self.depmods.read_text(), "0022\n")
        for name in (MODULE, MANUAL, *UCM):
            path = self.system / name
            self.assertEqual(path.stat().st_mode & 0o777, 0o644, path)
            for parent in path.relative_to(self.system).parents[:-1]:
                self.assertEqual((self.system / parent).stat().st_mode & 0o777, 0o755, parent)

    def test_it_builds_for_the_kernel_that_it_installs_for(self) -> None:
        """And for no other whose headers are there."""
        self.make("install", f"KDIRS={self.kernel} {self.directory}/none")
        done = self.start("install", f"KDIR={self.directory}/none")
        self.assertEqual(done.returncode, 2)
        self.assertTrue(done.stderr.startswith(f"make: {self.directory}/none has no headers"),
                        done.stderr)

    def test_a_backend_of_which_nothing_is_known(self) -> None:
        done = self.start("uninstall-backend", f"BUILD={self.directory}/build")
        self.assertEqual(done.returncode, 2)
        self.assertIn("make: nothing says what was installed", done.stderr)

    def test_the_backend_but_for_its_configuration(self) -> None:
        self.write("build/backend-release/install_manifest.txt",
                   "/usr/sbin/xen-sndback\n/etc/xen/xen-sndback.conf\n/usr/share/a b")
        self.write("system/usr/share/a b", "")
        self.write("system/usr/sbin/xen-sndback", "")
        self.write("system/etc/xen/xen-sndback.conf", "")
        self.make("uninstall-backend", f"DESTDIR={self.system}")
        self.assertEqual(self.installed(), {"etc/xen/xen-sndback.conf"})

    def test_the_backend_but_for_what_the_package_has_put_in_its_place(self) -> None:
        listed = "var/lib/dpkg/info/xen-sndback.list"
        # Debian 12's debhelper has units in /lib, which is /usr/lib.
        unit = "lib/systemd/system/xen-sndback.service"
        self.write(f"system/{listed}", f"/.\n/usr/sbin/xen-sndback\n/{unit}\n")
        manual = "usr/share/man/man8/xen-sndback.8"
        files = {"usr/sbin/xen-sndback", f"usr/{unit}"}
        self.write("build/backend-release/install_manifest.txt",
                   "".join(f"/{name}\n" for name in (*files, manual)))
        for name in (*files, manual):
            self.write(f"system/{name}", "")
        self.make("uninstall-backend", f"DESTDIR={self.system}")
        self.assertEqual(self.installed(), {listed, *files})

    def test_the_backend_is_not_installed_over_the_package(self) -> None:
        self.write("system/var/lib/dpkg/info/xen-sndback.list", "/usr/sbin/xen-sndback\n")
        for program in ("cmake", "ninja"):
            self.write(f"bin/{program}", "#!/bin/sh\n").chmod(0o755)
        done = self.start("install-backend", f"DESTDIR={self.system}")
        self.assertEqual(done.returncode, 2)
        self.assertIn("the package xen-sndback is installed there", done.stderr)
        self.make("install-backend", f"DESTDIR={self.system}", "PREFIX=/usr/local")

    def test_everyone_may_read_the_backend(self) -> None:
        said = self.write("said", "")
        self.write("bin/cmake", '#!/bin/sh\n[ "$1" != --install ] || '
                   f'{{ umask; echo "$DESTDIR"; }} >{said}\n').chmod(0o755)
        self.write("bin/ninja", "#!/bin/sh\n").chmod(0o755)
        self.make("install-backend", f"DESTDIR={os.path.relpath(self.system, ROOT)}", umask=0o077)
        self.assertEqual(said.read_text(), f"0022\n{self.system}\n")


class Makefile(SystemTest):
    def test_a_blank_in_the_name_of_the_directory(self) -> None:
        directory = self.directory / "with a blank"
        directory.mkdir()
        shutil.copy(ROOT / "Makefile", directory)
        done = self.start("help", cwd=directory)
        self.assertEqual(done.returncode, 2)
        self.assertRegex(done.stderr, rf'\A\S+ \*\*\* "{directory}" has a blank .*\n\Z')

    def test_a_blank_in_the_name_of_where_it_is_installed(self) -> None:
        for name in ("DESTDIR", "INSTALL_MOD_PATH", "PREFIX"):
            done = self.start("--dry-run", "uninstall", f"{name}=/with a blank")
            self.assertEqual(done.returncode, 2)
            self.assertRegex(done.stderr, rf'"/with a blank" has a blank .* another {name}\.')

    def test_help_needs_nothing_that_debian_may_be_without(self) -> None:
        self.write("bin/column", "#!/bin/sh\nexit 127\n").chmod(0o755)
        done = self.start("help")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertRegex(done.stdout, "\n  make install {12}install the module")
        self.assertRegex(done.stdout, "\n  make uninstall-backend  remove")


class PackageTest(SystemTest):
    """What dpkg runs of a package."""

    def run_of(self, script: str, *arguments: str) -> str:
        return subprocess.run(
            ["/bin/sh", ROOT / "scripts/debian" / script, *arguments], check=True,
            env=self.environment(DPKG_ROOT=str(self.system)), capture_output=True, text=True).stdout


class Backend(PackageTest):
    RECORDINGS = "var/lib/xen-sndback"

    def test_it_takes_the_place_of_what_make_has_installed(self) -> None:
        program = "usr/sbin/xen-sndback"
        for name in (program, "usr/share/man/man8/xen-sndback.8",
                     "usr/share/doc/xen-sndback/README.md"):
            self.write(f"system/{name}", "")
        self.run_of("xen-sndback.preinst", "install")
        self.assertEqual(self.installed(), {program})

    def test_a_purge_leaves_recordings_and_no_empty_directory(self) -> None:
        directory = self.system / self.RECORDINGS
        recording = self.write(f"system/{self.RECORDINGS}/desktop/music.wav", "")
        self.run_of("xen-sndback.postrm", "purge")
        self.assertTrue(recording.exists())
        shutil.rmtree(recording.parent)
        self.run_of("xen-sndback.postrm", "remove")
        self.assertTrue(directory.exists())
        for _ in range(2):
            self.run_of("xen-sndback.postrm", "purge")
            self.assertFalse(directory.exists())


class Package(PackageTest):
    """The script that dpkg runs before it unpacks the driver's package."""

    def run_preinst(self, *arguments: str) -> str:
        return self.run_of("snd-xen-front-dkms.preinst", *arguments)

    def test_it_takes_the_place_of_what_make_has_installed(self) -> None:
        for arguments in (("install",), ("install", "1.0"), ("upgrade", "2.0", "2.0")):
            with self.subTest(arguments=arguments):
                self.make("install")
                self.depmods.write_text("")
                self.assertIn(MODULE, self.run_preinst(*arguments))
                self.assertEqual(self.installed(), set(UCM))
                self.assertEqual(self.depmods.read_text(), f"--basedir {self.system}/ {RELEASE}\n")

    def test_of_a_kernel_that_was_removed(self) -> None:
        """Its package leaves the directory, but no lists of modules; depmod would make some."""
        self.make("install")
        self.depmods.write_text("")
        (self.system / f"lib/modules/{RELEASE}/modules.dep").unlink()
        self.run_preinst("install")
        self.assertFalse((self.system / MODULE).exists())
        self.assertEqual(self.depmods.read_text(), "")

    def test_it_leaves_the_modules_of_others(self) -> None:
        others = {f"lib/modules/{RELEASE}/{name}" for name in (
            "updates/dkms/snd-xen-front.ko.xz", "updates/other.ko",
            "kernel/sound/xen/snd_xen_front.ko.xz")}
        for name in others:
            self.write(f"system/{name}", "")
        self.assertEqual(self.run_preinst("install"), "")
        self.assertEqual(self.installed(), others)

    def test_an_upgrade_that_has_failed_changes_nothing(self) -> None:
        self.make("install")
        self.run_preinst("abort-upgrade", "2.0")
        self.assertIn(MODULE, self.installed())
