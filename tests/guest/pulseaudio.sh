#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A PulseAudio daemon with its default settings plays and records through the card at once. An xrun
# would be in its log, under the names of its files about ALSA (other files call it an underrun when
# a client has no more to play), and would start the stream anew, which shows in its trigger time.
. "$(dirname "$0")/ktap.sh"

export HOME=/tmp/pulse XDG_RUNTIME_DIR=/tmp/pulse
mkdir -p $HOME
chmod 700 $HOME
log=$LAB_OUT/pulseaudio.log
seconds=4
bytes=$((44100 * 4 * seconds))

status() {
	echo "/proc/asound/Clients/pcm1$1/sub0/status"
}

running() {
	grep -q RUNNING "$(status p)" && grep -q RUNNING "$(status c)"
}

triggered() {
	grep -h trigger_time "$(status p)" "$(status c)"
}

starts() {
	pulseaudio -n --daemonize=no --use-pid-file=no --exit-idle-time=-1 \
		--log-level=debug --log-target="file:$log" \
		--load="module-native-protocol-unix" \
		--load="module-alsa-sink device=hw:Clients,1 sink_name=out" \
		--load="module-alsa-source device=hw:Clients,1 source_name=in" &
	daemon=$!
	wait_until pactl info >/tmp/pactl 2>&1
}

plays_and_records() {
	head -c $bytes /dev/urandom >/tmp/noise.raw
	pacat --record --device=in --raw --format=s16le --rate=44100 --channels=2 >/tmp/recording.raw &
	recorder=$!
	pacat --playback --device=out --raw --format=s16le --rate=44100 --channels=2 /tmp/noise.raw &
	player=$!
	wait_until running || return 1
	triggered >/tmp/before
	wait $player || { note "pacat could not play"; return 1; }
	kill $recorder
	wait $recorder
	running || { note "a stream has stopped"; return 1; }
	triggered >/tmp/after
	cmp /tmp/before /tmp/after >/tmp/cmp || { note "a stream was started anew"; return 1; }
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

ends() {
	kill "$daemon"
	wait "$daemon"
}

check "PulseAudio: starts with a sink and a source on the card" starts
check "PulseAudio: plays and records at once" plays_and_records
check "PulseAudio: no xrun" no_xrun
check "PulseAudio: ends" ends
[ "$ktap_failed" -eq 0 ] || tail -n 100 "$log" | sed 's/^/# /'
ktap_end
