#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Runs in Dom0 before the guest does: spoils the XenStore nodes of its cards 1 to 7. What each one
# gets is checked by bad-config.sh.
set -e
card() {
	echo "/local/domain/$LAB_DOMID/device/vsnd/$1"
}

xenstore-write "$(card 1)/sample-formats" s16_le,s17_le
xenstore-write "$(card 2)/channels-min" 9
xenstore-write "$(card 3)/buffer-size" 0
xenstore-rm "$(card 4)/0/0/type"
xenstore-write "$(card 5)/sample-rates" "$(head -c 3000 /dev/zero | tr '\0' '@')"
for hundreds in $(seq 0 9); do
	pairs=
	for number in $(seq $((hundreds * 100)) $((hundreds * 100 + 99))); do
		pairs="$pairs $(card 6)/$number/name n"
	done
	# shellcheck disable=SC2086
	xenstore-write $pairs
done

versions=/local/domain/0/backend/vsnd/$LAB_DOMID/7/versions
tries=1000
until xenstore-exists $versions; do
	tries=$((tries - 1))
	[ $tries -gt 0 ] || { echo "the backend never wrote $versions" >&2; exit 1; }
	sleep 0.01
done
xenstore-write $versions 1
