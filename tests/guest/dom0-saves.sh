#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Runs in Dom0 while the guest's clients play: saves the guest and restores it, again and again.
# Usage: dom0-saves.sh ROUNDS
. /selftest/ktap.sh

rounds=$1

guest() {
	echo "/local/domain/$(xl domid domu0)"
}
guest_is_ready() {
	[ "$(xenstore-read "$(guest)/data/selftest" 2>/dev/null)" = ready ]
}
connected() {
	tries=80
	until [ "$(xenstore-read "$(guest)/device/vsnd/0/state" 2>/dev/null)" = 4 ]; do
		tries=$((tries - 1))
		[ $tries -gt 0 ] || { note "the frontend never became connected"; return 1; }
		sleep 0.25
	done
}

one_round() {
	before=$(xl domid domu0)
	xl save domu0 /tmp/guest.save >/tmp/save.log 2>&1 || { note "save: $(cat /tmp/save.log)"; return 1; }
	xl restore /tmp/guest.save >/tmp/restore.log 2>&1 ||
		{ note "restore: $(cat /tmp/restore.log)"; return 1; }
	rm -f /tmp/guest.save
	[ "$(xl domid domu0)" != "$before" ] || return 1
	connected || return 1
	# aplay asks once a second whether it may go on.
	sleep 1.3
}

wait_until guest_is_ready
round=0
failed=0
while [ $round -lt "$rounds" ] && [ $failed -eq 0 ]; do
	round=$((round + 1))
	one_round || { failed=1; note "round $round failed"; }
done
check "$rounds times saved and restored" [ $failed -eq 0 ]
xenstore-write "$(guest)/data/selftest" done
ktap_end
