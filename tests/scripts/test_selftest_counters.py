# SPDX-License-Identifier: GPL-2.0-only
"""scripts/selftests notices when a guest's counters and the backend's statistics disagree."""

import json
import pathlib
import tempfile
import unittest

from xenfront.selftests import counters

OPERATIONS = ("OPEN", "CLOSE", "READ", "WRITE", "TRIGGER")

GUEST = """domain: 3
device: device/vsnd/1
frontend: Connected
stream 0/2: playback exact
  run: idle
  link: attached
  session: closed
  requests: OPEN 1 CLOSE 1 READ 0 WRITE 40 TRIGGER 2
  responses: all 44 refused 1
  events: all 39 backward 0
  interrupts: all 42 spurious 0
  notifications: sent 30 held-off 14
  violations: response-index 0 event-index 0
"""

BACKEND = {
    "dom": 3, "card": 1, "stream": "0/2", "dir": "p", "uid": "exact",
    "requests": dict(zip(OPERATIONS, (1, 1, 0, 40, 2))), "refused": 1, "wakeups": 31,
    "responses_notified": 4, "responses_held_off": 40, "events": 39, "violations": 0,
}


class CountersTest(unittest.TestCase):

    def compare(self, guest: str = GUEST, **backend: object) -> list[str]:
        """What failed."""
        with tempfile.TemporaryDirectory() as name:
            result = pathlib.Path(name)
            (result / "domu0/files").mkdir(parents=True)
            (result / "dom0/files").mkdir(parents=True)
            (result / "domu0/files/xen-front").write_text(guest)
            (result / "dom0/files/stats.json").write_text(json.dumps([BACKEND | backend]))
            _passed, failed, _notes = counters.compare_counters(result, 1)
        return failed

    def test_agreement(self):
        self.assertEqual(self.compare(), [])

    def test_each_disagreement(self):
        for change, what in (
                ({"requests": BACKEND["requests"] | {"WRITE": 41}}, "requests by kind"),
                ({"responses_held_off": 39}, "each request was answered"),
                ({"refused": 0}, "refused"),
                ({"events": 40}, "positions"),
                ({"wakeups": 32}, "notifications are enough"),
                ({"violations": 1}, "no violation"),
                ({"responses_notified": 2, "responses_held_off": 42}, "the interrupts")):
            failed = self.compare(**change)
            self.assertTrue(any(what in one for one in failed), (change, failed))

    def test_other_streams(self):
        with tempfile.TemporaryDirectory() as name:
            result = pathlib.Path(name)
            (result / "domu0/files").mkdir(parents=True)
            (result / "dom0/files").mkdir(parents=True)
            (result / "domu0/files/xen-front").write_text(GUEST)
            (result / "dom0/files/stats.json").write_text(json.dumps([BACKEND | {"card": 0}]))
            _passed, failed, _notes = counters.compare_counters(result, 1)
        self.assertEqual(len(failed), 1)

    def test_nothing_was_played(self):
        idle = GUEST
        for busy in ("OPEN 1", "CLOSE 1", "WRITE 40", "TRIGGER 2", "all 44", "refused 1", "all 39",
                     "all 42", "sent 30", "held-off 14"):
            idle = idle.replace(busy, busy.split()[0] + " 0")
        self.assertEqual(
            self.compare(idle, requests=dict.fromkeys(OPERATIONS, 0), refused=0, wakeups=1,
                         responses_notified=0, responses_held_off=0, events=0),
            ["counters: no stream had a request"])

    def test_missing_files(self):
        with tempfile.TemporaryDirectory() as name:
            _passed, failed, _notes = counters.compare_counters(pathlib.Path(name), 1)
        self.assertEqual(len(failed), 1)


if __name__ == "__main__":
    unittest.main()
