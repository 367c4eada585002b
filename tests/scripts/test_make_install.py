# SPDX-License-Identifier: GPL-2.0-only
"""What "make install" leaves in a system, and who takes it away: "make uninstall", and the package."""

import subprocess

from support import DirectoryTest
from xenfront import ROOT, process

RELEASE = "6.1.0-1-amd64"
# What the headers of a kernel have that matters here; its make says what it is told.
MAKEFILE = """\
modules:
	@touch $(M)/snd-xen-front.ko
modules_install:
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
        # It says of which kernel the modules have changed.
        self.depmods = self.write("depmods", "")
        self.write("bin/depmod", f'#!/bin/sh\necho "$@" >>{self.depmods}\n').chmod(0o755)
        # Of a distribution, which sound servers need.
        self.write("system/usr/share/alsa/ucm2/HDA/HiFi.conf", "")

    def environment(self, **variables: str) -> dict[str, str]:
        return {**process.environment(), "PATH": f"{self.directory}/bin:/usr/bin:/bin", **variables}

    def make(self, target: str, *variables: str) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            ["/usr/bin/make", "--no-print-directory", target, f"BUILD={self.directory}/build",
             f"KDIR={self.kernel}", f"INSTALL_MOD_PATH={self.system}", *variables],
            cwd=ROOT, env=self.environment(), check=False, capture_output=True, text=True)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return done

    def installed(self) -> set[str]:
        """What is in the system, beside what was there before."""
        files = {str(path.relative_to(self.system)) for path in self.system.rglob("*")
                 if path.is_file()}
        return files - {"usr/share/alsa/ucm2/HDA/HiFi.conf"}


class MakeInstall(SystemTest):
    def test_uninstall_leaves_nothing(self) -> None:
        self.make("install")
        self.assertEqual(self.installed(), {MODULE, MANUAL, *UCM})
        self.make("uninstall")
        self.assertEqual(self.installed(), set())
        self.assertFalse((self.system / UCM[1]).parent.exists())
        self.assertTrue((self.system / "usr/share/alsa/ucm2/HDA/HiFi.conf").exists())
        self.assertEqual(self.depmods.read_text(), f"--basedir {self.system}/ {RELEASE}\n")

    def test_uninstall_leaves_what_is_of_the_package(self) -> None:
        listed = "var/lib/dpkg/info/snd-xen-front-dkms.list"
        dkms = f"lib/modules/{RELEASE}/updates/dkms/snd-xen-front.ko"
        self.make("install")
        self.write(f"system/{listed}", "")
        self.write(f"system/{dkms}", "")
        self.make("uninstall")
        self.assertEqual(self.installed(), {listed, dkms, *UCM})

    def test_uninstall_where_nothing_is_installed(self) -> None:
        self.make("uninstall")
        self.assertEqual(self.depmods.read_text(), "")


class Package(SystemTest):
    """The script that dpkg runs before it unpacks the package."""

    def run_preinst(self, *arguments: str) -> str:
        return subprocess.run(
            ["/bin/sh", ROOT / "scripts/debian/snd-xen-front-dkms.preinst", *arguments], check=True,
            env=self.environment(DPKG_ROOT=str(self.system)), capture_output=True, text=True).stdout

    def test_it_takes_the_place_of_what_make_has_installed(self) -> None:
        for arguments in (("install",), ("install", "1.0"), ("upgrade", "2.0", "2.0")):
            with self.subTest(arguments=arguments):
                self.depmods.write_text("")
                self.make("install")
                self.assertIn(MODULE, self.run_preinst(*arguments))
                self.assertEqual(self.installed(), set(UCM))
                self.assertEqual(self.depmods.read_text(), f"--basedir {self.system}/ {RELEASE}\n")

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
