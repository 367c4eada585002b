# SPDX-License-Identifier: GPL-2.0-only
"""scripts/selftests notices when the driver's trace and the backend's differ."""

import json

from support import DirectoryTest
from xenfront.selftests import traces

# What a stream does, by the direction in which it does it; words in small letters are states.
LIVES = {
    "playback": ("prepared", "OPEN", "running", "TRIGGER START", "WRITE", "draining", "stopped",
                 "TRIGGER STOP", "idle", "CLOSE"),
    "capture": ("prepared", "OPEN", "running", "TRIGGER START", "READ", "stopped", "TRIGGER STOP",
                "idle", "CLOSE"),
}
STREAMS = {"playback": "0/2", "capture": "0/3"}


class Session:
    """The traces of both sides of the same."""

    def __init__(self) -> None:
        self.guest = ["# domain: 3", "# tracer: nop"]
        self.backend: list[dict] = []
        self._time = 0
        self._requests = 0

    def _event(self, direction: str, name: str, fields: str) -> None:
        self._time += 100
        self.guest.append(f" aplay-3  [000] d..1. 7.{self._time:06}: xen_front_{name}: card=1 "
                          f"stream={STREAMS[direction]} dir={direction} {fields}")

    def _serve(self, direction: str, record: dict) -> None:
        self.backend.append({"dom": 3, "card": 1, "stream": STREAMS[direction],
                             "dir": direction[0], "uid": "exact", **record})

    def request(self, direction: str, what: str) -> None:
        """A request and its response."""
        self._requests += 1
        number = self._requests
        operation, _blank, trigger = what.partition(" ")
        place = {"WRITE": (1920, 960), "READ": (0, 960), "OPEN": (0, 8192)}.get(operation, (0, 0))
        self._event(direction, "request", f"id={number} op={operation} trigger={trigger or '-'} "
                    f"offset={place[0]} length={place[1]}")
        self._event(direction, "response", f"id={number} op={operation} status=0")
        arguments = {"OPEN": {"buffer": place[1]}, "TRIGGER": {"trigger": trigger}, "CLOSE": {}}.get(
            operation, {"offset": place[0], "length": place[1]})
        self._serve(direction, {"type": "request", "op": operation, "id": number, **arguments})
        self._serve(direction, {"type": "response", "op": operation, "id": number, "status": 0})

    def position(self, direction: str, frames: int) -> None:
        """A position that ends a period."""
        self._event(direction, "event", f"position={4 * frames} frames={frames}")
        self._event(direction, "position",
                    f"hardware={frames} shown={frames - 480} committed=9999")
        self._serve(direction, {"type": "event", "pos": 4 * frames, "notify": True})

    def live(self, direction: str, life: tuple[str, ...]) -> None:
        """All that a stream does."""
        for what in life:
            if what.isupper():
                self.request(direction, what)
                continue
            run, _comma, link = what.partition(", ")
            self._event(direction, "stream_state", f"run={run} link={link or 'attached'}")
            if what == "running":
                self.position(direction, 480)
                self.position(direction, 960)


def session(lives: dict[str, tuple[str, ...]] | None = None) -> Session:
    """What backend and guest recorded; the backend also recorded an OPEN from before the guest traced."""
    both = Session()
    both.request("playback", "OPEN")
    both.request("playback", "CLOSE")
    both.guest = both.guest[:2]
    for direction, life in (lives or LIVES).items():
        both.live(direction, life)
    return both


class TracesTest(DirectoryTest):

    def compare(self, both: Session) -> tuple[list[str], list[str]]:
        """What passed and what failed."""
        self.write("domu0/files/trace", "\n".join(both.guest) + "\n")
        self.write("dom0/files/backend.jsonl",
                   "".join(json.dumps(record) + "\n" for record in both.backend))
        judgement = self.judged(traces.compare)
        return judgement.passed, judgement.failed

    def test_agreement(self) -> None:
        passed, failed = self.compare(session())
        self.assertEqual(failed, [])
        self.assertEqual(len(passed), 5)

    def test_each_disagreement(self) -> None:
        for kind, field, value in (("request", "offset", 7777), ("request", "id", 99),
                                   ("request", "trigger", "PAUSE"), ("response", "status", -5),
                                   ("event", "pos", 1)):
            both = session()
            record = [one for one in both.backend if one["type"] == kind and field in one][-1]
            record[field] = value
            _passed, failed = self.compare(both)
            self.assertEqual(len(failed), 1, (kind, field))

    def test_a_request_that_never_arrived(self) -> None:
        both = session()
        del both.backend[4]
        _passed, failed = self.compare(both)
        self.assertTrue(any("requests are the backend's" in one for one in failed))

    def test_states(self) -> None:
        playback = LIVES["playback"]
        at = playback.index("running")
        for wrong in (playback[:at], (*playback[:at + 1], "failed", *playback[at + 1:]),
                      (*playback[:at], "TRIGGER START", "running", *playback[at + 2:]),
                      (*playback[:at + 1], "running, stalled", *playback[at + 1:])):
            _passed, failed = self.compare(session(LIVES | {"playback": wrong}))
            self.assertTrue(any("states of the streams" in one for one in failed), wrong)

    def test_a_lost_state(self) -> None:
        both = session()
        both.guest = [line for line in both.guest if "run=draining" not in line]
        _passed, failed = self.compare(both)
        self.assertEqual(len(failed), 1)
        self.assertIn("states of the streams", failed[0])

    def test_no_states(self) -> None:
        both = session()
        both.guest = [line for line in both.guest if "xen_front_stream_state" not in line]
        _passed, failed = self.compare(both)
        self.assertEqual(len(failed), 2)

    def test_no_positions(self) -> None:
        both = session()
        both.guest = [line for line in both.guest if "xen_front_event" not in line]
        _passed, failed = self.compare(both)
        self.assertIn("trace: there are no positions", failed)
        self.assertTrue(any("event to period" in one for one in failed))

    def test_no_domain(self) -> None:
        both = session()
        del both.guest[0]
        self.assertIn("does not begin with its domain", self.compare(both)[1][0])
