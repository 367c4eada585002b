#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Players and a recorder that Dom0's script takes the backend from, again and again, or that are
# saved and restored: the same processes go on. Dom0 says in XenStore when it is done.
# Usage: outlive.sh LEAST  (at least so many suspensions have to be seen)
. "$(dirname "$0")/ktap.sh"

least=${1:?how many suspensions at least}
state=/sys/bus/xen/devices/vsnd-0/state
raw="-t raw -f S16_LE -c 2 -r 48000 --period-size=480 --buffer-size=1920"

is_running() {
	grep -q "state: RUNNING" "/proc/asound/card0/$1/sub0/status"
}

dom0_is_done() {
	[ "$(xenstore-read data/selftest 2>/dev/null)" = done ]
}

wait_until grep -q xen-front /proc/asound/cards
# shellcheck disable=SC2086 # options
aplay -D hw:0,0 $raw /dev/zero 2>/tmp/aplay.err &
aplay=$!
# shellcheck disable=SC2086
arecord -D hw:0,1 $raw /dev/null 2>/tmp/arecord.err &
arecord=$!
"$(dirname "$0")/xen-front-outlive" hw:0,1 $state >/tmp/outlive 2>/tmp/outlive.err &
outlive=$!
check "everybody plays or records" wait_until is_running pcm0p
check "the recorder runs" wait_until is_running pcm1c
check "the third plays" wait_until is_running pcm1p
# Dom0's log shows whether each backend obeys.
check "the volume is set" amixer -q -c 0 sset PCM -- -6.02dB,0.00dB
xenstore-write data/selftest ready
until dom0_is_done; do
	sleep 1
done

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
check "the poller is the same process" kill -0 $outlive
check "aplay plays" wait_until is_running pcm0p
check "arecord records" wait_until is_running pcm1c
check "the poller plays" wait_until is_running pcm1p

volume_is_kept() {
	amixer -c 0 cget "iface=MIXER,name=PCM Playback Volume" | grep -q ': values=8998,9600$'
}
check "the volume is what was set" volume_is_kept

kill $aplay $arecord $outlive
wait $outlive
check "the poller ends well" [ $? -eq 0 ]
wait
note "aplay was suspended $(grep -c Suspended /tmp/aplay.err) times"
while read -r name value; do
	note "$name $value"
	declare "$name=$value"
done </tmp/outlive
sed 's/^/# aplay: /' /tmp/aplay.err | sort | uniq -c | head -5
sed 's/^/# /' /tmp/outlive.err
check "suspensions were seen" [ "${suspensions:-0}" -ge "$least" ]
check_unhindered "the sound is back within 100 ms" [ "${gap_ms_max:-1000}" -le 100 ]
check_unhindered "no call took longer than a request" [ "${longest_call_ms:-10000}" -le 1050 ]

for device in /sys/bus/xen/drivers/vsnd/vsnd-*; do
	echo "${device##*/}" >/sys/bus/xen/drivers/vsnd/unbind
done
no_irqs() {
	! grep -q xen-front- /proc/interrupts
}
check "unbound, no interrupt is left" no_irqs
check "the module can be unloaded" rmmod snd_xen_front
ktap_end
