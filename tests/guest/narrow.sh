#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# A backend whose device can do less than XenStore says: Dom0's snd-dummy, which has two formats and
# rates up to 48000. Clients are offered what both can do, down to a single value.
. "$(dirname "$0")/ktap.sh"

aplay="aplay -D hw:0,0 -t raw -c 2 -r 48000 -d 1"
arecord="arecord -D hw:0,0 -t raw -c 2 -r 48000 -d 1"

# offered CLIENT PATTERN: what the client may choose.
offered() {
	grep -qE "^$2\$" "/tmp/$1" || { sed "s/^/# $1: /" "/tmp/$1"; return 1; }
}
refused() {
	! "$@" >/dev/null 2>/tmp/refusal && ! dmesg | grep -q "vsnd.*refused OPEN"
}

# shellcheck disable=SC2086 # $aplay is several words
{
wait_until grep -q xen-front /proc/asound/cards
$aplay -f S16_LE --dump-hw-params /dev/zero >/tmp/aplay 2>&1
check "playing" [ $? -eq 0 ]
$arecord -f S16_LE --dump-hw-params /dev/null >/tmp/arecord 2>&1
check "recording" [ $? -eq 0 ]
for client in aplay arecord; do
	check "$client: one format is left" offered $client 'FORMAT: +S16_LE'
	check "$client: one number of channels is left" offered $client 'CHANNELS: 2'
	check "$client: rates up to the device's are left" offered $client 'RATE: \[44100 48000\]'
done
check "a format of the card that the device has not is refused before OPEN" \
	refused $aplay -f S32_LE /dev/zero
$aplay -f S16_LE -r 96000 /dev/zero >/tmp/fast 2>&1
check "of a rate that the device has not the nearest is taken" grep -q "got = 48000Hz" /tmp/fast
check "playing at the other rate" aplay -q -D hw:0,0 -t raw -c 2 -f S16_LE -r 44100 -d 1 /dev/zero
read -r before _ </proc/uptime
$aplay -q -f S16_LE /dev/zero
check "a second plays" [ $? -eq 0 ]
read -r after _ </proc/uptime
note "a second took $before to $after"
check "in two, its beginning and end included" [ $((${after%.*} - ${before%.*})) -le 2 ]
}
ktap_end
