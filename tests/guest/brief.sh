#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# What has to work with every kernel: the card comes, plays bit for bit, records, outlives its
# backend's restarts, and goes. Dom0's dom0-losses.sh takes the backend away.
. "$(dirname "$0")/card.sh"

state=/sys/bus/xen/devices/vsnd-0/state
raw="-q -t raw -f S16_LE -c 2 -r 48000 --period-size=480 --buffer-size=1920"

# Half a second into the recorded device; the host compares.
play() {
	head -c 96000 /dev/urandom >"$LAB_OUT/played-$1.raw"
	# shellcheck disable=SC2086 # options
	aplay -D hw:0,0 $raw "$LAB_OUT/played-$1.raw"
}

# The backend's sequence, which is the same from every start on.
record() {
	# shellcheck disable=SC2086
	arecord -D hw:0,1 $raw -s 24000 "/tmp/recorded-$1" && [ "$(stat -c %s "/tmp/recorded-$1")" -eq 96000 ]
}

same_recordings() {
	cmp /tmp/recorded-1 /tmp/recorded-2 && [ "$(tr -d '\0' </tmp/recorded-1 | wc -c)" -gt 48000 ]
}

all_goes() {
	unbind && card_is_gone && ! grep -q xen-front- /proc/interrupts
}

check "brief: the card is there" wait_until card_is_there
check "brief: it plays" play 1
check "brief: it records" record 1
# shellcheck disable=SC2086
aplay -D hw:0,1 $raw /dev/zero 2>/tmp/aplay.err &
aplay=$!
check "brief: a player plays" wait_until is_running pcm1p
hand_over_to_dom0
check "brief: connected again" wait_until grep -q Connected $state
check "brief: the player is the same" kill -0 $aplay
check "brief: and plays" wait_until is_running pcm1p
kill $aplay
wait $aplay
check "brief: it plays on the next backend" play 2
check "brief: and records there" record 2
check "brief: what it recorded is the backend's sequence" same_recordings
check "brief: unbound, the card and its interrupts go" all_goes
check "brief: the module can be unloaded" rmmod snd_xen_front
ktap_end
