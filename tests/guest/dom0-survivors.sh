#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Runs in Dom0 beside survivors.sh in the guest, and does as it asks.
# Usage: dom0-survivors.sh ORDER...
. /selftest/ktap.sh

data() {
	echo "/local/domain/$(xl domid domu0)/data"
}
asked() {
	[ "$(xenstore-read "$(data)/survive" 2>/dev/null)" = "$1" ]
}
carry_out() {
	case $1 in
	absent)
		lab-backend kill
		sleep 8
		lab-backend start
		;;
	save)
		xl save domu0 /tmp/guest.save >/tmp/save.log 2>&1 &&
			xl restore /tmp/guest.save >>/tmp/save.log 2>&1
		status=$?
		[ $status -eq 0 ] || note "$(tail -n 3 /tmp/save.log | tr '\n' ' ')"
		rm -f /tmp/guest.save
		return $status
		;;
	*) lab-backend "$1" ;;
	esac
}
obey() {
	# Sound servers take their time to start.
	wait_until asked "$1" || wait_until asked "$1" || return 1
	carry_out "$1" && xenstore-write "$(data)/survive-answer" "$1"
}

for order in "$@"; do
	check "survivors: $order" obey "$order"
done
ktap_end
