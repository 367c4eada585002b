# SPDX-License-Identifier: GPL-2.0-only
"""scripts/selftests notices when a guest's counters and the backend's statistics disagree."""

from support import DirectoryTest
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


class CountersTest(DirectoryTest):

    def compare(self, guest: str = GUEST, **backend: object) -> list[str]:
        """What failed."""
        self.write("domu0/files/xen-front", guest)
        self.write_json("dom0/files/stats.json", [BACKEND | backend])
        return self.judged(counters.compare).failed

    def test_agreement(self) -> None:
        self.assertEqual(self.compare(), [])

    def test_each_disagreement(self) -> None:
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

    def test_other_streams(self) -> None:
        self.assertEqual(len(self.compare(card=0)), 1)

    def test_nothing_was_played(self) -> None:
        idle = GUEST
        for busy in ("OPEN 1", "CLOSE 1", "WRITE 40", "TRIGGER 2", "all 44", "refused 1", "all 39",
                     "all 42", "sent 30", "held-off 14"):
            idle = idle.replace(busy, busy.split()[0] + " 0")
        self.assertEqual(
            self.compare(idle, requests=dict.fromkeys(OPERATIONS, 0), refused=0, wakeups=1,
                         responses_notified=0, responses_held_off=0, events=0),
            ["counters: no stream had a request"])

    def test_missing_files(self) -> None:
        self.assertEqual(len(self.judged(counters.compare).failed), 1)

    def test_queries_for_each_set_up(self) -> None:
        for queries, opens, passes in ((2, 1, True), (3, 1, False), (0, 1, False)):
            self.write_json("dom0/files/stats.json", [
                BACKEND | {"requests": {"HW_PARAM_QUERY": queries, "OPEN": opens}}])
            self.assertEqual(not self.judged(counters.few_queries).failed, passes)

    def test_real_time(self) -> None:
        for line, passes in (("dom2/0/0/0 (x): ready", True),
                             ("dom2/0/0/0 (x): cannot be scheduled in real time; small", False)):
            self.write("dom0/backend/stderr", line)
            self.assertEqual(not self.judged(counters.run_in_real_time).failed, passes)

    def test_guests_at_once(self) -> None:
        for second, passes in (("12 30", True), ("16 30", False)):
            self.write("domu0/files/duplex.span", "10 20")
            self.write("domu1/files/duplex.span", second)
            self.assertEqual(not self.judged(counters.play_together, guests=2).failed, passes)
