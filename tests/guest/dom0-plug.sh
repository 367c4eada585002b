#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Runs in Dom0: gives the guest a second card and takes it away again, by xl, as other toolstacks
# do, by force, and while the backend hangs. plug.sh is the guest's side.
. /selftest/ktap.sh

domid=$(xl domid domu0)
guest=/local/domain/$domid
front=$guest/device/vsnd/1
back=/local/domain/0/backend/vsnd/$domid/1

guest_replied() {
	[ "$(xenstore-read "$guest/data/plug-reply" 2>/dev/null)" = "$1" ]
}
# order WHAT: the guest is to do so; waits until it has.
order() {
	xenstore-write "$guest/data/plug" "$1"
	wait_until guest_replied "$1"
}

# In one transaction, as a toolstack does it. The nodes inherit the permissions of the directories.
plug() {
	xenstore-write "$front/backend" "$back" "$front/backend-id" 0 \
		"$front/short-name" Plugged \
		"$front/sample-rates" 48000 "$front/sample-formats" s16_le \
		"$front/buffer-size" 65536 "$front/channels-max" 2 \
		"$front/0/name" First "$front/0/0/type" p "$front/0/0/unique-id" plugged \
		"$back/frontend" "$front" "$back/frontend-id" "$domid" "$back/online" 1 \
		"$back/state" 1 "$front/state" 1
}
remove_nodes() {
	xenstore-rm "$front"
	xenstore-rm "$back"
}
frontend_is_closed() {
	[ "$(xenstore-read "$front/state")" = 6 ]
}
unplug_politely() {
	xenstore-write "$back/online" 0 "$back/state" 5
	wait_until frontend_is_closed
}

not_in_store() {
	! xenstore-exists "$1"
}

wait_until guest_replied ready
xenstore-chmod "${front%/*}" "n$domid" r0
xenstore-chmod "${back%/*}" n0 "r$domid"
plug
check "the guest plays on a card plugged in" order plugged-first
check "it closes although it plays" unplug_politely
remove_nodes
check "the guest has lost it" order unplugged-first

check "xl attaches a card" xl vsnd-attach domu0 \
	"card, short-name=Plugged, sample-rates=48000, sample-formats=s16_le, buffer-size=65536" \
	"pcm, name=First" "stream, unique-id=plugged, type=p"
check "the guest plays on it" order plugged-xl
check "xl detaches it although it plays" xl vsnd-detach domu0 1
check "the guest has lost that one" order unplugged-xl
check "its backend is gone from XenStore" not_in_store "$back"

plug
check "the guest plays on it again" order plugged-second
check "its nodes go while it plays" remove_nodes
check "the guest has lost it again" order unplugged-second

plug
check "the guest plays on it once more" order plugged-third
lab-backend hang
check "a player in the guest waits for a backend that hangs" order hung
check "its nodes go while it waits" remove_nodes
check "the guest has seen that" order gone
lab-backend continue
check "the guest has lost it for good" order unplugged-third
xenstore-write "$guest/data/plug" end
ktap_end
