#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# PipeWire and WirePlumber with their default settings find the cards by udev, and play and record
# through them at once. After an xrun PipeWire would start the stream anew, which shows in its
# trigger time.
. "$(dirname "$0")/card.sh"
. "$(dirname "$0")/sound-server.sh"

rate=48000

has_nodes() {
	wpctl status >/tmp/wpctl 2>&1
	grep -q '^ │.*\*.*Xen' /tmp/wpctl && [ "$(grep -c '\*.*Xen.*\[vol' /tmp/wpctl)" -eq 2 ]
}

starts() {
	start_udev && start_pipewire && wait_until has_nodes
}

plays_and_records() {
	pw-record --rate=$rate --channels=2 --format=s16 /tmp/recording.wav &
	recorder=$!
	pw-play --rate=$rate --channels=2 --format=s16 "$(dirname "$0")/tone.wav" &
	player=$!
	wait_until both_run || { running | sed 's/^/# /'; return 1; }
	running >/tmp/before
	wait $player || { note "pw-play could not play"; return 1; }
	running >/tmp/after
	kill -INT $recorder
	wait $recorder
	recorded=$(($(stat -c %s /tmp/recording.wav) / 4))
	note "the tone has $((rate * 3)) frames; $recorded frames were recorded"
	[ "$recorded" -gt $((rate * 27 / 10)) ]
}

# All processors' interrupts of the driver.
interrupts() {
	awk '/xen-front-/ { for (i = 2; $i ~ /^[0-9]+$/; i++) n += $i } END { print n + 0 }' /proc/interrupts
}

one_runs() {
	[ "$(running | wc -l)" -eq 1 ]
}

# It wakes by its own timer, and looks at the position then.
plays_without_interrupts() {
	wait_until no_stream_runs || { note "a stream of before still runs"; return 1; }
	pw-play --rate=$rate --channels=2 --format=s16 "$(dirname "$0")/tone.wav" &
	player=$!
	wait_until one_runs || return 1
	sleep 0.5
	grep -h 'no period wake-ups' /proc/asound/card*/xen-front >/tmp/configuration
	running >/tmp/before
	before=$(interrupts)
	sleep 1.5
	after=$(interrupts)
	running >/tmp/after
	wait $player || { note "pw-play could not play"; return 1; }
	note "$(cat /tmp/configuration)"
	note "$((after - before)) interrupts of the driver while it played for 1.5 s"
	[ -s /tmp/configuration ] && cmp /tmp/before /tmp/after && [ "$after" -eq "$before" ]
}

no_stream_runs() {
	! running | grep -q .
}

no_xrun() {
	both=$(cat /tmp/before)
	note "${both//$'\n'/, }"
	[ -n "$both" ] && cmp /tmp/before /tmp/after
}

ends() {
	end_pipewire
	udevadm control --exit
}

check "PipeWire: finds a sink and a source" starts
check "PipeWire: plays and records at once" plays_and_records
check "PipeWire: no stream was started anew, as after an xrun" no_xrun
check "PipeWire: plays without an interrupt of the driver" plays_without_interrupts
check "PipeWire: ends" ends
if [ "$ktap_failed" -ne 0 ]; then
	cat /tmp/wpctl "$LAB_OUT"/pipewire.log "$LAB_OUT"/wireplumber.log | sed 's/^/# /'
fi
ktap_end
