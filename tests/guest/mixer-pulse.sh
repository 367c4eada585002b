#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# PulseAudio takes the controls for the hardware volume of its sink and source: PipeWire finds them
# by the same rules.
. "$(dirname "$0")/ktap.sh"
. "$(dirname "$0")/sound-server.sh"

starts() {
	start_pulse --load="module-alsa-card device_id=Mixer" || return 1
	pactl list sinks >"$LAB_OUT/sinks"
	pactl list sources >"$LAB_OUT/sources"
}

# Of the sink or source that is hardware.
flags() {
	grep 'Flags: HARDWARE' "$1" >/tmp/flags && note "$(cat /tmp/flags)"
	grep -q HW_VOLUME_CTRL /tmp/flags && grep -q HW_MUTE_CTRL /tmp/flags &&
		grep -q DECIBEL_VOLUME /tmp/flags
}

follows() {
	amixer -q -c Mixer sset PCM -- -20.00dB || return 1
	wait_until eval 'pactl list sinks | grep "^.Volume:" | grep -q -- "-20.00 dB"'
}

ends() {
	end_pulse || { note "exited with $?"; return 1; }
}

check "PulseAudio: starts with the card" starts
check "PulseAudio: hardware volume of the sink" flags "$LAB_OUT/sinks"
check "PulseAudio: hardware volume of the source" flags "$LAB_OUT/sources"
check "PulseAudio: the card's volume is its own" follows
check "PulseAudio: ends" ends
[ "$ktap_failed" -eq 0 ] || tail -n 100 "$LAB_OUT/pulseaudio.log" | sed 's/^/# /'
ktap_end
