#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Runs in Dom0 beside a script in the guest, and does as that asks (card.sh): to the backend, to the
# guest, or to the backend's device of the guest's second card, which the backend, one process for
# both cards, serves when it is in its directory in XenStore.
# Usage: dom0-obey.sh SECONDS ORDER...
# What the guest asks for is looked at every so many seconds: that takes Dom0's processor from the
# backend.
. /selftest/ktap.sh

between_looks=$1
shift

# The domain gets another number when it is restored.
find_guest() {
	domid=$(xl domid domu0)
	guest=/local/domain/$domid
	back=/local/domain/0/backend/vsnd/$domid/1
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
		find_guest
		return $status
		;;
	away) xenstore-chmod "${back%/*}" n0 "r$domid" && xenstore-rm "$back" ;;
	# In one transaction, as a toolstack does it. The nodes inherit the permissions of the directory.
	back)
		xenstore-write "$back/frontend" "$guest/device/vsnd/1" "$back/frontend-id" "$domid" \
			"$back/online" 1 "$back/state" 1
		;;
	*) lab-backend "$1" ;;
	esac
}
# The guest may be busy with other tests for minutes, and sound servers take their time to start.
obey() {
	tries=6000
	until [ "$(xenstore-read "$guest/data/ask" 2>/dev/null)" = "$1" ]; do
		tries=$((tries - 1))
		[ $tries -gt 0 ] || { note "the guest never asked for $1"; return 1; }
		sleep "$between_looks"
	done
	carry_out "$1" && xenstore-write "$guest/data/answer" "$1"
}

find_guest
for order in "$@"; do
	check "Dom0: $order" obey "$order"
done
ktap_end
