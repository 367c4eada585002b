#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Runs in Dom0 beside a script in the guest, and does as that asks (card.sh): to the backend, to the
# guest, or to the backend's device of the guest's second card, which the backend, one process for
# both cards, serves when it is in its directory in XenStore.
# Usage: dom0-obey.sh INTERVAL LIMIT ORDER...
# INTERVAL is how often it looks what the guest asks for, which takes Dom0's processor from the
# backend; LIMIT how long the guest may take to ask. Both are in seconds.
. /selftest/ktap.sh

interval=$1
limit=$2
shift 2

# The domain gets another number when it is restored.
find_guest() {
	domid=$(xl domid domu0)
	guest=/local/domain/$domid
	back=/local/domain/0/backend/vsnd/$domid/1
}

# save_and_restore CONFIGURATION: what the guest has then.
save_and_restore() {
	xl save domu0 /tmp/guest.save >/tmp/save.log 2>&1 &&
		xl restore "$1" /tmp/guest.save >>/tmp/save.log 2>&1
	status=$?
	[ $status -eq 0 ] || note "$(tail -n 3 /tmp/save.log | tr '\n' ' ')"
	rm -f /tmp/guest.save
	find_guest
	return $status
}

carry_out() {
	case $1 in
	absent)
		lab-backend kill
		sleep 8
		lab-backend start
		;;
	save) save_and_restore /lab/domu0.cfg ;;
	lost)
		grep -v '^vsnd' /lab/domu0.cfg >/tmp/lost.cfg
		save_and_restore /tmp/lost.cfg
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
obey() {
	read -r now _ </proc/uptime
	deadline=$((${now%.*} + limit))
	until [ "$(xenstore-read "$guest/data/ask" 2>/dev/null)" = "$1" ]; do
		read -r now _ </proc/uptime
		[ "${now%.*}" -lt "$deadline" ] || { note "the guest never asked for $1"; return 1; }
		sleep "$interval"
	done
	carry_out "$1" && xenstore-write "$guest/data/answer" "$1"
}

find_guest
for order in "$@"; do
	check "Dom0: $order" obey "$order"
done
ktap_end
