#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A backend that is away for longer than reconnect_timeout_ms: the card goes, its applications are
# told that it has, and it is back with the backend. dom0-obey.sh does as it is asked.
. "$(dirname "$0")/card.sh"

timeout_ms=3000
# After the last sign of life a backend that hangs is overdue by request_timeout_ms before a look at
# the clock; looks are a second apart at most.
late_ms=1500
raw="-t raw -f S16_LE -c 2 -r 48000 --period-size=480 --buffer-size=1920"

have_ended() {
	! kill -0 "$aplay" 2>/dev/null && ! kill -0 "$arecord" 2>/dev/null
}
start() {
	# shellcheck disable=SC2086 # options
	aplay -D hw:0,0 $raw /dev/zero 2>/tmp/aplay.err &
	aplay=$!
	# shellcheck disable=SC2086
	arecord -D hw:0,0 $raw /dev/null 2>/tmp/arecord.err &
	arecord=$!
	wait_until both_run
}
# A call that waits when the card is unplugged returns EBADFD from ALSA, and any later one ENODEV.
tells_no_device() {
	wait "$1" && return 1
	grep -q "No such device\|File descriptor in bad state" "$2" || { sed 's/^/# /' "$2"; return 1; }
}
plays() {
	# shellcheck disable=SC2086
	head -c 192000 /dev/zero | aplay -q -D hw:0,0 $raw 2>/tmp/aplay.err && [ ! -s /tmp/aplay.err ]
}

wait_until card_is_there
patience=$(cat $timeout)
check "absence: the card waits for 10 s by default" [ "$patience" -eq 10000 ]
echo $timeout_ms >$timeout
for way in stop kill; do
	check "absence, $way: plays and records" start
	before=$(uptime_ms)
	check "absence, $way: the backend goes" ask $way
	check "absence, $way: the applications end" wait_until have_ended
	took=$(($(uptime_ms) - before))
	note "that took $took ms"
	check_unhindered "absence, $way: after $timeout_ms ms" \
		[ "$took" -ge $timeout_ms -a "$took" -le $((timeout_ms + late_ms)) ]
	check "absence, $way: playing ended for want of a device" tells_no_device "$aplay" /tmp/aplay.err
	check "absence, $way: so did recording" tells_no_device "$arecord" /tmp/arecord.err
	check "absence, $way: the card has gone" wait_until card_is_gone
	check "absence, $way: and is back with the backend" eval \
		'ask start && wait_until card_is_there'
	check "absence, $way: it plays" plays
done
# 0 is for ever: here, for twice as long as before.
echo 0 >$timeout
check "absence, without limit: plays and records" start
check "absence, without limit: the backend goes" ask stop
sleep $((timeout_ms / 500))
check "absence, without limit: the applications wait" eval \
	'kill -0 $aplay && kill -0 $arecord && card_is_there'
check "absence, without limit: the backend is back" ask start
moves() {
	one=$(grep hw_ptr /proc/asound/card0/pcm0p/sub0/status)
	sleep 0.1
	[ "$one" != "$(grep hw_ptr /proc/asound/card0/pcm0p/sub0/status)" ]
}
check "absence, without limit: the position moves on" wait_until moves
kill "$aplay" "$arecord"
wait $aplay $arecord
echo "$patience" >$timeout

# Loaded when there is no backend, which comes later.
dmesg -c >/dev/null
check "absence, from the start: the backend goes" ask stop
check "absence, from the start: the module is unloaded" unload
check "absence, from the start: and loaded" load
check_unhindered "absence, from the start: insmod waits for nothing" [ "$load_ms" -le 2000 ]
check "absence, from the start: there is no card" card_is_gone
check "absence, from the start: the card comes with the backend" eval \
		'ask start && wait_until card_is_there'
check "absence, from the start: it plays" plays
# Linux 7 takes a device for a new one whose state in XenStore is not what the bus knows.
check "absence, from the start: the bus takes the device for what it is" eval \
	'! dmesg | grep "state reset"'

# insmod waits for a card whose backend hangs. This script unbinds the device and binds it again
# until insmod looks while no driver has it, and returns.
backend_waits() {
	[ "$(xenstore-read "$(xenstore-read device/vsnd/0/backend)/state")" = 2 ]
}
rebind() {
	rounds=0
	for _ in $(seq 10); do
		insmod /lab/snd-xen-front.ko &
		loader=$!
		wait_until [ -e $bus/vsnd-0 ] || return 1
		while kill -0 $loader 2>/tmp/none; do
			echo vsnd-0 >$bus/unbind || return 1
			echo vsnd-0 >$bus/bind || return 1
			rounds=$((rounds + 1))
		done
		wait $loader || return 1
		unload || return 1
	done
	note "it was bound $rounds times more"
	[ $rounds -ge 10 ]
}
check "absence, while loading: the module is unloaded" unload
check "absence, while loading: the backend waits" wait_until backend_waits
check "absence, while loading: and hangs" ask hang
check "absence, while loading: the device is unbound and bound" rebind
insmod /lab/snd-xen-front.ko &
loader=$!
check "absence, while loading: the card comes with the backend" eval \
	'ask continue && wait_until card_is_there'
check "absence, while loading: insmod ends" wait $loader
ktap_end
