# SPDX-License-Identifier: GPL-2.0-only
"""What a guest has traced, against the backend's own trace: request by request, response by
response, position by position; and the states its streams went through, against what they did."""

import collections
import pathlib
import re
import subprocess

from xenfront import ROOT
from xenfront.judgement import Judgement, first_difference
from xenfront.traces import backend, ftrace

Key = tuple[int, str] # domain, and card:device/stream
Story = dict[Key, list[tuple]]

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


def read(text: str) -> tuple[int, list[ftrace.Event]]:
    """A guest's domain, and the events of its trace."""
    found = re.match(r"# domain: (\d+)\n", text)
    if not found:
        raise ValueError("the guest's trace does not begin with its domain")
    return int(found[1]), ftrace.read(text.splitlines(), "the guest's trace").events


def of_guest(domain: int, trace: list[ftrace.Event]) -> dict[str, Story]:
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


def of_backend(trace: list[backend.Entry]) -> dict[str, Story]:
    """The same from the backend's trace."""
    stories: dict[str, Story] = {what: collections.defaultdict(list) for what in WHAT}
    for record in trace:
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


def _difference(one: list[tuple], other: list[tuple]) -> str:
    at = first_difference(one, other)
    return f"at {at}: the guest has {one[at:at + 1]} and {len(one)} in all, the backend " \
           f"{other[at:at + 1]} and {len(other)}"


def _compare_stories(judgement: Judgement, guest: dict[str, Story],
                     served_of: dict[str, Story]) -> None:
    """The guest's whole trace is the end of the backend's."""
    for what in WHAT:
        wrong = [f"{key[1]} of domain {key[0]}: {_difference(story, served)}"
                 for key, story in sorted(guest[what].items())
                 if story != (served := served_of[what][key][-len(story):])]
        if guest[what]:
            judgement.expect_none(f"trace: {what} are the backend's", wrong)
        else:
            judgement.fail(f"trace: there are no {what}")


def _lives(trace: list[ftrace.Event]) -> dict[tuple[str, str], list[str]]:
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


def _compare_states(judgement: Judgement, trace: list[ftrace.Event]) -> None:
    lives = _lives(trace)
    wrong = [f"{stream}, {direction}: {life}" for (stream, direction), life in sorted(lives.items())
             if tuple(life) != LIVES[direction]]
    directions = sorted(direction for _stream, direction in lives)
    if directions != sorted(LIVES):
        wrong.append(f"there are streams of {directions}")
    judgement.expect_none("trace: states of the streams", wrong)


def _latencies(judgement: Judgement, trace: pathlib.Path) -> None:
    """The table and the picture that scripts/trace-latency makes."""
    picture = trace.with_name("latency.png")
    process = subprocess.run([ROOT / "scripts" / "trace-latency", trace, "--plot", picture],
                             check=False, capture_output=True, text=True)
    missing = [row for row in ROWS if f"  {row} " not in process.stdout]
    wrong = []
    if process.returncode != 0 or missing or process.stderr:
        wrong.append(f"exit status {process.returncode}, without {missing}, says: "
                     f"{process.stderr.strip()}")
    if not picture.exists() or picture.read_bytes()[:8] != b"\x89PNG\r\n\x1a\n":
        wrong.append(f"{picture.name} is no picture")
    judgement.expect_none("trace-latency: a table and a picture", wrong)
    judgement.notes += process.stdout.splitlines()


def compare(judgement: Judgement) -> None:
    """The traces, and the table of latencies as notes."""
    trace = judgement.of_guest("trace")
    with judgement.reading("trace"):
        domain, recorded = read(trace.read_text())
        _compare_stories(judgement, of_guest(domain, recorded),
                         of_backend(backend.read(judgement.of_dom0("backend.jsonl"))))
        _compare_states(judgement, recorded)
        _latencies(judgement, trace)
