#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Plays into outputs of Dom0, at the same time as other guests: for each argument, when Dom0 says so
# (dom0-outputs.sh), noise of its own through each of these devices of the card at once. One guest
# begins after the other: PulseAudio silences the first tenth of a second of a stream when another
# one begins in it. With +DEVICE, it records that device meanwhile: what the output plays.
# scripts/xenfront/selftests/outputs.py looks for it in what Dom0, and the guests, have recorded.
# Usage: outputs.sh OUTPUT:DEVICE[,DEVICE][+DEVICE]...
. "$(dirname "$0")/card.sh"

# is_told listen|play OUTPUT
is_told() {
	xenstore-exists "data/$1-$2"
}
# Six seconds, of which all guests' noise takes less than half.
# listens OUTPUT DEVICE
listens() {
	arecord -q -D "hw:0,$2" -d 6 -f S16_LE -c 2 -r 48000 --buffer-size=16384 "$LAB_OUT/$1.wav" &
	recorder=$!
	wait_until is_running "pcm${2}c"
}

plays() {
	players=
	for device in ${1//,/ }; do
		aplay -q -D "hw:0,$device" -t raw -f S16_LE -c 2 -r 48000 \
			"/selftest/noise-$LAB_GUEST-$device.raw" &
		players="$players $!"
	done
	failures=0
	for player in $players; do
		wait "$player" || failures=$((failures + 1))
	done
	[ "$failures" -eq 0 ]
}

for argument in "$@"; do
	output=${argument%%:*}
	devices=${argument#*:}
	recorder=
	check "$output: Dom0 is ready" wait_until is_told listen "$output"
	case $devices in *+*)
		check "$output: records" listens "$output" "${devices#*+}" ;;
	esac
	xenstore-write "data/listens-$output" 1
	check "$output: all guests are ready" wait_until is_told play "$output"
	sleep "0.$((5 * LAB_GUEST))"
	check "$output: plays" plays "${devices%+*}"
	if [ -n "$recorder" ]; then
		check "$output: has recorded" wait $recorder
	fi
	xenstore-write "data/played-$output" 1
done
ktap_end
