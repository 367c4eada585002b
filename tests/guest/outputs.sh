#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Plays into outputs of Dom0, at the same time as other guests: for each argument, when Dom0 says so
# (dom0-outputs.sh), noise of its own through each of these devices of the card at once. One guest
# begins after the other: PulseAudio silences the first tenth of a second of a stream when another
# one begins in it.
# scripts/xenfront/selftests/outputs.py looks for it in what Dom0 has recorded.
# Usage: outputs.sh OUTPUT:DEVICE[,DEVICE]...
. "$(dirname "$0")/ktap.sh"

is_told() {
	xenstore-exists "data/go-$1"
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
	check "$output: Dom0 is ready" wait_until is_told "$output"
	sleep "0.$((5 * LAB_GUEST))"
	check "$output: plays" plays "${argument#*:}"
	xenstore-write "data/played-$output" 1
done
ktap_end
