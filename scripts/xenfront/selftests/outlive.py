# SPDX-License-Identifier: GPL-2.0-only
"""What xen-front-outlive played and recorded while its backend went and came, against what backends
recorded and what their sequence is."""

import array
import pathlib
import re
import sys
from typing import Callable

BUFFER = 9600 # frames
FRAME_BYTES = 4
# A word of the backend's sequence.
_MASK = (1 << 64) - 1


def recordings(directory: pathlib.Path, name: str) -> list[pathlib.Path]:
    """The recordings of a stream, one for each OPEN, in their order."""
    numbered = {}
    for path in directory.glob(f"{name}*.wav"):
        if found := re.fullmatch(rf"{re.escape(name)}(?:-(\d+))?\.wav", path.name):
            numbered[int(found[1] or 1)] = path
    return [path for _number, path in sorted(numbered.items())]


def frames_of(samples: bytes) -> array.array:
    """Stereo of 16 bits as numbers of 32."""
    frames = array.array("I", samples[:len(samples) - len(samples) % FRAME_BYTES])
    if sys.byteorder == "big":
        frames.byteswap()
    return frames


def _too_few(parts: int, losses: int) -> list[str]:
    """What is wrong with so many parts after so many losses."""
    return [f"{parts} parts for {losses} losses of the backend"] if parts <= losses else []


def follow_counter(parts: list[array.array], played: int, losses: int) -> tuple[list[str], str]:
    """What is wrong with the recordings of a counter from 1 to `played`, and how much was repeated.
    Each of at least `losses` losses of a backend begins another recording.
    A backend that has nothing to play records zeros. One that takes over begins at what the one before
    it had not reported: that is less than a buffer."""
    wrong: list[str] = []
    heard = repeated = most = used = 0
    for number, part in enumerate(parts, 1):
        frames = [frame for frame in part if frame]
        if not frames:
            continue
        used += 1
        first, last = frames[0], frames[0] + len(frames) - 1
        if frames != list(range(first, last + 1)):
            at = next(at for at, frame in enumerate(frames) if frame != first + at)
            wrong.append(f"recording {number}: {frames[at]} follows {frames[at - 1]}")
            last = frames[-1]
        if first > heard + 1:
            wrong.append(f"recording {number} begins with {first}, before it {heard} was heard")
        again = max(heard + 1 - first, 0)
        if again > BUFFER:
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
    """The beginning of what the backend's device called pattern captures."""
    words = bytearray()
    for number in range(1, count // 8 + 2):
        word = (number * 0x9e3779b97f4a7c15) & _MASK
        word = ((word ^ (word >> 30)) * 0xbf58476d1ce4e5b9) & _MASK
        word = ((word ^ (word >> 27)) * 0x94d049bb133111eb) & _MASK
        words += (word ^ (word >> 31)).to_bytes(8, "little")
    return bytes(words[:count])


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
            differs = next(at for at, (one, other) in enumerate(zip(part, pattern)) if one != other)
            return [f"part {parts + 1} differs from the sequence at byte {differs} of {len(part)}"], ""
        at = end
        parts += 1
    return (_too_few(parts, losses),
            f"{len(recorded) // FRAME_BYTES} frames in {parts} parts")


def compare_outlived(result: pathlib.Path, wav_data: Callable[[pathlib.Path], bytes], losses: int
                     ) -> tuple[list[str], list[str], list[str]]:
    """What passed, what failed, and how much was compared. Each stream lost its backend at least
    `losses` times."""
    passed: list[str] = []
    failed: list[str] = []
    notes: list[str] = []

    def judge(what: str, outcome: tuple[list[str], str]) -> None:
        wrong, note = outcome
        notes.append(f"{what}: {note}")
        if wrong:
            failed.extend(f"{what}: {one}" for one in wrong[:5])
        else:
            passed.append(what)

    try:
        captured = {path.name.removeprefix("record-"): path.read_bytes()
                    for path in (result / "domu0/files").glob("record-*")}
        if not captured:
            failed.append("nothing was recorded")
        for access, recorded in captured.items():
            parts = [frames_of(wav_data(path))
                     for path in recordings(result / "dom0/files", f"count-{access}")]
            played = int((result / f"domu0/files/play-{access}").read_text())
            judge(f"play-{access}: no frame is missing", follow_counter(parts, played, losses))
            judge(f"record-{access}: no frame is wrong",
                  follow_sequence(recorded, sequence(len(recorded)), losses))
    except (OSError, ValueError) as error:
        failed.append(f"what was played and recorded: {error}")
    return passed, failed, notes
