#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Two guests play into one card of Dom0's: each octets of one value, guest 0 0x11, guest 1 0x22.
# together.sh has told them to begin.
value='\021'
[ "$LAB_GUEST" = 0 ] || value='\042'
# Six seconds of 48 kHz, stereo, 16 bits.
head -c 1152000 /dev/zero | tr '\0' "$value" |
	aplay -q -D hw:0,0 -t raw -f S16_LE -r 48000 -c 2 --period-size=480 --buffer-size=3840
