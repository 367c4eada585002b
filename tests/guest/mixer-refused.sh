#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A backend that refuses volume and mute: the controls say that they have no effect, listeners are
# told, and what plays is left alone.
. "$(dirname "$0")/ktap.sh"

inactive() {
	amixer -c Mixer cget "iface=MIXER,name=$1,subdevice=1" | grep -q 'access=..i'
}

told() {
	grep -q "event info: .*name='$1'" /tmp/events
}

stdbuf -oL amixer -c Mixer events >/tmp/events 2>&1 </dev/null &
listener=$!
wait_until grep -q 'Ready to listen' /tmp/events
amixer -q -c Mixer sset PCM 50% mute
check "refused: the controls are active before the backend is asked" eval \
	'! inactive "PCM Playback Volume" && ! inactive "PCM Playback Switch"'
head -c 384000 /dev/urandom >"$LAB_OUT/played-1.raw"
check "refused: playing" aplay -q -D hw:Mixer,0 -t raw -f S16_LE -c 2 -r 48000 \
	"$LAB_OUT/played-1.raw"
check "refused: the volume is inactive" inactive "PCM Playback Volume"
check "refused: the switch is inactive" inactive "PCM Playback Switch"
check "refused: the other direction is not" eval '! inactive "Capture Volume"'
check "refused: listeners were told of the volume" told "PCM Playback Volume"
check "refused: listeners were told of the switch" told "PCM Playback Switch"
check "refused: values can still be chosen" eval 'amixer -q -c Mixer sset PCM 30% &&
	amixer -c Mixer sget PCM | grep -q "Front Left: Playback"'
kill $listener
[ "$ktap_failed" -eq 0 ] || sed 's/^/# /' /tmp/events
ktap_end
