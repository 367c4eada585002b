# SPDX-License-Identifier: GPL-2.0-only
"""What the backend recorded, against what the guest says it played."""

import itertools
import pathlib


def wav_data(path: pathlib.Path) -> bytes:
    """The samples of a WAV file."""
    content = path.read_bytes()
    at = 12
    while at + 8 <= len(content):
        size = int.from_bytes(content[at + 4:at + 8], "little")
        if content[at:at + 4] == b"data":
            return content[at + 8:at + 8 + size]
        at += 8 + size + size % 2
    raise ValueError(f"{path} has no data chunk")


def _difference(played: bytes, recorded: bytes) -> str:
    """How they differ; nothing if they do not. Silence may follow what was played."""
    if recorded[:len(played)] != played:
        differs = next((i for i, (a, b) in enumerate(zip(played, recorded)) if a != b),
                       len(recorded))
        return f"differs from byte {differs} of {len(played)} on"
    if recorded[len(played):].strip(b"\0"):
        return "goes on with something else than silence"
    return ""


def compare_recordings(result: pathlib.Path) -> tuple[list[str], list[str]]:
    """Each file the guest says it played, against the backend's recording of the same number: what
    passed and what failed.

    A stream that is set up again, after an underrun, begins another recording, so that later ones
    have other numbers: the first difference is told, not all that follow from it.
    """
    passed: list[str] = []
    all_played = list(itertools.takewhile(
        pathlib.Path.exists, (result / f"domu0/files/played-{number}.raw"
                              for number in itertools.count(1))))
    recordings = len(list((result / "dom0/files").glob("exact*.wav")))
    for number, played in enumerate(all_played, 1):
        name = "exact.wav" if number == 1 else f"exact-{number}.wav"
        test = f"recording {number} is what was played"
        if not (result / "dom0/files" / name).exists():
            return passed, [f"{test}: the backend recorded no {name}, but {recordings} of "
                            f"{len(all_played)}"]
        difference = _difference(played.read_bytes(), wav_data(result / "dom0/files" / name))
        if difference:
            return passed, [f"{test}: {name} {difference}; the other {len(all_played) - number} "
                            f"after it are not compared (there are {recordings} recordings)"]
        passed.append(test)
    return passed, [] if passed else ["the guest says that it played nothing"]
