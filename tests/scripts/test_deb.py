# SPDX-License-Identifier: GPL-2.0-only
"""The Debian packages: what their parts have to agree in, and what scripts/check-deb chooses."""

import pathlib
import re
import subprocess
import unittest

import support
from xenfront import process
from xenfront.debian import trial

DEBIAN = support.ROOT / "scripts" / "debian"


def read(path: pathlib.Path) -> str:
    return path.read_text(encoding="utf-8")


class PartsAgree(unittest.TestCase):
    def test_the_module_has_the_version_of_the_changelog(self):
        changelog = re.match(r"snd-xen-front \((\S+)\)", read(DEBIAN / "changelog"))[1]
        module = re.search(r'^MODULE_VERSION\("(.*)"\);$',
                           read(support.ROOT / "src/shim/module.c"), re.MULTILINE)[1]
        manual = re.search(r'"snd-xen-front (\S+)"',
                           read(support.ROOT / "src/man/snd-xen-front.4"))[1]
        self.assertEqual((module, manual), (changelog, changelog))

    def test_dkms_passes_over_the_kernels_that_kbuild_refuses(self):
        """But for those of 32 bits: DKMS knows architectures."""
        needed, unwanted = (set(names.split()) for names in re.findall(
            r"\$\(foreach option,([\w ]+),", read(support.ROOT / "Kbuild")))
        options = re.search('^BUILD_EXCLUSIVE_CONFIG="(.*)"$', read(DEBIAN / f"{trial.DKMS}.dkms"),
                            re.MULTILINE)[1]
        self.assertEqual(set(options.split()), {f"CONFIG_{name}" for name in needed - {"64BIT"}}
                         | {f"!CONFIG_{name}" for name in unwanted})

    def test_dkms_passes_over_kernels_older_than_those_supported(self):
        """A machine of Debian 11 that was upgraded still has one, and may still run it."""
        script = ('. "$0"; for kernel; do [[ ! $kernel =~ $BUILD_EXCLUSIVE_KERNEL ]] || '
                  'echo "$kernel"; done')
        older = ["4.19.0-27-amd64", "5.10.0-33-amd64", "5.4.0-200-generic", "6.0.0-6-amd64"]
        supported = ["6.1.0-57-amd64", "6.12.118+deb13-amd64", "7.0.1-amd64", "7.3.2+deb14-arm64",
                     "10.0.0-amd64"]
        self.assertEqual(subprocess.run(
            ["bash", "-c", script, DEBIAN / f"{trial.DKMS}.dkms", *older, *supported], check=True,
            capture_output=True, text=True).stdout.split(), supported)

    def test_setup_installs_what_the_packages_are_built_with(self):
        depends = read(DEBIAN / "control").split("Build-Depends:")[1].split("\nStandards")[0]
        names = {line.split()[0].rstrip(",") for line in depends.split("\n") if line.strip()}
        names = {"debhelper" if name == "debhelper-compat" else name for name in names}
        row = re.search(r"^deb +(.*)$", support.run_script("setup", "--list").stdout, re.MULTILINE)
        self.assertLessEqual(names, set(row[1].split()))

    def test_the_manual_documents_every_parameter(self):
        shim = "".join(read(path) for path in sorted((support.ROOT / "src/shim").glob("*.c")))
        parameters = set(re.findall(r"^module_param(?:_\w+)?\((\w+)", shim, re.MULTILINE))
        manual = read(support.ROOT / "src/man/snd-xen-front.4")
        section = manual.split(".SH PARAMETERS")[1].split(".SH")[0]
        self.assertEqual(parameters, set(re.findall(r"^\.BR (\w+) =", section, re.MULTILINE)))
        table = read(support.ROOT / "README.md").split("Module parameters")[1].split("## ")[0]
        rows = "".join(row.split("|")[1] for row in table.splitlines() if row.startswith("| `"))
        self.assertEqual(parameters, set(re.findall(r"`(\w+)`", rows)))

    def test_the_manuals_have_no_errors(self):
        for page in support.ROOT.glob("src/**/*.[48]"):
            done = subprocess.run(["groff", "-t", "-man", "-Tutf8", "-ww", "-z", page],
                                  capture_output=True, text=True, check=False)
            self.assertEqual((done.returncode, done.stderr), (0, ""), page)


class Rules(support.DirectoryTest):
    def test_the_package_asks_for_no_dkms_that_debian_12_does_not_have(self):
        """Whatever the dh_dkms that builds it asks for; this one is as that of Debian 13."""
        substvars = self.write("debian/snd-xen-front-dkms.substvars", "misc:Pre-Depends=\n")
        self.write("dh_dkms", f"#!/bin/sh\necho 'misc:Depends=dkms (>= 3.0.11), x' >>{substvars}\n"
                   ).chmod(0o755)
        # What it includes is of dpkg-dev, which only building packages needs.
        rules = self.write("debian/rules", re.sub("(?m)^include .*$", "", read(DEBIAN / "rules")))
        subprocess.run(["make", "-s", "-f", rules, "override_dh_dkms-indep"], check=True,
                       cwd=self.directory,
                       env={**process.environment(), "PATH": f"{self.directory}:/bin"})
        self.assertEqual(read(substvars),
                         "misc:Pre-Depends=\nmisc:Depends=dkms (>= 3.0.3-4~), x\n")


class SetupFor(unittest.TestCase):
    def test_a_purpose_that_there_is_not(self):
        done = support.run_script("setup", "--for", "debs")
        self.assertEqual(done.returncode, 2)
        self.assertIn("'debs'", done.stderr)

    def test_a_missing_purpose(self):
        self.assertEqual(support.run_script("setup", "--for").returncode, 2)


class Kernels(unittest.TestCase):
    NAMES = ["linux-headers-amd64", "linux-headers-6.12-amd64",
             "linux-headers-6.12.117+deb13-common",
             "linux-headers-6.12.118+deb13-rt-amd64", "linux-headers-6.12.118+deb13-cloud-amd64"]

    def test_the_last_two_of_a_release_with_one_series(self):
        names = [*self.NAMES, "linux-headers-6.12.99+deb13-amd64",
                 "linux-headers-6.12.118+deb13-amd64", "linux-headers-6.12.117+deb13-amd64"]
        self.assertEqual(trial.older_and_newer(names, "6.12.118+deb13-amd64"),
                         ("6.12.117+deb13-amd64", "6.12.118+deb13-amd64"))

    def test_the_newest_beside_the_one_of_the_release(self):
        names = [*self.NAMES, "linux-headers-6.1.0-9-amd64", "linux-headers-6.1.0-56-amd64",
                 "linux-headers-6.12.117+deb12-amd64", "linux-headers-6.12.113+deb12-amd64"]
        self.assertEqual(trial.older_and_newer(names, "6.1.0-56-amd64"),
                         ("6.1.0-56-amd64", "6.12.117+deb12-amd64"))


class CheckDeb(unittest.TestCase):
    def test_a_suite_that_is_none(self):
        done = support.run_script("check-deb", "Debian 12")
        self.assertEqual(done.returncode, 2)
        self.assertIn("'Debian 12'", done.stderr)
