# SPDX-License-Identifier: GPL-2.0-only
"""Clients of ALSA that are not ours, and what each has to do: one line for each.

alsa-lib's own test programs come from Debian's source package. Those of its sequencer, of MIDI and
of its configuration files have nothing to do with a driver of PCMs and are not here.
"""

import pathlib
from typing import NamedTuple

from xenfront import ROOT, cache, process
from xenfront.command import say
from xenfront.debian import sources
from xenfront.uml import kernel

KSELFTEST = ROOT / "build" / "kselftest"

# $card has a card for as long as a command runs, $tests are alsa-lib's, $kselftest the kernel's; our
# own programs are beside $card.
# "for_5_s" is for what never ends by itself, "says" for what prints whether it has failed.
_FUNCTIONS = """
set -eu
card=$0 tests=$1 kselftest=$2 format="-q -D hw:0 -t raw -f S16_LE -r 48000 -c 2"
for_5_s() {
	status=0
	"$card" timeout 5 "$@" || status=$?
	[ $status -eq 124 ] || { echo "not ok it ended, with status $status: $*"; exit 1; }
}
says() {
	wanted=$1 status=0
	shift
	"$card" "$@" > /dev/shm/said 2>&1 || status=$?
	[ $status -eq 0 ] && grep -q "$wanted" /dev/shm/said && return
	echo "not ok it ended with status $status and this, without '$wanted': $*"
	tail -n 20 /dev/shm/said | sed 's/^/# /'
	exit 1
}
# The kernel's tests look for conf.d where they are.
kselftest() {
	cp -r "$kselftest" /dev/shm/kselftest
	mkdir -p /dev/shm/kselftest/conf.d
	cd /dev/shm/kselftest
	"$card" "./$1"
}
"""


class Client(NamedTuple):
    """What runs, in a shell of its own."""

    name: str
    line: str
    is_extra: bool = True
    # Threads that never sleep need a clock that does not wait for them.
    mode: str = "time-travel"


CLIENTS = (
    Client("aplay", "head -c 400000 /dev/urandom > /dev/shm/played; "
                    '"$card" --played /dev/shm/played aplay $format /dev/shm/played', False),
    Client("arecord", '"$card" --recorded /dev/shm/recorded '
                      "arecord $format -s 100000 /dev/shm/recorded", False),
    Client("oss-mmap", '"$card" "${card%/*}/oss-mmap"', False),
    Client("pcm-test", "kselftest pcm-test"),
    # It sets each of the 9600 levels.
    Client("mixer-test", "kselftest mixer-test"),
    *(Client(f"pcm {method}", f"for_5_s $tests/pcm -D hw:0 -m {method}")
      for method in ("write", "write_and_poll", "async", "async_direct", "direct_interleaved",
                     "direct_write")),
    # What the hardware does not have, alsa-lib converts.
    Client("pcm of a plug", "for_5_s $tests/pcm -D plughw:0 -m direct_noninterleaved -r 22050 "
                            "-c 3 -o float"),
    Client("pcm_min", '"$card" $tests/pcm_min'),
    # Linked streams: what it records it plays. Without -b it would wait for time in a loop.
    Client("latency", "says Success $tests/latency -P hw:0 -C hw:0 -r 48000 -m 256 -M 1024 -s 10 "
                      "-b"),
    *(Client(f"audio_time {what}", f"for_5_s $tests/audio_time -D hw:0 {what}")
      for what in ("-p", "-c", "-p -c", "-p -d -t 1 -r", "-c -d -t 2 -r")),
    # Its 25 ticks are those of a PCM that plays.
    Client("timer", 'says Done sh -c "timeout 5 $tests/pcm -D hw:0 -m write -b 80000 -p 10000 & '
                    'sleep 1; $tests/timer class=3 card=0 device=0 subdevice=0; wait"'),
    Client("control", "says '  name - .Device' $tests/control"),
    Client("namehint", "says hw:CARD=Clients $tests/namehint"),
    Client("user-ctl-element-set", '"$card" $tests/user-ctl-element-set'),
    *(Client(f"pcm-multi-thread {stream}",
             f"for_5_s $tests/pcm-multi-thread -D hw:0 -s {stream} -t 4 -m r -q -p 1024 -b 8192",
             mode="smp") for stream in ("play", "capture")))

_PROGRAMS = ("audio_time", "control", "latency", "namehint", "pcm", "pcm-multi-thread", "pcm_min",
             "timer", "user-ctl-element-set")


def _alsa_lib_tests() -> pathlib.Path:
    """The directory of alsa-lib's test programs, built against this machine's alsa-lib."""
    source = sources.unpacked("alsa-lib", "libasound2-dev", say) / "test"
    compiler = kernel.compiler()

    def build(directory: pathlib.Path) -> None:
        # They include ../include/asoundlib.h, which is made by configure: the installed one here.
        include = directory / "include"
        include.mkdir()
        (include / "asoundlib.h").write_text("#include <alsa/asoundlib.h>\n", encoding="ascii")
        for name in _PROGRAMS:
            # Warnings about others' sources are not for us to mend.
            process.output([compiler, "-O1", "-w", f"-I{include}", "-o", directory / name,
                            source / f"{name}.c", "-lasound", "-lm", "-pthread"],
                           "scripts/setup installs what it needs")

    key = cache.digest(str(source), process.output([compiler, "-dumpfullversion"]), *_PROGRAMS)
    return cache.entry("alsa-lib-tests", key, build, "builds alsa-lib's test programs", say)


def commands(is_all: bool) -> list[tuple[Client, tuple[str, ...]]]:
    """The clients of "make check", or every one, with what runs them in the guest."""
    tests: pathlib.Path | str = ""
    if is_all:
        tests = _alsa_lib_tests()
        process.output([ROOT / "scripts" / "fetch-kselftest-alsa", "--output", KSELFTEST])
    arguments = (str(kernel.BUILD / "guest" / "with-card"), str(tests), str(KSELFTEST))
    return [(client, ("sh", "-c", _FUNCTIONS + client.line, *arguments))
            for client in CLIENTS if is_all or not client.is_extra]
