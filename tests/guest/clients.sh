#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# What comes with alsa-utils, in its various ways to move frames. What is played into the exact
# device the host compares with the backend's recording; what is recorded is the backend's sequence,
# the same from every start on.
. "$(dirname "$0")/card.sh"

exact=hw:Clients,0
free=hw:Clients,1
echo=hw:Clients,2
format="-f S16_LE -c 2 -r 48000"
frames=24000
plays=0

head -c $((frames * 4)) /dev/urandom >/tmp/noise.raw

{ wav_header 2 $((frames * 4)); cat /tmp/noise.raw; } >/tmp/noise.wav

# Runs a client and fails if it fails, or complains of an xrun or of a wrong position.
client() {
	"$@" >/tmp/client.out 2>/tmp/client.err </dev/null
	status=$?
	[ $status -eq 0 ] || note "exited with $status"
	if grep -iE 'xrun|underrun|overrun|suspicious|error' /tmp/client.err >/tmp/complaints; then
		status=1
	fi
	if [ $status -ne 0 ]; then
		note "$*"
		tail -n 8 /tmp/client.out /tmp/client.err | sed 's/^/# /'
	fi
	return $status
}

# Plays the noise into the exact device, for the host to compare.
plays() {
	client "$@" || return 1
	plays=$((plays + 1))
	cp /tmp/noise.raw "$LAB_OUT/played-$plays.raw"
}

# mixes NUMBER [FRAMES]: plays so much of a noise of its own through dmix, which has the device play
# silence before and after it.
mixed="plug:'dmix:CARD=Clients,DEV=0,FORMAT=S16_LE,RATE=48000'"
mixes() {
	head -c $((${2:-$frames} * 4)) /dev/urandom >"$LAB_OUT/mixed-$1.raw"
	client aplay -q -D "$mixed" $raw "$LAB_OUT/mixed-$1.raw"
}

# Records as many frames as the first recording, which has to be the same.
records() {
	rm -f /tmp/recording.raw
	client "$@" /tmp/recording.raw || return 1
	if [ ! -e /tmp/first.raw ]; then
		[ "$(stat -c %s /tmp/recording.raw)" -eq $((frames * 4)) ] || return 1
		cp /tmp/recording.raw /tmp/first.raw
	fi
	cmp /tmp/recording.raw /tmp/first.raw >/tmp/cmp 2>&1 || { note "$(cat /tmp/cmp)"; return 1; }
}

# axfer's timer model wants hardware that can do without interrupts at periods. Of capture, whose
# position moves when a READ is answered, it has to notice that there is none, and say so.
no_timer_model() {
	if "$@" --sched-model=timer -M /tmp/noise.raw >/tmp/client.out 2>/tmp/client.err </dev/null; then
		note "axfer used the timer model"
		return 1
	fi
	grep -q "doesn't support the mode of no-period-wakeup" /tmp/client.err ||
		{ sed 's/^/# /' /tmp/client.err; return 1; }
}

# shellcheck disable=SC2086 # $format is several words
{
small="--period-size=480 --buffer-size=1920"
aplay="aplay -q -D $exact"
raw="-t raw $format"
check "aplay: a WAV file, nothing else said" plays $aplay /tmp/noise.wav
check "aplay: read/write" plays $aplay $raw $small /tmp/noise.raw
check "aplay: mmap" plays $aplay -M $raw $small /tmp/noise.raw
check "aplay: not blocking" plays $aplay -N $raw $small /tmp/noise.raw
check "aplay: busy, without waiting" plays $aplay --test-nowait $raw $small /tmp/noise.raw
check "aplay: positions are plausible" plays $aplay --test-position $raw $small /tmp/noise.raw
check "aplay: positions are plausible with mmap" \
	plays $aplay -M --test-position $raw $small /tmp/noise.raw

arecord="arecord -q -D $free $raw -s $frames"
check "arecord: nothing said about periods" records $arecord
check "arecord: read/write" records $arecord $small
check "arecord: mmap" records $arecord -M $small
check "arecord: not blocking" records $arecord -N $small
check "arecord: busy, without waiting" records $arecord --test-nowait $small
check "arecord: positions are plausible" records $arecord --test-position $small
check "arecord: positions are plausible with mmap" records $arecord -M --test-position $small

play="axfer transfer playback -D $exact $raw $small"
record="axfer transfer capture -D $free $raw $small -s $frames"
check "axfer: playback, read/write" plays $play /tmp/noise.raw
check "axfer: playback, mmap" plays $play -M /tmp/noise.raw
check "axfer: capture, read/write" records $record
check "axfer: capture, mmap" records $record -M
for waiter in poll select epoll; do
	check "axfer: playback, mmap, $waiter" plays $play -M --waiter-type=$waiter /tmp/noise.raw
	check "axfer: capture, not blocking, $waiter" records $record -N --waiter-type=$waiter
done

# It begins with a buffer of silence, and would take that back.
check "axfer: playback, mmap, woken by its timer" client axfer transfer playback -D $free $raw $small \
	--sched-model=timer -M /tmp/noise.raw
check "axfer: capture says that there is no timer model" no_timer_model $record

check "speaker-test: one loop" client speaker-test -D $free -t sine -c 2 -r 48000 -l 1

# What is played into the echo device, its capture stream records. alsabat starts to record half a
# second after it starts to play; its own generator of tones does not work in Debian 12.
check "alsabat: finds the tone that it plays" client alsabat --file "$(dirname "$0")/tone.wav" \
	-f S16_LE -c 2 -r 48000 -n 48000 -F 997 -P $echo -C $echo

# By itself, and while another client of dmix has the device running.
check "aplay: through dmix" mixes 1
aplay -q -D "$mixed" $raw /dev/zero 2>/tmp/silence.err &
silence=$!
check "aplay: dmix runs" wait_until is_running pcm0p Clients
check "aplay: through dmix, which plays" mixes 2
check "aplay: through dmix, less than two periods" mixes 3 1500
kill $silence
wait $silence
snooped="plug:'dsnoop:CARD=Clients,DEV=1,FORMAT=S16_LE,RATE=48000'"
check "arecord: through dsnoop" client arecord -q -D "$snooped" $raw -s $frames "$LAB_OUT/snooped.raw"
}
ktap_end
