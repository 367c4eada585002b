# SPDX-License-Identifier: GPL-2.0-only
"""What guests read from /proc/asound/cardN/xen-front, against the backend's own statistics."""

import dataclasses
import json
import re
from typing import Callable

from xenfront.judgement import Judgement


@dataclasses.dataclass
class Stream:
    """One stream as its guest shows it; the key is (domain, card, "device/stream")."""
    key: tuple[int, int, str]
    lines: dict[str, str]

    def counts(self, line: str) -> dict[str, int]:
        """The pairs of words and numbers of a line."""
        words = self.lines[line].split()
        return {name: int(number) for name, number in zip(words[::2], words[1::2])}


def parse(text: str) -> list[Stream]:
    """The files of all cards of a guest, behind a line with its domain."""
    domain = card = -1
    streams: list[Stream] = []
    lines: dict[str, str] = {} # of the card or stream
    for line in text.splitlines():
        name, _colon, value = line.strip().partition(": ")
        name = name.rstrip(":")
        if name == "domain":
            domain = int(value)
        elif name == "device":
            card = int(value.rsplit("/", 1)[1])
            lines = {}
        elif stream := re.fullmatch(r"stream (\d+/\d+)", name):
            lines = {}
            streams.append(Stream((domain, card, stream[1]), lines))
        else:
            lines[name] = value
    return streams


def served(statistics: str) -> dict[tuple[int, int, str], dict]:
    """The backend's statistics, by the keys that Stream has."""
    return {(one["dom"], one["card"], one["stream"]): one for one in json.loads(statistics)}


Check = Callable[[Stream, dict], bool]

# What has to hold for each stream. A notification that is sent while the backend still has another
# one to look at wakes it up once for both, and so does an interrupt. The first wake-up is Xen's: a
# channel that has just been bound is pending.
CHECKS: dict[str, Check] = {
    "requests by kind are what the backend got":
        lambda stream, backend: stream.counts("requests") == backend["requests"],
    "each request was answered":
        lambda stream, backend: stream.counts("responses")["all"] ==
        sum(backend["requests"].values()) ==
        backend["responses_notified"] + backend["responses_held_off"],
    "refused are the requests that the backend refused":
        lambda stream, backend: stream.counts("responses")["refused"] == backend["refused"],
    "positions are those that the backend has reported":
        lambda stream, backend: stream.counts("events")["all"] == backend["events"],
    "notifications are enough for the backend's wake-ups":
        lambda stream, backend: backend["wakeups"] <= stream.counts("notifications")["sent"] + 1,
    "the backend's notifications are enough for the interrupts":
        lambda stream, backend: stream.counts("interrupts")["all"] <=
        backend["responses_notified"] + backend["events"],
    "requests are published with a notification or without":
        lambda stream, _backend: 0 < sum(stream.counts("notifications").values()) <=
        sum(stream.counts("requests").values())
        or not any(stream.counts("requests").values()),
    "no violation":
        lambda stream, backend: not any(stream.counts("violations").values()) and
        backend["violations"] == 0,
}


def compare(judgement: Judgement) -> None:
    """Each stream that a guest shows, with a note on how much was compared."""
    with judgement.reading("counters"):
        streams = [stream for guest in range(judgement.guests)
                   for stream in parse(judgement.of_guest("xen-front", guest).read_text())]
        backend = served(judgement.of_dom0("stats.json").read_text())
        if {stream.key for stream in streams} != backend.keys():
            judgement.fail(f"counters: streams {sorted(one.key for one in streams)}, the backend "
                           f"served {sorted(backend)}")
            return
        for what, holds in CHECKS.items():
            judgement.expect_none(f"counters: {what}", [
                f"{stream.key}: {stream.lines}, the backend: {backend[stream.key]}"
                for stream in streams if not holds(stream, backend[stream.key])])
        requests = sum(sum(stream.counts("requests").values()) for stream in streams)
        if requests == 0:
            judgement.fail("counters: no stream had a request")
        events = sum(stream.counts("events")["all"] for stream in streams)
        judgement.notes.append(f"counters of {len(streams)} streams: {requests} requests, {events} "
                               "events")


def few_queries(judgement: Judgement) -> None:
    """No set-up of a stream takes more than two queries, by the backend's statistics."""
    with judgement.reading("queries"):
        streams = served(judgement.of_dom0("stats.json").read_text()).values()
        counts = [(stream["requests"]["HW_PARAM_QUERY"], stream["requests"]["OPEN"])
                  for stream in streams]
        queries, opens = (sum(count) for count in zip(*counts))
        judgement.check("at most two queries for each set-up of a stream",
                        0 < queries and all(asked <= 2 * opened for asked, opened in counts))
        judgement.notes.append(f"{queries} queries for {opens} set-ups of {len(streams)} streams")


def run_in_real_time(judgement: Judgement) -> None:
    """The backend's threads got what root started it for, whatever limits root's shell has."""
    with judgement.reading("the backend's log"):
        judgement.expect_none("each stream of the backend runs in real time",
                              [line for line in judgement.backend_log().splitlines()
                               if "cannot be scheduled in real time" in line])


def play_together(judgement: Judgement) -> None:
    """There was a time at which all guests were playing and recording."""
    if judgement.failed:
        return
    with judgement.reading("guests at once"):
        spans = [[float(word) for word in
                  judgement.of_guest("duplex.span", guest).read_text().split()]
                 for guest in range(judgement.guests)]
        judgement.check(f"{judgement.guests} guests play and record at once",
                        max(start for start, _end in spans) + 5 < min(end for _start, end in spans))
