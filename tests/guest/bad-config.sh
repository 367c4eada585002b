#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Cards 1 to 7 have XenStore nodes that bad-config-nodes.sh has spoilt; card 0 is good. Each bad one
# has one line in the kernel log and an error node, which name the node, its value and what is
# allowed; the good one works.
. "$(dirname "$0")/card.sh"

# number of the card, what its message has to contain
is_explained() {
	card=$1
	shift
	device=vsnd-$card
	wait_until xenstore-exists "error/device/vsnd/$card/error" || return 1
	message=$(xenstore-read "error/device/vsnd/$card/error")
	note "$message"
	for part in "$@"; do
		case $message in
		*"$part"*) ;;
		*) note "does not say: $part"; return 1 ;;
		esac
	done
	lines=$(dmesg | grep -c " $device: ")
	[ "$lines" -eq 1 ] || { note "$lines lines in the kernel log about $device"; return 1; }
	[ "$(xenstore-read "device/vsnd/$card/state")" = 6 ] || { note "is not Closed"; return 1; }
	[ "${#message}" -lt 400 ] || { note "${#message} characters"; return 1; }
}

good_card_plays() {
	wait_until grep -q xen-front /proc/asound/cards || return 1
	head -c 38400 /dev/urandom >/tmp/sound.raw
	aplay -q -D hw:0 -t raw -f S16_LE -c 2 -r 48000 /tmp/sound.raw
}

only_the_good_card() {
	[ "$(grep -c 'xen-front - ' /proc/asound/cards)" -eq 1 ]
}

check "bad config: an unknown format" \
	is_explained 1 device/vsnd/1/sample-formats s17_le s16_le
check "bad config: channels-min above channels-max" \
	is_explained 2 device/vsnd/2 channels-min 9 channels-max 2
check "bad config: no buffer" is_explained 3 device/vsnd/3/buffer-size 0
check "bad config: a stream without a type" is_explained 4 device/vsnd/4/0/0/type
check "bad config: 3 KiB of garbage" is_explained 5 device/vsnd/5/sample-rates
check "bad config: a thousand devices" is_explained 6 device/vsnd/6 32
check "bad config: a backend that speaks version 1 only" is_explained 7 versions '"1"' 2
check "bad config: the good card plays" good_card_plays
check "bad config: only the good card is there" only_the_good_card
check "bad config: the module is unloaded" unload
check "bad config: and loaded" load
check_unhindered "bad config: insmod waits for no card that does not come" [ "$load_ms" -le 2000 ]
check "bad config: the good card is back by then" only_the_good_card
ktap_end
