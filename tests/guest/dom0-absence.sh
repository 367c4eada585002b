#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Runs in Dom0 beside absence.sh in the guest: takes the backend away and brings it back as it asks.
. /selftest/ktap.sh

data=/local/domain/$(xl domid domu0)/data

asked() {
	[ "$(xenstore-read "$data/absence" 2>/dev/null)" = "$1" ]
}
# The guest asks for something else each time.
obey() {
	wait_until asked "$1" && lab-backend "$1" && xenstore-write "$data/absence-answer" "$1"
}

for order in stop start kill start stop start stop start; do
	check "absence: $order" obey $order
done
ktap_end
