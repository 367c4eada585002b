#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Players and recorders whose backend Dom0's script takes away, again and again, or whose guest it
# saves and restores: the same processes go on, and ALSA never returns an error. Dom0 says in
# XenStore when it is done. The host compares what was played and recorded, and counts how often the
# backend was lost: scripts/xenfront/selftests/outlive.py.
# Usage: outlive.sh ACCESS
# ACCESS, rw or mmap, is how xen-front-outlive plays and records: no emulated processor carries more
# of them in time.
. "$(dirname "$0")/card.sh"

access=${1:?rw or mmap}
directory=$(dirname "$0")
state=/sys/bus/xen/devices/vsnd-0/state
raw="-t raw -f S16_LE -c 2 -r 48000 --period-size=4800"
# As xen-front-outlive.
[ -n "${SELFTEST_UNTIMED-}" ] && raw="$raw --buffer-size=96000" || raw="$raw --buffer-size=19200"
counters="play-$access record-$access"
[ "$access" = rw ] && device=1 || device=2

declare -A pid
# count NAME PCM: xen-front-outlive, under a name that says what it does.
count() {
	"$directory/xen-front-outlive" "$2" "${1%-*}" "${1#*-}" $state "$LAB_OUT/$1" \
		>"/tmp/$1" 2>"/tmp/$1.err" &
	pid[$1]=$!
}

wait_until card_is_there
# shellcheck disable=SC2086 # options
aplay -D hw:0,0 $raw /dev/zero 2>/tmp/aplay.err &
aplay=$!
# shellcheck disable=SC2086
arecord -D hw:0,0 $raw /dev/null 2>/tmp/arecord.err &
arecord=$!
for one in $counters; do
	count "$one" "hw:0,$device"
done

all_run() {
	for pcm in pcm0p pcm0c pcm${device}p pcm${device}c; do
		wait_until is_running $pcm || return 1
	done
}
check "all play and record" all_run
# Dom0's log shows whether each backend obeys.
check "the volume is set" amixer -q -c 0 sset PCM -- -6.02dB,0.00dB
hand_over_to_dom0

wait_connected() {
	wait_until grep -q Connected $state
}
check "the frontend is connected" wait_connected

# Suspend to idle, as far as a machine without a button gets: every device sleeps for a second.
sleep_for_a_while() {
	echo 1 >/sys/module/suspend/parameters/pm_test_delay
	echo devices >/sys/power/pm_test && echo freeze >/sys/power/state
}
check "the guest sleeps and wakes up" sleep_for_a_while
check "the frontend is still connected" wait_connected
check "aplay is the same process" kill -0 $aplay
check "arecord is the same process" kill -0 $arecord
for one in $counters; do
	check "$one is the same process" kill -0 "${pid[$one]}"
done
check "all go on" all_run

volume_is_kept() {
	amixer -c 0 cget "iface=MIXER,name=PCM Playback Volume,subdevice=1" | grep -q ': values=8998,9600$'
}
check "the volume is what was set" volume_is_kept

for one in $counters; do
	kill "${pid[$one]}"
	wait "${pid[$one]}"
	check "$one was never told of an error" [ $? -eq 0 ]
	sed "s/^/# $one: /" "/tmp/$one.err"
	silence_ms_max=
	while read -r name value; do
		note "$one: $name $value"
		declare "$name=$value"
	done <"/tmp/$one"
	case $one in play-*)
		check_unhindered "$one: 20 ms of silence at most once the backend is back" \
			[ "${silence_ms_max:-1000}" -le 20 ] ;;
	esac
done
kill $aplay $arecord
wait $aplay $arecord
# Apart from what they say at their end.
says_nothing() {
	! grep -v "^Playing\|^Recording\|^Aborted by signal Terminated" "/tmp/$1.err" | grep . >/tmp/said ||
		{ sort /tmp/said | uniq -c | head -5 | sed "s/^/# $1: /"; return 1; }
}
check "aplay has nothing to say" says_nothing aplay
check "arecord has nothing to say" says_nothing arecord

unbind
no_irqs() {
	! grep -q xen-front- /proc/interrupts
}
check "unbound, no interrupt is left" no_irqs
check "the module can be unloaded" rmmod snd_xen_front
ktap_end
