# SPDX-License-Identifier: GPL-2.0-only
"""For which cards src/alsa/ucm2 has a description; selftest-devices shows what sound servers make of it."""

import re
import unittest

from xenfront import ROOT

CARDS = ROOT / "src" / "alsa" / "ucm2" / "conf.d" / "xen-front" / "xen-front.conf"


class Cards(unittest.TestCase):
    def is_described(self, components: str) -> bool:
        pattern = re.search(r'^\s*Regex "(.*)"$', CARDS.read_text(encoding="ascii"), re.MULTILINE)
        assert pattern is not None
        return re.search(pattern[1], components) is not None

    def test_device_0_needs_no_description(self) -> None:
        for components in ("pcm0p:2:0", "pcm0c:1:0", "pcm0p:2:0 pcm0c:2:0", "pcm0p:8:0 pcm0c:2:0"):
            self.assertFalse(self.is_described(components), components)

    def test_any_other_device_does(self) -> None:
        for components in ("pcm0p:2:0 pcm1p:2:1", "pcm0p:2:0 pcm1c:2:0", "pcm0c:2:0 pcm1p:2:0",
                           "pcm0p:2:0 pcm0c:2:0 pcm1c:2:1", "pcm0p:2:0 pcm10p:2:1"):
            self.assertTrue(self.is_described(components), components)


if __name__ == "__main__":
    unittest.main()
