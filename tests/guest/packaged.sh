#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The modules of a guest in which the DKMS package was installed, and then a kernel, which has been
# booted now: what the sound card's alias loads is our module, of version $1, and plays.
. "$(dirname "$0")/ktap.sh"

by_alias() {
	device=/sys/bus/xen/devices/vsnd-0
	alias=$(cat $device/modalias) || return 1
	modprobe "$alias" || { note "modprobe $alias failed"; return 1; }
	loaded=$(cat /sys/module/snd_xen_front/version)
	note "$alias on $(uname -r): version ${loaded:-none, as the in-tree module}, of $1"
	[ "$loaded" = "$1" ]
}

has_card() {
	[ -e /dev/snd/controlC0 ]
}

plays() {
	aplay -q -D hw:0,0 -f S16_LE -r 48000 -c 2 -d 1 /dev/zero 2>/tmp/aplay || {
		note "aplay: $(cat /tmp/aplay)"
		return 1
	}
}

check "packaged: the card's alias loads the packaged module" by_alias "$1"
check "packaged: the card comes" wait_until has_card
check "packaged: plays" plays
ktap_end
