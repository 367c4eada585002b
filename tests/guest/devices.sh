#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A card with several PCM devices: by the UCM files that come with the driver, PipeWire and PulseAudio
# with their default settings make a sink of each, whose volume is that of its control. Device 0 has
# two streams that play; device 1 plays in mono, and captures.
. "$(dirname "$0")/card.sh"
. "$(dirname "$0")/sound-server.sh"
tone=$(dirname "$0")/tone.wav

use_cases() {
	devices=$(alsaucm -c hw:0 list _devices/HiFi | sed -n 's/^ *[0-9]*: //p' | tr '\n' ' ')
	[ "$devices" = "Line1 Line2 Mic1 " ] || { note "alsaucm lists '$devices'"; return 1; }
}

level() {
	amixer -c 0 sget "$1" | sed -n 's/.*: Playback \([0-9]*\) \[.*/\1/p' | head -n 1
}

alsactl_leaves_volumes() {
	alsactl -f /tmp/no.state restore 0 2>/tmp/alsactl
	levels="$(level PCM,0) $(level PCM,1) $(level PCM,2)"
	note "levels after alsactl: $levels"
	[ "$levels" = "9600 9600 9600" ]
}

has_nodes() {
	[ "$(nodes Sinks | wc -l)" -eq 2 ] && [ "$(nodes Sources | wc -l)" -eq 1 ]
}

# WirePlumber makes the nodes anew when it has chosen a profile.
has_settled() {
	has_nodes && before=$(nodes Sinks) && sleep 2 && [ "$(nodes Sinks)" = "$before" ]
}

pipewire_starts() {
	start_pipewire && wait_until has_settled
}

device_of() {
	wpctl inspect "$1" | sed -n 's/.*alsa.pcm.device = "\([0-9]*\)".*/\1/p;
		s/.*api.alsa.path = ".*,\([0-9]*\)".*/\1/p' | head -n 1
}

pipewire_plays() {
	found=
	for sink in $(nodes Sinks); do
		device=$(device_of "$sink")
		found="$found $device"
		pw-play --target="$sink" "$tone" &
		player=$!
		wait_until is_running "pcm${device}p" || return 1
		wait $player || { note "pw-play could not play into device $device"; return 1; }
	done
	note "the sinks are devices$found"
	[ "$(echo "$found" | tr ' ' '\n' | sort | tr -d '\n')" = 01 ]
}

pipewire_sets_hardware_volume() {
	for sink in $(nodes Sinks); do
		[ "$(device_of "$sink")" = 1 ] || continue
		before=$(level PCM,0)
		wpctl set-volume "$sink" 0.5
		# Cubic: an eighth, -18.06 dB.
		wait_until [ "$(level PCM,2)" != 9600 ]
		note "levels at half the volume: PCM,0 $(level PCM,0), PCM,2 $(level PCM,2)"
		[ "$(level PCM,2)" -ge 7780 ] && [ "$(level PCM,2)" -le 7810 ] && [ "$(level PCM,0)" = "$before" ]
		return
	done
	false
}

pulse_sinks() {
	pactl list short sinks 2>/dev/null | cut -f 2 | grep '^alsa_output'
}

has_pulse_sinks() {
	[ "$(pulse_sinks | wc -l)" -eq 2 ]
}

pulse_starts() {
	start_pulse --load=module-udev-detect && wait_until has_pulse_sinks
}

pulse_plays() {
	played=0
	for sink in $(pulse_sinks); do
		paplay --device="$sink" "$tone" &
		player=$!
		# The last part of a name is sink, the one before the device's number.
		case $sink in
		*_1__sink) wait_until is_running pcm1p ;;
		*) wait_until is_running pcm0p ;;
		esac || { note "$sink does not run its device"; return 1; }
		wait $player || { note "paplay could not play into $sink"; return 1; }
		played=$((played + 1))
	done
	[ "$played" -eq 2 ]
}

pulse_ends() {
	end_pulse
	udevadm control --exit
}

wait_until card_is_there
check "devices: alsaucm lists an output or input for each" use_cases
check "devices: alsactl leaves their volumes alone" alsactl_leaves_volumes
check "devices: udev starts" start_udev
check "devices: PipeWire has a sink for each of two devices" pipewire_starts
check "devices: PipeWire plays into each" pipewire_plays
check "devices: PipeWire sets the volume of device 1 in its control" pipewire_sets_hardware_volume
check "devices: PipeWire ends" end_pipewire
check "devices: PulseAudio has a sink for each of two devices" pulse_starts
check "devices: PulseAudio plays into each" pulse_plays
check "devices: PulseAudio ends" pulse_ends
if [ "$ktap_failed" -ne 0 ]; then
	{
		cat /proc/asound/cards /tmp/alsactl
		amixer -c 0 info
		wpctl status
		tail -n 60 "$LAB_OUT"/pipewire.log "$LAB_OUT"/wireplumber.log
		grep -iE 'ucm|profile|error|fail' "$LAB_OUT/pulseaudio.log"
	} 2>&1 | sed 's/^/# /'
fi
ktap_end
