# SPDX-License-Identifier: GPL-2.0-only
"""What xen-front-outlive played and recorded while its backend went and came, against what backends
recorded and what their sequence is."""

import itertools

import numpy

from xenfront import audio
from xenfront.judgement import Check, Judgement, first_difference

FRAME_BYTES = 4


def frames_of(recording: audio.Recording) -> numpy.ndarray:
    """Stereo of 16 bits as numbers of 32."""
    return numpy.ascontiguousarray(recording.samples).reshape(-1).view("<u4")


def _too_few(parts: int, losses: int) -> list[str]:
    """What is wrong with so many parts after so many losses."""
    return [f"{parts} parts for {losses} losses of the backend"] if parts <= losses else []


def follow_counter(parts: list[numpy.ndarray], played: int, buffer: int, losses: int
                   ) -> tuple[list[str], str]:
    """What is wrong with the recordings of a counter from 1 to `played`, and how much was repeated.
    Each of at least `losses` losses of a backend begins another recording.
    A backend that has nothing to play records zeros. One that takes over begins at what the one before
    it had not reported: that is less than a buffer of so many frames."""
    wrong: list[str] = []
    heard = repeated = most = used = 0
    for number, part in enumerate(parts, 1):
        frames = part[part != 0].astype(int)
        if not len(frames):
            continue
        used += 1
        first, last = frames[0], frames[-1]
        if len(breaks := numpy.flatnonzero(numpy.diff(frames) != 1)):
            at = breaks[0] + 1
            wrong.append(f"recording {number}: {frames[at]} follows {frames[at - 1]}")
        if first > heard + 1:
            wrong.append(f"recording {number} begins with {first}, before it {heard} was heard")
        again = max(heard + 1 - first, 0)
        if again > buffer:
            wrong.append(f"recording {number} repeats {again} frames")
        repeated += again
        most = max(most, again)
        heard = max(heard, last)
    if heard != played:
        wrong.append(f"{played} frames were played and {heard} recorded")
    wrong += _too_few(used, losses)
    return wrong, (f"{played} frames in {used} recordings, {repeated} of them twice, {most} at a time "
                   "at most")


def sequence(count: int) -> bytes:
    """The beginning of what the backend's device called pattern captures: splitmix64."""
    words = numpy.arange(1, count // 8 + 2, dtype="<u8") * numpy.uint64(0x9e3779b97f4a7c15)
    for shift, factor in ((30, 0xbf58476d1ce4e5b9), (27, 0x94d049bb133111eb), (31, 1)):
        words = (words ^ (words >> numpy.uint64(shift))) * numpy.uint64(factor)
    return words.tobytes()[:count]


def follow_sequence(recorded: bytes, pattern: bytes, losses: int) -> tuple[list[str], str]:
    """What is wrong with a recording, which is the sequence, from its start again after each of at
    least `losses` losses of the backend; and how often that was."""
    start = pattern[:8 * FRAME_BYTES]
    at, parts = 0, 0
    while at < len(recorded):
        end = recorded.find(start, at + len(start))
        end = len(recorded) if end < 0 else end
        part = recorded[at:end]
        if part != pattern[:len(part)]:
            return [f"part {parts + 1} differs from the sequence at byte "
                    f"{first_difference(part, pattern)} of {len(part)}"], ""
        at = end
        parts += 1
    return (_too_few(parts, losses),
            f"{len(recorded) // FRAME_BYTES} frames in {parts} parts")


def _recordings(judgement: Judgement, access: str, backends: tuple[str, ...]
                ) -> list[numpy.ndarray]:
    """What these domains have recorded of the counter, in order: they took turns."""
    of_each = [audio.recordings(judgement.of_domain(domain, ""), f"count-{access}")
               for domain in backends]
    return [frames_of(audio.read(path)) for turn in itertools.zip_longest(*of_each)
            for path in turn if path is not None]


def after(losses: int, backends: tuple[str, ...] = ("dom0",)) -> Check:
    """Compares what was played and recorded where each stream lost its backend that often at least,
    and where these domains, one after the other, had the backend."""
    def compare(judgement: Judgement) -> None:
        def judge(what: str, outcome: tuple[list[str], str]) -> None:
            judgement.notes.append(f"{what}: {outcome[1]}")
            judgement.expect_none(what, outcome[0])

        with judgement.reading("what was played and recorded"):
            captured = {path.name.removeprefix("record-"): path.read_bytes()
                        for path in judgement.of_guest("").glob("record-*")}
            if not captured:
                judgement.fail("nothing was recorded")
            for access, recorded in captured.items():
                parts = _recordings(judgement, access, backends)
                played, buffer = map(int, judgement.of_guest(f"play-{access}").read_text().split())
                judge(f"play-{access}: no frame is missing",
                      follow_counter(parts, played, buffer, losses))
                judge(f"record-{access}: no frame is wrong",
                      follow_sequence(recorded, sequence(len(recorded)), losses))

    return compare
