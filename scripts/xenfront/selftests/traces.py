# SPDX-License-Identifier: GPL-2.0-only
"""What a guest has traced, against the backend's own trace: request by request, response by
response, position by position; and the states its streams went through, against what they did."""

import collections
import json
import pathlib
import re
import subprocess

from xenfront import ROOT
from xenfront.traces import events

Key = tuple[int, str] # domain, and card:device/stream
Story = dict[Key, list[tuple]]

TRACE_LATENCY = ROOT / "scripts" / "trace-latency"
# What the table has to have.
ROWS = ("OPEN", "WRITE", "READ", "TRIGGER START", "TRIGGER STOP", "CLOSE", "event to period",
        "period to period")
WHAT = ("requests", "responses", "positions")

# What traced.sh makes of a stream that plays, and of one that records: each state of its run, and
# what is requested of the backend, in order, apart from audio and volumes. A request follows from
# the state that the run has entered.
_BEGIN = ("prepared", "OPEN -", "running", "TRIGGER START")
_END = ("stopped", "TRIGGER STOP", "idle", "CLOSE -")
LIVES = {"playback": (*_BEGIN, "draining", *_END), "capture": (*_BEGIN, *_END)}


def read(text: str) -> tuple[int, list[events.Event]]:
    """A guest's domain, and the events of its trace."""
    found = re.match(r"# domain: (\d+)\n", text)
    if not found:
        raise ValueError("the guest's trace does not begin with its domain")
    return int(found[1]), events.read(text.splitlines(), "the guest's trace").events


def of_guest(domain: int, trace: list[events.Event]) -> dict[str, Story]:
    """The events of a guest's trace, in the terms of the backend."""
    stories: dict[str, Story] = {what: collections.defaultdict(list) for what in WHAT}
    for event in trace:
        if event.name not in ("request", "response", "event"):
            continue
        key = (domain, event.stream)
        if event.name == "request":
            stories["requests"][key].append(
                (event.fields["op"], event.number("id"), event.fields["trigger"],
                 event.number("offset"), event.number("length")))
        elif event.name == "response":
            stories["responses"][key].append(
                (event.fields["op"], event.number("id"), event.number("status")))
        else:
            stories["positions"][key].append((event.number("position"),))
    return stories


def of_backend(text: str) -> dict[str, Story]:
    """The same from the backend's trace."""
    stories: dict[str, Story] = {what: collections.defaultdict(list) for what in WHAT}
    for line in text.splitlines():
        record = json.loads(line)
        if record["type"] not in ("request", "response", "event"):
            continue
        key = (record["dom"], f"{record['card']}:{record['stream']}")
        if record["type"] == "request":
            length = record.get("buffer") if record["op"] == "OPEN" else record.get("length", 0)
            stories["requests"][key].append((record["op"], record["id"], record.get("trigger", "-"),
                                             record.get("offset", 0), length))
        elif record["type"] == "response":
            stories["responses"][key].append((record["op"], record["id"], record["status"]))
        elif record["notify"]:
            stories["positions"][key].append((record["pos"],))
    return stories


def _first_difference(one: list[tuple], other: list[tuple]) -> str:
    at = next((at for at, (left, right) in enumerate(zip(one, other)) if left != right),
              min(len(one), len(other)))
    return f"at {at}: the guest has {one[at:at + 1]} and {len(one)} in all, the backend " \
           f"{other[at:at + 1]} and {len(other)}"


def _compare(guest: dict[str, Story], backend: dict[str, Story]) -> tuple[list[str], list[str]]:
    """The guest's whole trace is the end of the backend's."""
    passed, failed = [], []
    for what in WHAT:
        wrong = []
        for key, story in sorted(guest[what].items()):
            served = backend[what][key][-len(story):]
            if story != served:
                wrong.append(f"trace: {what} are the backend's: {key[1]} of domain {key[0]}: "
                             f"{_first_difference(story, served)}")
        failed += wrong
        if not guest[what]:
            failed.append(f"trace: there are no {what}")
        elif not wrong:
            passed.append(f"trace: {what} are the backend's")
    return passed, failed


def _lives(trace: list[events.Event]) -> dict[tuple[str, str], list[str]]:
    """Of each stream, by name and direction: the states and requests that LIVES has, and what its
    link is worth where that is not "attached"."""
    lives: dict[tuple[str, str], list[str]] = collections.defaultdict(list)
    for event in trace:
        if event.name == "stream_state":
            link = event.fields["link"]
            lives[event.stream, event.fields["dir"]].append(
                event.fields["run"] + f", {link}" * (link != "attached"))
        elif event.name == "request" and event.fields["op"] in ("OPEN", "TRIGGER", "CLOSE"):
            lives[event.stream, event.fields["dir"]].append(
                f"{event.fields['op']} {event.fields['trigger']}")
    return lives


def _compare_states(trace: list[events.Event]) -> tuple[list[str], list[str]]:
    lives = _lives(trace)
    wrong = [f"trace: states of the streams: {stream}, {direction}: {life}"
             for (stream, direction), life in sorted(lives.items())
             if tuple(life) != LIVES[direction]]
    directions = sorted(direction for _stream, direction in lives)
    if directions != sorted(LIVES):
        wrong.append(f"trace: states of the streams: there are streams of {directions}")
    return [] if wrong else ["trace: states of the streams"], wrong


def _latencies(trace: pathlib.Path) -> tuple[list[str], list[str], list[str]]:
    """The table and the picture that scripts/trace-latency makes."""
    picture = trace.with_name("latency.png")
    process = subprocess.run([TRACE_LATENCY, trace, "--plot", picture], check=False,
                             capture_output=True, text=True)
    missing = [row for row in ROWS if f"  {row} " not in process.stdout]
    failed = []
    if process.returncode != 0 or missing or process.stderr:
        failed.append(f"trace-latency: exit status {process.returncode}, without {missing}, "
                      f"says: {process.stderr.strip()}")
    if not picture.exists() or picture.read_bytes()[:8] != b"\x89PNG\r\n\x1a\n":
        failed.append(f"trace-latency: {picture.name} is no picture")
    return [] if failed else ["trace-latency: a table and a picture"], failed, \
        process.stdout.splitlines()


def compare_traces(result: pathlib.Path) -> tuple[list[str], list[str], list[str]]:
    """What passed, what failed, and the table of latencies."""
    trace = result / "domu0/files/trace"
    try:
        domain, recorded = read(trace.read_text())
        passed, failed = _compare(of_guest(domain, recorded),
                                  of_backend((result / "dom0/files/backend.jsonl").read_text()))
        good_states, bad_states = _compare_states(recorded)
    except (OSError, ValueError, KeyError, events.BadTrace) as error:
        return [], [f"trace: {type(error).__name__}: {error}"], []
    good, bad, table = _latencies(trace)
    return passed + good_states + good, failed + bad_states + bad, table
