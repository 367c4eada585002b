#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Runs in Dom0 while the guest's clients play: ends and starts the backend at random moments, in
# every way it can end. Usage: dom0-restarts.sh ROUNDS
. /selftest/ktap.sh

rounds=$1
domid=$(xl domid domu0)
guest=/local/domain/$domid
back=/local/domain/0/backend/vsnd/$domid/0

guest_is_ready() {
	[ "$(xenstore-read "$guest/data/selftest" 2>/dev/null)" = ready ]
}
# Not looked at often: each look takes the machine from those whose time is measured.
wait_state() {
	tries=40
	until [ "$(xenstore-read "$guest/device/vsnd/0/state")" = "$1" ]; do
		tries=$((tries - 1))
		[ $tries -gt 0 ] || { note "the frontend never became $1"; return 1; }
		sleep 0.25
	done
}
# random BELOW
random() {
	awk -v "seed=$round" -v "below=$1" 'BEGIN { srand(seed * 7919); print int(rand() * below) }'
}
nap() {
	sleep "0.$(printf %03d "$(random 250)")"
}

# How long a backend is away, or hangs, that is more than late: longer than request_timeout_ms, and
# shorter than reconnect_timeout_ms.
away_seconds=3

one_round() {
	nap
	case $((round % 20)) in
	3)
		# Other backends begin in Initialising.
		lab-backend kill
		xenstore-write "$back/state" 1
		wait_state 1 || return 1
		lab-backend start
		;;
	5)
		lab-backend stop
		lab-backend start
		;;
	8)
		lab-backend stop
		wait_state 7 || return 1
		sleep $away_seconds
		lab-backend start
		;;
	11)
		lab-backend kill
		sleep $away_seconds
		lab-backend start
		;;
	17)
		lab-backend hang
		sleep $away_seconds
		lab-backend continue
		;;
	*)
		lab-backend kill
		lab-backend start
		;;
	esac
	sleep 0.4
	wait_state 4
}

wait_until guest_is_ready
failed=0
round=0
while [ $round -lt "$rounds" ]; do
	round=$((round + 1))
	one_round || { failed=$((failed + 1)); note "round $round failed"; }
	[ $failed -lt 3 ] || break
done
check "$rounds restarts of the backend" [ $failed -eq 0 ]
xenstore-write "$guest/data/selftest" done
ktap_end
