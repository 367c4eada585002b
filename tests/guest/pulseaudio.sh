#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A PulseAudio daemon with its default settings plays and records through the card at once. An xrun
# would be in its log, under the names of its files about ALSA (other files call it an underrun when
# a client has no more to play), and would start the stream anew, which shows in its trigger time.
. "$(dirname "$0")/card.sh"
. "$(dirname "$0")/sound-server.sh"

log=$LAB_OUT/pulseaudio.log
seconds=4
bytes=$((44100 * 4 * seconds))

starts() {
	start_pulse --load="module-alsa-sink device=hw:Clients,1 sink_name=out" \
		--load="module-alsa-source device=hw:Clients,1 source_name=in"
}

plays_and_records() {
	head -c $bytes /dev/urandom >/tmp/noise.raw
	pacat --record --device=in --raw --format=s16le --rate=44100 --channels=2 >/tmp/recording.raw &
	recorder=$!
	pacat --playback --device=out --raw --format=s16le --rate=44100 --channels=2 /tmp/noise.raw &
	player=$!
	wait_until both_run Clients || return 1
	note_starts Clients
	wait $player || { note "pacat could not play"; return 1; }
	kill $recorder
	wait $recorder
	nothing_started_anew Clients || { note "a stream has stopped or was started anew"; return 1; }
	recorded=$(stat -c %s /tmp/recording.raw)
	note "$bytes bytes were played, $recorded recorded"
	# The recorder started a little after the daemon and ended when the player did.
	[ "$recorded" -gt $((bytes * 9 / 10)) ]
}

no_xrun() {
	xruns=$(grep -cE 'alsa-[a-z]*\.c: .*([Uu]nderrun|[Oo]verrun)' "$log")
	note "$xruns lines about xruns in PulseAudio's log"
	[ "$xruns" -eq 0 ]
}

check "PulseAudio: starts with a sink and a source on the card" starts
check "PulseAudio: plays and records at once" plays_and_records
check "PulseAudio: no xrun" no_xrun
check "PulseAudio: ends" end_pulse
[ "$ktap_failed" -eq 0 ] || tail -n 100 "$log" | sed 's/^/# /'
ktap_end
