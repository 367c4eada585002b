# SPDX-License-Identifier: GPL-2.0-only
"""Command lines become options, and what does not fit is refused with a reason."""

import re
import tempfile
import unittest

import support
from support import DirectoryTest
from xenfront.errors import UsageError
from xenfront.lab import arguments as arguments_of
from xenfront.lab import options


def parse(*arguments: str) -> options.RunOptions:
    return options.checked(arguments_of.parse(["run", *arguments]))


class Options(DirectoryTest):
    def test_defaults(self) -> None:
        run = parse()
        self.assertEqual((run.kernel, run.type, run.guests, run.driver), ("6.1", "pv", 1, "ours"))
        self.assertEqual(run.icount, 1)
        self.assertEqual(options.card_count(run.vsnd_of(0)), 1)
        self.assertIsNone(run.domu_script(0))

    def test_arm64(self) -> None:
        run = parse("--arch", "arm64")
        self.assertEqual((run.architecture.name, run.type, run.cpus), ("arm64", "pvh", 1))
        self.assertEqual(run.as_dict()["architecture"], "arm64")
        self.assertEqual(parse("--arch", "arm64", "--cpus", "2", "--icount", "off").cpus, 2)
        for wrong, reason in ((("--type", "pv"), "--type pv: on arm64 there is pvh"),
                              (("--sound", "ac97"), "--sound ac97: on arm64 there is none, aloop"),
                              (("--cpus", "2"), "need --icount off")):
            with self.subTest(wrong), self.assertRaisesRegex(UsageError, reason):
                parse("--arch", "arm64", *wrong)

    def test_no_backend_means_no_card(self) -> None:
        self.assertIsNone(parse("--backend", "none").vsnd_of(0))
        self.assertIsNone(parse("--backend", "none").backend)

    def test_own_kernels(self) -> None:
        with self.assertRaisesRegex(UsageError, "--dom0-kernel-image: .*: no such file"):
            parse("--dom0-kernel-image", f"{self.directory}/bzImage")
        image = str(self.write("bzImage", ""))
        run = parse("--dom0-kernel-image", image, "--dom0-modules-dir", str(self.directory))
        self.assertEqual((str(run.dom0_kernel_image), run.dom0_modules_dir), (image, self.directory))
        self.assertIsNone(run.kernel_image)
        # Without its modules a kernel would boot and have neither disks nor sound.
        with self.assertRaisesRegex(UsageError, "--modules-dir: .*/6.12: no such directory"):
            parse("--kernel-image", image, "--modules-dir", f"{self.directory}/6.12")
        with self.assertRaisesRegex(UsageError, "--modules-dir needs --kernel-image"):
            parse("--modules-dir", "/tmp")

    def test_xen_type_and_root(self) -> None:
        run = parse("--xen", "4.20", "--type", "hvm", "--root", "disk", "--vcpus", "4")
        self.assertEqual((run.xen, run.type, run.root, run.vcpus), ("4.20", "hvm", "disk", 4))
        self.assertEqual(parse().root, "memory")

    def test_icount(self) -> None:
        self.assertIsNone(parse("--icount", "off").icount)
        self.assertEqual(parse("--icount", "3").icount, 3)
        for wrong in ("11", "-1", "on", ""):
            with self.subTest(value=wrong), self.assertRaises(UsageError):
                parse(f"--icount={wrong}")

    def test_scripts_per_guest(self) -> None:
        run = parse("--guests", "2", "--domu-command", "echo all", "--domu-command", "1:echo one")
        self.assertIn(b"echo all", run.domu_script(0).content)
        self.assertIn(b"echo one", run.domu_script(1).content)

    def test_guest_out_of_range(self) -> None:
        with self.assertRaisesRegex(UsageError, "--guests 1 makes them 0 to 0"):
            parse("--domu-command", "1:true")
        with self.assertRaisesRegex(UsageError, "--vsnd for guest 3"):
            parse("--vsnd", "3:none")

    def test_two_scripts_for_one_guest(self) -> None:
        with self.assertRaisesRegex(UsageError, "two scripts"):
            parse("--domu-command", "true", "--domu-command", "false")

    def test_exclusive_options(self) -> None:
        for arguments in (("--dom0-script", "x", "--dom0-command", "y"),
                          ("--modules-dir", "/tmp"), ("--driver", "none", "--module", "m.ko"),
                          ("--guests", "99"), ("--memory", "1"), ("--name", "../x"),
                          ("--dom0-script", "/nonexistent/file"),
                          ("--domu-overlay", "/nonexistent"), ("--allow-report", "(")):
            with self.subTest(arguments=arguments), self.assertRaises(UsageError):
                parse(*arguments)

    def test_script_file_without_interpreter(self) -> None:
        path = self.write("script", "echo hello\n")
        self.assertEqual(parse("--dom0-script", str(path)).dom0_script.content,
                         b"#!/bin/sh\necho hello\n")
        path = self.write("script", "#!/bin/bash\necho hello\n")
        self.assertEqual(parse("--domu-script", f"0:{path}").domu_script(0).content,
                         b"#!/bin/bash\necho hello\n")

    def test_package_lists(self) -> None:
        run = parse("--domu-packages", "sox,strace", "--domu-packages", "gdb")
        self.assertEqual(run.domu_packages, ["sox", "strace", "gdb"])

    def test_summary_is_plain(self) -> None:
        plain = parse("--domu-command", "true", "--domu-overlay", "/tmp").as_dict()
        self.assertEqual(plain["domu_overlay"], ["/tmp"])
        self.assertEqual(plain["domu_scripts"], {"all": "true"})


class Vsnd(unittest.TestCase):
    def test_text_with_and_without_the_assignment(self) -> None:
        text = "[['card, backend=Domain-0', 'pcm, name=a', 'stream, type=P']]"
        self.assertEqual(options.vsnd_text(text), text)
        self.assertEqual(options.vsnd_text(f"vsnd = {text}"), text)
        self.assertIsNone(options.vsnd_text("none"))

    def test_file_with_comments_and_several_cards(self) -> None:
        with tempfile.NamedTemporaryFile("w", suffix=".cfg") as handle:
            handle.write("# two cards\nvsnd = [ ['card, short-name=A'],\n ['card'] ]\n")
            handle.flush()
            text = options.vsnd_text(handle.name)
        self.assertEqual(options.card_count(text), 2)
        self.assertNotIn("\n", text)

    def test_wrong(self) -> None:
        for wrong in ("/nonexistent/file", "[", "['card']", "[[1]]", "[[x]]",
                      "[['card,\n short-name=A']]"):
            with self.subTest(value=wrong), self.assertRaises(UsageError):
                parse("--vsnd", wrong)

    def test_readme_has_what_xl_takes(self) -> None:
        readme = (support.ROOT / "README.md").read_text(encoding="utf-8")
        text, = re.findall(r"^    (vsnd = .*?\]\])$", readme, re.MULTILINE | re.DOTALL)
        self.assertEqual(options.card_count(options.vsnd_text(text)), 1)

    def test_default_is_what_xl_takes(self) -> None:
        self.assertEqual(options.card_count(options.vsnd_text(options.DEFAULT_VSND)), 1)
