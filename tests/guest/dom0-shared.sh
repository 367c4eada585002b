#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Runs in Dom0: hears what comes out of the card, or the sound server, into which both guests play; see
# shared.sh. Usage: dom0-shared.sh COMMAND..., which writes what it hears to stdout, without end.
. /selftest/ktap.sh
tell() {
	xenstore-write "/local/domain/$(xl domid "$1")/data/lab-go" 1
}
for guest in $LAB_GUESTS; do
	check "shared: $guest is told to begin" tell "$guest"
done
timeout 12 "$@" >/tmp/heard
heard_with() {
	tr -cd "$1" </tmp/heard | wc -c
}
both=$(heard_with '\063')
note "of $(wc -c </tmp/heard) octets $(heard_with '\021') are of one guest, $(heard_with '\042') of the other," \
	"$both the sum of both"
# A second.
check "shared: both are heard at once, added" [ "$both" -gt 192000 ]
ktap_end
