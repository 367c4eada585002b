# SPDX-License-Identifier: GPL-2.0-only
"""Kbuild says in one sentence, and at once, why the module cannot be built for a kernel."""

import subprocess

from support import DirectoryTest
from xenfront import ROOT, process

# A kernel's configuration that is good enough, and what its build would tell.
KERNEL = {"KBUILD_EXTMOD": "/module", "CONFIG_MODULES": "y", "CONFIG_64BIT": "y",
          "CONFIG_SND_PCM": "m", "CONFIG_XEN_XENBUS_FRONTEND": "y", "CONFIG_CC_IS_GCC": "y",
          "CONFIG_CC_VERSION_TEXT": "gcc-12 (Debian 12.2.0) 12.2.0", "CC": "gcc-12"}
CLANG = {"CONFIG_CC_IS_GCC": "", "CONFIG_CC_IS_CLANG": "y", "CC": "clang-19",
         "CONFIG_CC_VERSION_TEXT": "Debian clang version 19.1.7"}


class Kbuild(DirectoryTest):
    def setUp(self) -> None:
        super().setUp()
        for name in ("g++-12", "clang++-19", "x86_64-linux-gnu-g++-14", "gcc-12"):
            self.write(name, "#!/bin/sh\n").chmod(0o755)

    def read(self, **changes: str) -> subprocess.CompletedProcess[str]:
        """Has make read Kbuild as the build of a kernel does."""
        variables = [f"{name}={value}" for name, value in {**KERNEL, **changes}.items()]
        return subprocess.run(
            ["/usr/bin/make", "--no-print-directory", "-f", "Kbuild",
             "--eval=print: ; @echo $(xen-front-src) $(xen-front-cxx)", "print", *variables],
            cwd=ROOT, env={**process.environment(), "PATH": f"{self.directory}:/bin"}, check=False,
            capture_output=True, text=True)

    def assert_refused(self, *fragments: str, **changes: str) -> None:
        result = self.read(**changes)
        self.assertEqual(result.returncode, 2, result.stdout)
        self.assertEqual(len(result.stderr.strip().splitlines()), 1, result.stderr)
        for fragment in fragments:
            self.assertIn(fragment, result.stderr)

    def test_a_kernel_that_is_good_enough(self) -> None:
        result = self.read()
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        self.assertEqual(result.stdout.split(), [".", "g++-12"])

    def test_options_that_are_missing(self) -> None:
        self.assert_refused("configured without CONFIG_SND_PCM;", "KDIR=", CONFIG_SND_PCM="")

    def test_pages_that_are_too_large(self) -> None:
        for option in ("CONFIG_ARM64_16K_PAGES", "CONFIG_ARM64_64K_PAGES"):
            self.assert_refused(f"configured with {option},", "4 KiB", "KDIR=", **{option: "y"})

    def test_the_sibling_of_the_c_compiler_is_missing(self) -> None:
        self.assert_refused("needs g++-13, the sibling of the gcc-13", "apt install g++-13",
                            CC="gcc-13")
        self.assert_refused("needs x86_64-linux-gnu-g++-13,", "apt install g++-13",
                            CC="x86_64-linux-gnu-gcc-13")
        self.assert_refused("apt install g++-13-aarch64-linux-gnu", CC="aarch64-linux-gnu-gcc-13")
        self.assert_refused("needs clang++-20, ", "apt install clang-20",
                            **{**CLANG, "CC": "clang-20"})

    def test_siblings(self) -> None:
        for compiler, sibling in (("x86_64-linux-gnu-gcc-14", "x86_64-linux-gnu-g++-14"),
                                  ("ccache gcc-12", "ccache g++-12"), ("clang-19", "clang++-19"),
                                  # Options, as Yocto has them.
                                  ("gcc-12 -fuse-ld=bfd -fdebug-prefix-map=/gcc-12=/b",
                                   "g++-12 -fuse-ld=bfd -fdebug-prefix-map=/gcc-12=/b")):
            with self.subTest(compiler=compiler):
                result = self.read(CC=compiler)
                self.assertEqual(result.stdout.split()[1:], sibling.split(), result.stderr)

    def test_a_kernel_that_was_built_by_clang(self) -> None:
        self.assertEqual(self.read(**CLANG).returncode, 0)
        self.assert_refused("has to be built by Clang", "Debian clang version 19.1.7",
                            "not by gcc-12: make LLVM=1", **{**CLANG, "CC": "gcc-12"})

    def test_objects_elsewhere(self) -> None:
        """As Linux 6.13 and newer build with MO=."""
        result = subprocess.run(
            ["/usr/bin/make", "-r", "-f", ROOT / "Kbuild", "--eval=FORCE:", "src/xen_front.o",
             "obj=.", f"src={ROOT}/.", f"VPATH={ROOT}"],
            cwd=self.directory, env=process.environment(), check=False, capture_output=True,
            text=True)
        self.assertEqual((result.returncode, result.stderr), (0, ""))

    def test_cleaning_needs_nothing(self) -> None:
        nothing = {name: "" for name in KERNEL if name.startswith("CONFIG_")}
        self.assertEqual(self.read(**nothing, CC="gcc-13").returncode, 0)
