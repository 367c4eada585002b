# SPDX-License-Identifier: GPL-2.0-only
"""scripts/drop-in puts the driver into a kernel's tree, and takes it out without a trace."""

import pathlib
import tempfile
import unittest

from support import ROOT, run_script

KCONFIG = 'menuconfig SOUND\n\nsource "sound/virtio/Kconfig"\n\nsource "sound/xen/Kconfig"\n\nendif\n'
MAKEFILE = "obj-$(CONFIG_SND) += core/ virtio/ xen/\n"


class DropIn(unittest.TestCase):
    def setUp(self) -> None:
        temporary = tempfile.TemporaryDirectory(prefix="drop-in-")
        self.addCleanup(temporary.cleanup)
        self.kernel = pathlib.Path(temporary.name)
        self.sound = self.kernel / "sound"
        self.sound.mkdir()
        self.write(KCONFIG, MAKEFILE)

    def write(self, kconfig: str, makefile: str) -> None:
        (self.sound / "Kconfig").write_text(kconfig, encoding="ascii")
        (self.sound / "Makefile").write_text(makefile, encoding="ascii")

    def read(self) -> tuple[str, str]:
        return ((self.sound / "Kconfig").read_text(encoding="ascii"),
                (self.sound / "Makefile").read_text(encoding="ascii"))

    def test_in_and_out(self) -> None:
        for _ in range(2):
            result = run_script("drop-in", self.kernel)
            self.assertEqual(result.returncode, 0, result.stderr)
            kconfig, makefile = self.read()
            self.assertIn('source "sound/xen/Kconfig"\nsource "sound/xen-front/Kconfig"\n', kconfig)
            self.assertEqual(makefile, MAKEFILE + "obj-$(CONFIG_SND_XEN_FRONT) += xen-front/\n")
            self.assertEqual(kconfig.count("xen-front"), 1)
        for name in ("Kbuild", "Kconfig", "src/xen_front.cpp", "include/kshim/pcm.h"):
            copy = self.sound / "xen-front" / name
            self.assertEqual(copy.read_bytes(), (ROOT / name).read_bytes())
            self.assertFalse(copy.is_symlink())
        result = run_script("drop-in", "--remove", self.kernel)
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertEqual(self.read(), (KCONFIG, MAKEFILE))
        self.assertFalse((self.sound / "xen-front").exists())

    def test_what_is_no_kernel(self) -> None:
        result = run_script("drop-in", self.kernel / "none")
        self.assertEqual(result.returncode, 1)
        self.assertIn("top directory of a kernel's sources", result.stderr)
        self.write(KCONFIG.replace('sound/xen/Kconfig"', 'elsewhere/xen"'), MAKEFILE)
        result = run_script("drop-in", self.kernel)
        self.assertEqual(result.returncode, 1)
        self.assertIn("has no line 'source \"sound/xen/Kconfig\"'", result.stderr)
        self.assertEqual(self.read()[1], MAKEFILE)

    def test_wrong_usage(self) -> None:
        for arguments in ((), ("--out", self.kernel), (self.kernel, self.kernel)):
            self.assertEqual(run_script("drop-in", *arguments).returncode, 2)
        self.assertIn("usage:", run_script("drop-in", "--help").stdout)
