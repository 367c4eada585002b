#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Of two guests the first plays and records, as outlive.sh has it; the second is a driver domain, in
# which the backend runs, and to which Dom0 moves the first guest's sound card: dom0-losses.sh.
# Usage: driver-domain.sh ACCESS
. "$(dirname "$0")/card.sh"

[ "$LAB_GUEST" = 1 ] || exec "$(dirname "$0")/outlive.sh" "$@"

log=$LAB_OUT/backend.log
"$(dirname "$0")/xen-sndback" --map "count-*=wav:$LAB_OUT/%u.wav" --map sequence=pattern \
	--default null >"$log" 2>&1 &
backend=$!
until dom0_is_done; do
	sleep 1
done
# The card is in Dom0 again, and each domain that had it here has ended. libxl leaves it to this domain to
# remove its cards; the directory of a domain it may keep to itself.
has_nothing_left() {
	for domain in $(xenstore-list backend/vsnd); do
		[ -z "$(xenstore-list "backend/vsnd/$domain")" ] || return 1
	done
	[ -z "$(cat "/proc/$backend/task/$backend/children")" ]
}
check "nothing is left of the guest's cards, and no worker" wait_until has_nothing_left
check "the driver domain's backend has lived" kill -0 $backend
check "it has the volume from before" grep -q "channel 0: -6.020 dB" "$log"
kill $backend
wait $backend
check "it has ended in order" [ $? -eq 0 ]
ktap_end
