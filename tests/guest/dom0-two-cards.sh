#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Runs in Dom0 beside two-cards.sh in the guest: takes the backend's device of the second card away
# and brings it back as it asks. The backend, one process for both cards, serves what is in its
# directory in XenStore.
. /selftest/ktap.sh

domid=$(xl domid domu0)
guest=/local/domain/$domid
front=$guest/device/vsnd/1
back=/local/domain/0/backend/vsnd/$domid/1

asked() {
	[ "$(xenstore-read "$guest/data/two-cards" 2>/dev/null)" = "$1" ]
}
away() {
	xenstore-rm "$back"
}
# In one transaction, as a toolstack does it. The nodes inherit the permissions of the directory.
back() {
	xenstore-write "$back/frontend" "$front" "$back/frontend-id" "$domid" "$back/online" 1 \
		"$back/state" 1
}
obey() {
	# Sound servers take their time to start.
	wait_until asked "$1" || wait_until asked "$1" || return 1
	"$1" && xenstore-write "$guest/data/two-cards-answer" "$1"
}

xenstore-chmod "${back%/*}" n0 "r$domid"
for order in away back away back; do
	check "two cards: $order" obey $order
done
ktap_end
