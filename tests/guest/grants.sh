#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# What Dom0 has not granted to this guest, shared-card.conf says what it has: streams are refused,
# and those that play go on.
[ "$LAB_GUEST" = 0 ] || exit 0
. "$(dirname "$0")/ktap.sh"

# plays DEVICE,SUBSTREAM [OPTION...]
plays() {
	pcm=hw:0,$1
	shift
	aplay -q -D "$pcm" -t raw -f S16_LE -c 2 -r 48000 -d 2 "$@" /dev/zero 2>/tmp/aplay
}
records() {
	arecord -q -D "hw:0,$1" -t raw -f S16_LE -c 2 -r 48000 -d 1 /dev/null 2>/tmp/arecord
}
runs() {
	grep -q RUNNING "/proc/asound/card0/pcm${1%,*}p/sub${1#*,}/status"
}
# Usage: plays_alone DEVICE,SUBSTREAM DEVICE,SUBSTREAM [OPTION...]
plays_alone() {
	first=$1
	second=$2
	shift 2
	plays "$first" "$@" &
	player=$!
	wait_until runs "$first" || return 1
	! plays "$second" "$@" || { note "both play"; return 1; }
	runs "$first" || { note "the first has been interrupted"; return 1; }
	wait $player
}
# is_refused STREAM ERROR
is_refused() {
	dmesg | grep -q "stream $1: the backend refused OPEN with status -$2 "
}
shortest_period() {
	aplay --dump-hw-params -D "hw:0,$1" -f S16_LE -c 2 -r 48000 -d 1 /dev/zero 2>&1 |
		sed -n 's/^PERIOD_SIZE: [[(]\([0-9]*\) .*/\1/p'
}

check "grants: nothing is recorded" eval '! records 2,0'
check "grants: the backend has said that capture is not granted" is_refused 2/2 13
check "grants: two streams have one substream of the card: the first one plays" \
	plays_alone 2,0 2,1
check "grants: the second one is told that it is busy" is_refused 2/1 16
check "grants: the second one plays after the first" plays 2,1
# The quota of 150 periods a second: 48000 / 150.
check "grants: no shorter period is offered than the quota allows" [ "$(shortest_period 0)" = 320 ]
check "grants: two streams have 200 periods a second together: the first one plays" \
	plays_alone 0,0 1,0 --period-size=480 --buffer-size=9600
check "grants: the second one exceeds the quota" is_refused 1/0 22
check "grants: the second one plays after the first" \
	plays 1,0 --period-size=480 --buffer-size=9600
ktap_end
