#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A card of 8 devices with 32 streams, and a second card beside it.
. "$(dirname "$0")/ktap.sh"

names() {
	for number in 0 7; do
		grep -q "name: Device $number\$" "/proc/asound/card0/pcm${number}p/info" || return 1
	done
	grep -q "subname: play-7-1" /proc/asound/card0/pcm7p/sub1/info
}

check "many: each device and substream has its own name" names
ktap_end
status=$?
"$(dirname "$0")/xen-front-many" && [ $status -eq 0 ]
