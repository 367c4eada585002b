#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A client that plays and records while Dom0 restarts its backend, takes it away for eight seconds,
# and saves and restores the guest: it neither ends, nor starts a stream anew, nor logs an error. Then
# the backend is away for longer than the card waits. dom0-obey.sh does as it is asked.
# Usage: survivors.sh alsa|pulseaudio|pipewire|browser|ffmpeg
. "$(dirname "$0")/card.sh"
. "$(dirname "$0")/sound-server.sh"

client=$1
log=$LAB_OUT/$client.log
recording=
processes=
server_logs=
: >"$log"

# run COMMAND...: beside the others; it has to be there at the end.
run() {
	"$@" >>"$log" 2>&1 </dev/null &
	processes="$processes $!"
}
alsa_starts() {
	raw="-t raw -f S16_LE -c 2 -r 48000"
	recording=/tmp/recording.raw
	# shellcheck disable=SC2086 # options
	run arecord -D hw:0,0 $raw $recording
	# shellcheck disable=SC2086
	run aplay -D hw:0,0 $raw /dev/zero
}
pulseaudio_has_nodes() {
	pactl list short sinks 2>/tmp/none | grep -q alsa_output &&
		pactl list short sources 2>/tmp/none | grep -q alsa_input
}
pulseaudio_has_no_nodes() {
	pactl list short sinks >/tmp/sinks && pactl list short sources >/tmp/sources &&
		! grep -q alsa_ /tmp/sinks /tmp/sources
}
pulseaudio_plays() {
	recording=/tmp/recording.raw
	run pacat --record --raw $recording
	run pacat --playback --raw /dev/zero
}
# By udev, as on a desktop: PulseAudio has to find the card when it comes back.
pulseaudio_starts() {
	start_udev || return 1
	run pulseaudio -n --daemonize=no --use-pid-file=no --exit-idle-time=-1 --log-level=info \
		--log-target=stderr --load=module-native-protocol-unix --load=module-udev-detect
	daemon=$!
	wait_until pulseaudio_has_nodes && pulseaudio_plays
}
pipewire_has_nodes() {
	wpctl status >/tmp/wpctl 2>&1
	[ "$(grep -c '\*.*Xen.*\[vol' /tmp/wpctl)" -eq 2 ]
}
pipewire_runs() {
	start_udev && start_pipewire || return 1
	processes="$processes $daemon $manager"
	server_logs="$LAB_OUT/pipewire.log $LAB_OUT/wireplumber.log"
	wait_until pipewire_has_nodes
}
pipewire_has_no_nodes() {
	! pipewire_has_nodes && ! grep -q 'Xen.*\[vol' /tmp/wpctl
}
pipewire_starts() {
	pipewire_runs || return 1
	# Two minutes of silence.
	bytes=$((48000 * 2 * 120))
	{ wav_header 1 $bytes && head -c $bytes /dev/zero; } >/tmp/long.wav
	recording=/tmp/recording.wav
	run pw-record $recording
	run pw-play /tmp/long.wav
}
# As browsers do: GStreamer, which WebKit is built on, and PulseAudio's protocol, which PipeWire speaks.
browser_starts() {
	pipewire_runs || return 1
	run pipewire-pulse
	wait_until [ -e $XDG_RUNTIME_DIR/pulse/native ] || return 1
	run gst-launch-1.0 -q audiotestsrc wave=silence ! audioconvert ! pulsesink
	run gst-launch-1.0 -q pulsesrc ! audioconvert ! fakesink
}
ffmpeg_starts() {
	raw="-f s16le -ar 48000 -ac 2"
	# shellcheck disable=SC2086 # options
	run ffmpeg -nostdin -loglevel warning $raw -i /dev/zero -f alsa hw:0,0
	# It times what it records by the wall clock, which goes on while the stream stands still, and
	# then warns of times that fit nothing: the frames are counted instead.
	# shellcheck disable=SC2086
	run ffmpeg -nostdin -loglevel warning -f alsa -ar 48000 -ac 2 -i hw:0,0 \
		-af asetpts=N/SR/TB $raw -y /dev/null
}

# What has been recorded, of the clients that keep it.
recording_bytes() {
	stat -c %s $recording
}
recording_grows() {
	bytes=$(recording_bytes)
	is_longer() {
		[ "$(recording_bytes)" -gt "$bytes" ]
	}
	wait_until is_longer
}
all_live() {
	# shellcheck disable=SC2086 # one argument each
	kill -0 $processes
}
starts() {
	"${client}_starts" && wait_until both_run && wait_until both_move || return 1
	# Sound servers probe, and then settle.
	sleep 2
	note_starts
	# shellcheck disable=SC2086 # one argument each
	watch_logs "$log" $server_logs
}

wait_until card_is_there
check "$client: plays and records" starts
for what in restart absent save; do
	check "$client, $what: that is done" ask $what
	check "$client, $what: the positions move on" wait_until both_move
	[ -z "$recording" ] || check "$client, $what: the recording grows" recording_grows
	check "$client, $what: its processes live" all_live
	check "$client, $what: no stream was started anew" nothing_started_anew
	check "$client, $what: no error in its log" nothing_said
done

# A sound server's sink goes with the card, and comes with it.
case $client in
pulseaudio) server=pulseaudio ;;
pipewire | browser) server=pipewire ;;
*) server= ;;
esac
if [ -n "$server" ]; then
	echo 2000 >$timeout
	check "$client: the backend goes for longer than the card waits" eval \
		'ask stop && wait_until card_is_gone'
	check "$client: the sink has gone" wait_until ${server}_has_no_nodes
	check "$client: and is back with the card" eval 'ask start && wait_until ${server}_has_nodes'
	check "$client: the sound server is the same process" kill -0 $daemon
fi
if [ "$client" = pulseaudio ]; then
	plays_again() {
		pulseaudio_plays && wait_until both_run && wait_until both_move
	}
	check "$client: it plays and records again" plays_again
fi
# shellcheck disable=SC2086
kill $processes
wait
[ "$ktap_failed" -eq 0 ] || tail -n 60 "$log" $server_logs | sed 's/^/# /'
ktap_end
