#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Runs in Dom0 beside faults.sh in the guest: restarts the backend as often as it is told.
# Usage: dom0-faults.sh ROUNDS
. /selftest/ktap.sh

rounds=$1
guest=/local/domain/$(xl domid domu0)

guest_is_ready() {
	[ "$(xenstore-read "$guest/data/selftest" 2>/dev/null)" = ready ]
}

restarts() {
	wait_until guest_is_ready || return 1
	round=0
	while [ $round -lt "$rounds" ]; do
		round=$((round + 1))
		# Time for the guest to connect and to use the card.
		sleep 2
		lab-backend restart || return 1
	done
}

check "faults: $rounds restarts of the backend" restarts
xenstore-write "$guest/data/selftest" done
ktap_end
