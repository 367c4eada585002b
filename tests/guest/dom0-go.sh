#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Runs in Dom0 when all guests are up, and tells them so: see together.sh.
. /selftest/ktap.sh

tell() {
	xenstore-write "/local/domain/$(xl domid "$1")/data/lab-go" 1
}

for guest in $LAB_GUESTS; do
	check "together: $guest is told to begin" tell "$guest"
done
ktap_end
