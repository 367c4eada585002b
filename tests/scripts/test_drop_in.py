# SPDX-License-Identifier: GPL-2.0-only
"""scripts/drop-in puts the driver into a kernel's tree, and takes it out without a trace."""


from support import ROOT, DirectoryTest, run_script

KCONFIG = 'menuconfig SOUND\n\nsource "sound/virtio/Kconfig"\n\nsource "sound/xen/Kconfig"\n\nendif\n'
MAKEFILE = "obj-$(CONFIG_SND) += core/ virtio/ xen/\n"


class DropIn(DirectoryTest):
    def setUp(self) -> None:
        super().setUp()
        self.kernel, self.sound = self.directory, self.directory / "sound"
        self.write("sound/Kconfig", KCONFIG)
        self.write("sound/Makefile", MAKEFILE)

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
        for name in ("alsa", "backend", "man"):
            self.assertTrue((ROOT / "src" / name).is_dir())
            self.assertFalse((self.sound / "xen-front" / "src" / name).exists(), name)
        result = run_script("drop-in", "--remove", self.kernel)
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertEqual(self.read(), (KCONFIG, MAKEFILE))
        self.assertFalse((self.sound / "xen-front").exists())

    def test_what_is_no_kernel(self) -> None:
        result = run_script("drop-in", self.kernel / "none")
        self.assertEqual(result.returncode, 1)
        self.assertIn("top directory of a kernel's sources", result.stderr)
        self.write("sound/Kconfig", KCONFIG.replace('sound/xen/Kconfig"', 'elsewhere/xen"'))
        result = run_script("drop-in", self.kernel)
        self.assertEqual(result.returncode, 1)
        self.assertIn("has no line 'source \"sound/xen/Kconfig\"'", result.stderr)
        self.assertEqual(self.read()[1], MAKEFILE)

    def test_wrong_usage(self) -> None:
        for arguments in ((), ("--out", self.kernel), (self.kernel, self.kernel)):
            self.assertEqual(run_script("drop-in", *arguments).returncode, 2)
