# SPDX-License-Identifier: GPL-2.0-only
"""scripts/selftests notices when the driver's trace and the backend's differ."""

import json
import pathlib
import tempfile
import unittest

import support  # pylint: disable=unused-import # finds scripts/
from selftestkit import traces

OPERATIONS = ("OPEN", "TRIGGER START", "WRITE", "READ", "TRIGGER STOP", "CLOSE")
STREAM = {"dom": 3, "card": 1, "stream": "0/2", "dir": "p", "uid": "exact"}


class Session:
    """The traces of both sides of the same."""

    def __init__(self) -> None:
        self.guest = ["# domain: 3", "# tracer: nop"]
        self.backend: list[dict] = []
        self._time = 0

    def _event(self, name: str, fields: str) -> None:
        self._time += 100
        self.guest.append(f" aplay-3  [000] d..1. 7.{self._time:06}: xen_front_{name}: card=1 "
                          f"stream=0/2 dir=playback {fields}")

    def request(self, number: int, what: str) -> None:
        """A request and its response."""
        operation, _blank, trigger = what.partition(" ")
        place = {"WRITE": (1920, 960), "READ": (0, 960), "OPEN": (0, 8192)}.get(operation, (0, 0))
        self._event("request", f"id={number} op={operation} trigger={trigger or '-'} "
                    f"offset={place[0]} length={place[1]}")
        self._event("response", f"id={number} op={operation} status=0")
        arguments = {"OPEN": {"buffer": place[1]}, "TRIGGER": {"trigger": trigger}, "CLOSE": {}}.get(
            operation, {"offset": place[0], "length": place[1]})
        self.backend.append({**STREAM, "type": "request", "op": operation, "id": number, **arguments})
        self.backend.append({**STREAM, "type": "response", "op": operation, "id": number,
                             "status": 0})

    def position(self, frames: int) -> None:
        """A position that ends a period."""
        self._event("event", f"position={4 * frames} frames={frames}")
        self._event("position", f"hardware={frames} shown={frames} committed=9999 elapsed=1")
        self.backend.append({**STREAM, "type": "event", "pos": 4 * frames, "notify": True})


def session() -> Session:
    """What the backend served before nobody traced in the guest."""
    both = Session()
    both.request(1, "OPEN")
    both.request(2, "CLOSE")
    both.guest = both.guest[:2]
    for number, what in enumerate(OPERATIONS, 3):
        if what == "TRIGGER STOP":
            both.position(480)
            both.position(960)
        both.request(number, what)
    return both


class TracesTest(unittest.TestCase):

    def compare(self, both: Session) -> tuple[list[str], list[str]]:
        """What passed and what failed."""
        with tempfile.TemporaryDirectory() as name:
            result = pathlib.Path(name)
            (result / "domu0/files").mkdir(parents=True)
            (result / "dom0/files").mkdir(parents=True)
            (result / "domu0/files/trace").write_text("\n".join(both.guest) + "\n")
            (result / "dom0/files/backend.jsonl").write_text(
                "".join(json.dumps(record) + "\n" for record in both.backend))
            passed, failed, _table = traces.compare_traces(result)
        return passed, failed

    def test_agreement(self):
        passed, failed = self.compare(session())
        self.assertEqual(failed, [])
        self.assertEqual(len(passed), 4)

    def test_each_disagreement(self):
        for kind, field, value in (("request", "offset", 7777), ("request", "id", 99),
                                   ("request", "trigger", "PAUSE"), ("response", "status", -5),
                                   ("event", "pos", 1)):
            both = session()
            record = [one for one in both.backend if one["type"] == kind and field in one][-1]
            record[field] = value
            _passed, failed = self.compare(both)
            self.assertEqual(len(failed), 1, (kind, field))

    def test_a_request_that_never_arrived(self):
        both = session()
        del both.backend[4]
        _passed, failed = self.compare(both)
        self.assertTrue(any("requests are the backend's" in one for one in failed))

    def test_no_positions(self):
        both = session()
        both.guest = [line for line in both.guest if "xen_front_event" not in line]
        _passed, failed = self.compare(both)
        self.assertIn("trace: there are no positions", failed)
        self.assertTrue(any("event to period" in one for one in failed))

    def test_no_domain(self):
        both = session()
        del both.guest[0]
        self.assertIn("does not begin with its domain", self.compare(both)[1][0])


if __name__ == "__main__":
    unittest.main()
