#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A backend that refuses volume and mute: their controls go, listeners are told, what plays is left
# alone, and PulseAudio scales by itself.
. "$(dirname "$0")/ktap.sh"
. "$(dirname "$0")/sound-server.sh"

there() {
	amixer -c Mixer controls | grep -q "name='$1'"
}

told() {
	grep -q "event remove: .*name='$1'" /tmp/events
}

starts() {
	start_pulse --load="module-alsa-card device_id=Mixer"
}

# The controls of the sink's direction. Those of the other one go when that is opened first.
none_of_its_own() {
	pactl list sinks | grep 'Flags: HARDWARE' >/tmp/flags && note "$(cat /tmp/flags)"
	! grep -q HW_VOLUME_CTRL /tmp/flags && ! grep -q HW_MUTE_CTRL /tmp/flags
}

# Of what Dom0 hears nothing is left.
mutes() {
	pactl set-sink-mute "$(pactl list short sinks | cut -f 2 | grep -m 1 '^alsa_output')" 1 &&
		paplay --raw --format=s16le --rate=48000 --channels=2 "$LAB_OUT/played-1.raw"
}

ends() {
	end_pulse || { note "exited with $?"; return 1; }
}

stdbuf -oL amixer -c Mixer events >/tmp/events 2>&1 </dev/null &
listener=$!
wait_until grep -q 'Ready to listen' /tmp/events
amixer -q -c Mixer sset PCM 50% mute
check "refused: the controls are there before the backend is asked" eval \
	'there "PCM Playback Volume" && there "PCM Playback Switch"'
head -c 384000 /dev/urandom >"$LAB_OUT/played-1.raw"
check "refused: playing" aplay -q -D hw:Mixer,0 -t raw -f S16_LE -c 2 -r 48000 \
	"$LAB_OUT/played-1.raw"
check "refused: the volume has gone" eval '! there "PCM Playback Volume"'
check "refused: the switch has gone" eval '! there "PCM Playback Switch"'
check "refused: the other direction has not" there "Capture Volume"
check "refused: listeners were told of the volume" told "PCM Playback Volume"
check "refused: listeners were told of the switch" told "PCM Playback Switch"
kill $listener
[ "$ktap_failed" -eq 0 ] || sed 's/^/# /' /tmp/events
check "refused: PulseAudio starts with the card" starts
check "refused: it takes no control for the hardware's" none_of_its_own
check "refused: its sink plays, muted" mutes
check "refused: PulseAudio ends" ends
[ "$ktap_failed" -eq 0 ] || tail -n 100 "$LAB_OUT/pulseaudio.log" | sed 's/^/# /'
ktap_end
