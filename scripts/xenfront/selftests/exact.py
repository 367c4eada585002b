# SPDX-License-Identifier: GPL-2.0-only
"""What the backend recorded, against what the guest says it played; and what a guest recorded."""

import itertools
import pathlib

from xenfront import audio
from xenfront.judgement import Judgement, first_difference
from xenfront.selftests import outlive

# Two channels of 16 bits.
_FRAME_BYTES = 4


def _difference(played: bytes, recorded: bytes) -> str:
    """How they differ; nothing if they do not. Silence may follow what was played."""
    if recorded[:len(played)] != played:
        return f"differs from byte {first_difference(played, recorded)} of {len(played)} on"
    if recorded[len(played):].strip(b"\0"):
        return "goes on with something else than silence"
    return ""


def _numbered(judgement: Judgement, name: str) -> list[pathlib.Path]:
    """What the guest says it played: NAME-1.raw, NAME-2.raw ..."""
    return list(itertools.takewhile(pathlib.Path.exists, (
        judgement.of_guest(f"{name}-{number}.raw") for number in itertools.count(1))))


def compare(judgement: Judgement) -> None:
    """Each file the guest says it played, against the backend's recording of the same number.

    A stream that is set up again, after an underrun, begins another recording, so that later ones
    have other numbers: the first difference is told, not all that follow from it.
    """
    played = _numbered(judgement, "played")
    recorded = audio.recordings(judgement.of_dom0(""), "exact")
    if not played:
        judgement.fail("the guest says that it played nothing")
    for number, path in enumerate(played, 1):
        test = f"recording {number} is what was played"
        name = "exact.wav" if number == 1 else f"exact-{number}.wav"
        if judgement.of_dom0(name) not in recorded:
            judgement.check(test, False, f"the backend recorded no {name}, but {len(recorded)} of "
                                         f"{len(played)}")
            return
        difference = _difference(path.read_bytes(),
                                 audio.read(judgement.of_dom0(name)).samples.tobytes())
        judgement.check(test, not difference,
                        f"{name} {difference}; the other {len(played) - number} after it are not "
                        f"compared (there are {len(recorded)} recordings)")
        if difference:
            return


def mixed(judgement: Judgement) -> None:
    """What the guest played through dmix, each from its first frame to its last in one of the
    backend's recordings."""
    sounds = _numbered(judgement, "mixed")
    if not sounds:
        judgement.fail("the guest says that it played nothing through dmix")
    recorded = [audio.read(path).samples.tobytes()
                for path in audio.recordings(judgement.of_dom0(""), "exact")]
    for number, path in enumerate(sounds, 1):
        sound = path.read_bytes()
        parts = {name: any(True for one in recorded for _ in audio.find(one, part, _FRAME_BYTES))
                 for name, part in (("its beginning", sound[:64]), ("its end", sound[-64:]),
                                    ("all of it", sound))}
        missing = ", ".join(name for name, is_there in parts.items() if not is_there)
        judgement.check(f"sound {number} that was mixed is in one recording",
                        not missing, f"not in any of {len(recorded)}: {missing}")


def snooped(judgement: Judgement) -> None:
    """What the guest recorded through dsnoop, which begins wherever its device is."""
    with judgement.reading("what was recorded through dsnoop"):
        recorded = judgement.of_guest("snooped.raw").read_bytes()
        places = audio.find(outlive.sequence(4 * len(recorded)), recorded, _FRAME_BYTES)
        judgement.check("what was recorded through dsnoop is a piece of the sequence",
                        len(recorded) > 0 and next(places, None) is not None,
                        f"{len(recorded)} bytes are not in its first {4 * len(recorded)}")


def without_gap(judgement: Judgement) -> None:
    """What a sound server has played, in one piece in one of the backend's recordings: a sound server
    plays silence before and after."""
    with judgement.reading("what a sound server played"):
        played = judgement.of_guest("sound.raw").read_bytes()
        recorded = [audio.read(path).samples.tobytes()
                    for path in audio.recordings(judgement.of_dom0(""), "exact")]
        differences = []
        for one in recorded:
            first = next(audio.find(one, played[:64], _FRAME_BYTES), 0)
            differences.append(_difference(played, one[first * _FRAME_BYTES:]))
        judgement.check("all of the sound is in one recording, without a gap", "" in differences,
                        f"there are {len(recorded)} recordings: {'; '.join(differences)}")
