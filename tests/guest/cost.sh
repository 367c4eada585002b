#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# One guest plays one stream, then every guest eight, while Dom0 measures what that costs it:
# dom0-cost.sh, which says when to begin.
. "$(dirname "$0")/ktap.sh"

# Guests begin seconds apart, and Dom0 measures for four of those in which all play.
seconds=20

# Looks once a second: the guests share one processor, and who looks all the time keeps it from
# those that play.
comes_to_be_told() {
	for ((tries = 0; tries < 60; tries++)); do
		xenstore-exists "data/go-$1" && return
		sleep 1
	done
	return 1
}
all_run() {
	[ "$(cat /proc/asound/card0/pcm*p/sub*/status | grep -c RUNNING)" -eq "$1" ]
}

# plays STREAMS
plays() {
	comes_to_be_told "$1" || return 1
	/selftest/xen-front-chorus "$1" $seconds >/tmp/chorus &
	player=$!
	wait_until all_run "$1" || return 1
	xenstore-write "data/plays-$1" 1
	wait $player
	status=$?
	xenstore-write "data/played-$1" 1
	return $status
}

for streams in 1 8; do
	if [ $streams = 8 ] || [ "$LAB_GUEST" = 0 ]; then
		check "cost: $streams streams play without an xrun" plays $streams
		grep '^ *#' /tmp/chorus
	fi
done
ktap_end
