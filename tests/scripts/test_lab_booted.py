# SPDX-License-Identifier: GPL-2.0-only
"""Machines whose Dom0 has booted, kept in the cache, with a QEMU that only answers."""

import dataclasses
import os
import pathlib
import subprocess
import unittest.mock

from support import DirectoryTest
from xenfront.architectures import Boot
from xenfront.errors import Failure
from xenfront.lab import arguments, booted, machine, options
from xenfront.lab.results import DISK_BYTES, disk_of

_QEMU = """\
#!/usr/bin/python3 -B
import json, pathlib, subprocess, sys
if sys.argv[1:] == ["--version"]:
    sys.exit(print("QEMU emulator version 7.2"))
here = pathlib.Path(__file__).parent
with open(here / "boots", "a") as boots:
    boots.write("boot\\n")
for word in sys.argv:
    if "path=" in word and "console.log" in word:
        console = word.split("path=")[1]
if (here / "dies").exists():
    sys.exit("qemu: no such machine")
says = (here / "says").read_text() if (here / "says").exists() else ""
pathlib.Path(console).write_text(says + "lab: dom0: 5.31 kernel is up\\n")
pathlib.Path(console).parent.parent.joinpath("xen.log").write_text("(XEN) booted\\n")
print(json.dumps({"QMP": {}}), flush=True)
writer = None
for line in sys.stdin:
    said = json.loads(line)
    answer = {}
    if said["execute"] == "migrate":
        print(json.dumps({"event": "STOP"}), flush=True)
        shell = said["arguments"]["uri"].removeprefix("exec:")
        # It takes its time, and QEMU says that it has written all before that.
        writer = subprocess.Popen(["sh", "-c", "sleep 0.3; " + shell], stdin=subprocess.PIPE)
        writer.stdin.write(b"the state")
    if said["execute"] == "query-migrate":
        answer = {"status": (here / "status").read_text()}
    refused = said["execute"] == "migrate" and (here / "refuses").exists()
    print(json.dumps({"error": {"desc": "no"}} if refused else {"return": answer}), flush=True)
    if said["execute"] == "quit":
        sys.exit(writer and (writer.communicate(), 0)[1])
"""


class Booted(DirectoryTest):
    def setUp(self) -> None:
        super().setUp()
        self.replace_cache()
        self.write("qemu-system-x86_64", _QEMU).chmod(0o755)
        self.write("status", "completed")
        self.replace(unittest.mock.patch.dict(
            os.environ, PATH=f"{self.directory}:{os.environ['PATH']}"))
        self.boot = Boot(self.write("xen", ""), "console=com1", self.write("kernel", ""),
                         "console=ttyS1", self.write("initramfs", ""))

    def prepared(self, *words: str) -> pathlib.Path:
        return booted.prepared(options.checked(arguments.parse(["run", *words])), self.boot,
                               lambda _: None)

    def boots(self) -> int:
        return len((self.directory / "boots").read_text("ascii").split())

    def test_a_machine_boots_once(self) -> None:
        first = self.prepared()
        self.assertEqual(subprocess.check_output(["zstd", "-dcq", first / "state"]), b"the state")
        # What a run plays, counts or is typed into does not matter before it has begun.
        self.assertEqual(self.prepared("--sound", "ac97", "--qemu-plugin", "counter.so"), first)
        self.assertEqual(self.boots(), 1)

    def test_another_machine_is_another(self) -> None:
        first = self.prepared()
        for words in (("--cpus", "1"), ("--icount", "off"), ("--memory", "4000")):
            self.assertNotEqual(self.prepared(*words), first)
        self.boot = dataclasses.replace(self.boot, xen_options="console=com2")
        self.assertNotEqual(self.prepared(), first)

    def test_guests_that_fit_share_a_machine(self) -> None:
        self.assertEqual(self.prepared("--guests", "2"), self.prepared("--memory", "256"))

    def test_a_run_goes_on_from_there(self) -> None:
        kept, run = self.prepared(), self.directory / "a run's"
        (run / "dom0").mkdir(parents=True)
        self.assertEqual(booted.resume(kept, run),
                         ["-incoming", f"exec:zstd -dcq {kept / 'state'}"])
        self.assertEqual((run / "dom0/console.log").read_text("ascii"),
                         "lab: dom0: 5.31 kernel is up\n")
        self.assertEqual((run / "xen.log").read_text("ascii"), "(XEN) booted\n")

    def fails(self, reason: str) -> None:
        with self.assertRaisesRegex(Failure, reason):
            self.prepared()
        self.write("status", "completed")
        for name in ("dies", "refuses", "says"):
            (self.directory / name).unlink(missing_ok=True)
        # Nothing of it stays but the logs, and the next run boots.
        cached = self.directory / "snd-xen-front"
        self.assertEqual(sorted(path.name for path in cached.iterdir()), ["locks", "not-booted"])
        self.assertTrue((self.prepared() / "state").is_file())

    def test_dom0_that_does_not_boot(self) -> None:
        self.write("dies", "")
        self.fails("ended before Dom0 was up.*no such machine")

    def test_a_dom0_that_reports_a_fault(self) -> None:
        self.write("says", "[    1.000000] Kernel panic - not syncing: nothing to boot\n")
        self.fails("(?s)a kernel report while Dom0 boots.*nothing to boot")

    def test_a_state_that_cannot_be_written(self) -> None:
        self.write("status", "failed")
        self.fails("could not write the state")

    def test_a_qemu_that_cannot(self) -> None:
        self.write("refuses", "")
        self.fails("QEMU refuses migrate: .*no")


class Disk(DirectoryTest):
    def test_it_keeps_what_is_in_its_file(self) -> None:
        self.write(disk_of(self.directory).name, "070701")
        machine.create_disk(self.directory)
        self.assertEqual(disk_of(self.directory).stat().st_size, DISK_BYTES)
        with open(disk_of(self.directory), "rb") as handle:
            self.assertEqual(handle.read(8), b"070701\0\0")
