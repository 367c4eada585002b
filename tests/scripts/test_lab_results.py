# SPDX-License-Identifier: GPL-2.0-only
"""A run is judged by everything it brought back."""

import io
import tarfile

from support import DirectoryTest
from xenfront.errors import ExitStatus
from xenfront.lab import arguments as arguments_of
from xenfront.lab import options, results


class Judgement(DirectoryTest):
    def setUp(self) -> None:
        super().setUp()
        (self.directory / "dom0").mkdir()
        (self.directory / "dom0/console.log").write_text("lab: dom0: 60.00 powers off\n",
                                                         encoding="utf-8")
        results.disk_of(self.directory).touch()
        self.hand_back("dom0")

    def hand_back(self, domain: str, **files: str) -> None:
        """As guest/lib.sh packs it: what is in out/, and then a mark."""
        number = results.DOM0 if domain == "dom0" else \
            results.FIRST_GUEST + int(domain.removeprefix("domu"))
        with open(results.disk_of(self.directory), "r+b") as disk:
            disk.seek(number * results.ARCHIVE_BYTES)
            archive = tarfile.open(fileobj=disk, mode="w")
            for name, content in (*((f"out/{name}", text) for name, text in files.items()),
                                  ("complete", "")):
                member = tarfile.TarInfo(name)
                member.size = len(content)
                archive.addfile(member, io.BytesIO(content.encode()))
            archive.close()

    def judge(self, *arguments: str) -> results.Outcome:
        parsed = options.checked(arguments_of.parse(["run", *arguments]))
        outcome = results.Outcome(parsed, self.directory)
        outcome.collect(host_limit_reached=False, qemu_failure=None)
        return outcome

    def test_a_good_run(self) -> None:
        self.hand_back("domu0", status="0\n", dmesg="[    1.000000] all is well\n")
        outcome = self.judge("--domu-command", "true")
        self.assertEqual((outcome.status, outcome.problems), (ExitStatus.OK, []))

    def test_a_card_that_did_not_come(self) -> None:
        self.hand_back("domu0", status="0\n",
                       problem="insmod of the driver failed\n"
                               "only 0 of 1 sound cards came within 20 s\n")
        outcome = self.judge("--domu-command", "true")
        self.assertEqual(outcome.status, ExitStatus.SCRIPT_FAILED)
        texts = [text for _, text in outcome.problems]
        self.assertEqual(len(texts), 2)
        self.assertIn("domu0: insmod of the driver failed; see domu0/dmesg", texts)
        self.assertIn("only 0 of 1 sound cards", texts[1])

    def test_a_script_that_failed(self) -> None:
        self.hand_back("domu0", status="3\n")
        self.assertEqual(self.judge("--domu-command", "false").status, ExitStatus.SCRIPT_FAILED)

    def test_a_call_trace_in_any_guests_log(self) -> None:
        trace = "[    5.000000] aplay: page allocation failure\n[    5.000001] Call Trace:\n"
        self.hand_back("domu0", status="0\n")
        self.hand_back("domu1", status="0\n", dmesg=trace)
        outcome = self.judge("--domu-command", "true", "--guests", "2")
        self.assertEqual(outcome.status, ExitStatus.KERNEL_REPORT)
        self.assertEqual([report.log for report in outcome.reports], ["domu1/dmesg"])

    def test_files_that_cannot_be_there_together(self) -> None:
        self.hand_back("domu0", status="0\n", **{"files/a": "a file", "files/a/b": "below it"})
        outcome = self.judge("--domu-command", "true")
        self.assertEqual(outcome.status, ExitStatus.LAB_FAILED)
        self.assertIn("domu0 handed no results back", outcome.problems[0][1])

    def test_a_guest_that_is_lost(self) -> None:
        self.assertEqual(self.judge("--domu-command", "true").status, ExitStatus.LAB_FAILED)
