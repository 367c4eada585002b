# SPDX-License-Identifier: GPL-2.0-only
"""scripts/toolchain says which compilers this machine's release has, and nothing else does."""

import re
import shutil
import subprocess
import unittest

from support import ROOT, run_script

# The lab also has the compilers of kernels of other releases.
USERS = ("Makefile", "Kbuild", "scripts/*", "scripts/xenfront/checks/*", "tests/CMakeLists.txt",
         "tests/*/CMakeLists.txt")
VERSIONED = re.compile(r"\b(gcc|g\+\+|gcov|cpp|clang|clang\+\+|clang-\w+|llvm|llvm-\w+|lld)-\d\d\b")


class Toolchain(unittest.TestCase):
    def test_the_compilers_are_those_of_this_machine(self) -> None:
        for family, program in (("gcc", "g++"), ("llvm", "clang++")):
            with self.subTest(family=family):
                version = run_script("toolchain", family).stdout.strip()
                self.assertTrue(shutil.which(f"{program}-{version}"), version)
                said = subprocess.run([f"{program}-{version}", "-dumpversion"], check=True,
                                      capture_output=True, text=True).stdout
                self.assertEqual(said.split(".")[0].strip(), version)

    def test_wrong_usage(self) -> None:
        for arguments in ((), ("tcc",), ("gcc", "llvm")):
            with self.subTest(arguments=arguments):
                result = run_script("toolchain", *arguments)
                self.assertEqual((result.returncode, result.stdout), (2, ""))
                self.assertIn("usage:", result.stderr)

    def test_setup_installs_them(self) -> None:
        packages = run_script("setup", "--list").stdout.split()
        gcc, llvm = (run_script("toolchain", family).stdout.strip() for family in ("gcc", "llvm"))
        for package in (f"g++-{gcc}", f"clang-{llvm}", f"clang-format-{llvm}", f"lld-{llvm}"):
            self.assertIn(package, packages)

    def test_nothing_else_names_a_version(self) -> None:
        named = []
        for pattern in USERS:
            for path in ROOT.glob(pattern):
                if not path.is_file() or path.samefile(ROOT / "scripts/toolchain"):
                    continue
                for line in path.read_text(encoding="utf-8").splitlines():
                    if VERSIONED.search(line) and not line.lstrip().startswith("#"):
                        named.append(f"{path.relative_to(ROOT)}: {line.strip()}")
        self.assertEqual(named, [])
