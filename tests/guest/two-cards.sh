#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# PipeWire and WirePlumber with two cards: while the backend's device of one is away, and when that
# card is unplugged and comes back, what plays and records on the other goes on. dom0-obey.sh
# takes the device away as it is asked. The host looks for a gap in what the backend has recorded of
# the other card: scripts/xenfront/selftests/exact.py.
. "$(dirname "$0")/card.sh"
. "$(dirname "$0")/sound-server.sh"

far_state=/sys/bus/xen/devices/vsnd-1/state
# Longer than all of this takes. Then comes a second of silence: pw-play ends before the last of its
# frames are played.
second=$((48000 * 4))
sound_bytes=$((second * 30))

# nodes_of Sinks|Sources CARD: of the card with this id.
nodes_of() {
	number=$(readlink "/proc/asound/$2") || return 0
	for node in $(nodes "$1"); do
		wpctl inspect "$node" | grep -q "alsa\.card = \"${number#card}\"" && echo "$node"
	done
}
has_nodes() {
	[ "$(nodes_of Sinks "$1" | wc -l)" -eq 1 ] && [ "$(nodes_of Sources "$1" | wc -l)" -eq 1 ]
}
starts() {
	start_udev && start_pipewire && wait_until has_nodes Near && wait_until has_nodes Far || return 1
	# WirePlumber makes the nodes anew when it has chosen a profile.
	sleep 2
	for node in $(nodes_of Sinks Near) $(nodes_of Sources Near) $(nodes_of Sinks Far) \
		$(nodes_of Sources Far); do
		wpctl set-volume "$node" 1.0 || return 1
	done
}

stands() {
	[ "$(moved "$1")" -eq 0 ]
}
# The name of a node, by which pw-play and pw-record find it: they take a number for a serial one.
name() {
	wpctl inspect "$(nodes_of "$1" "$2")" | sed -n 's/.*node\.name = "\(.*\)"/\1/p'
}
plays_and_records() {
	far_source=$(name Sources Far) far_sink=$(name Sinks Far)
	near_source=$(name Sources Near) near_sink=$(name Sinks Near)
	pw-record --target="$far_source" /tmp/far.wav &
	pw-play --target="$far_sink" /tmp/silence.wav &
	pw-record --target="$near_source" /tmp/near.wav &
	recorder=$!
	pw-play --target="$near_sink" /tmp/near-sound.wav &
	player=$!
	wait_until both_run Near && wait_until both_run Far && wait_until both_move Near &&
		wait_until both_move Far || return 1
	note_starts Near
	note_starts Far
	watch_logs "$LAB_OUT/pipewire.log"
}
goes_on() {
	both_move Near && kill -0 $player && kill -0 $recorder && nothing_started_anew Near
}

far_is_away() {
	[ "$(cat $far_state)" = Reconfiguring ]
}
far_is_unplugged() {
	[ ! -e /proc/asound/Far ]
}
far_has_no_nodes() {
	[ "$(wpctl status 2>/dev/null | grep -c 'Xen Far.*\[vol')" -eq 0 ]
}
# For eight seconds, all through which the other card's position moves.
stays_away() {
	read -r now _ </proc/uptime
	end=$((${now%.*} + 8))
	while [ "${now%.*}" -lt $end ]; do
		if ! both_move Near || ! stands Far; then
			{ positions Near && positions Far; } | sed 's/^/# /'
			return 1
		fi
		read -r now _ </proc/uptime
	done
}
has_played() {
	wait $player || { note "pw-play exited with $?"; return 1; }
	kill -INT $recorder
	wait $recorder
	recorded=$(stat -c %s /tmp/near.wav)
	note "$sound_bytes bytes were played and $recorded recorded"
	# The recorder started a little before the player.
	[ "$recorded" -ge $sound_bytes ]
}

wait_until [ -e /proc/asound/Far ]
wait_until [ -e /proc/asound/Near ]
head -c $sound_bytes /dev/urandom >"$LAB_OUT/sound.raw"
bytes=$((sound_bytes + second))
{
	wav_header 2 $bytes
	cat "$LAB_OUT/sound.raw"
	head -c $second /dev/zero
} >/tmp/near-sound.wav
{ wav_header 2 $bytes && head -c $bytes /dev/zero; } >/tmp/silence.wav
check "two cards: PipeWire has a sink and a source of each" starts
check "two cards: plays and records on both" plays_and_records
check "two cards: the backend's device of one goes" eval 'ask away && wait_until far_is_away'
check "two cards: for eight seconds one stands still, and the other goes on" stays_away
check "two cards: no stream of the other was started anew" goes_on
check "two cards: the device is back" eval 'ask back && wait_until both_move Far'
check "two cards: no stream of either was started anew" eval \
	'goes_on && nothing_started_anew Far'
check "two cards: no error in PipeWire's log" nothing_said
echo 2000 >$timeout
check "two cards: the device goes for longer than its card waits" eval \
	'ask away && wait_until far_is_unplugged'
check "two cards: its sink and source have gone" wait_until far_has_no_nodes
check "two cards: the other card goes on" goes_on
check "two cards: they are back with the card" eval 'ask back && wait_until has_nodes Far'
check "two cards: the other card still goes on" goes_on
check "two cards: it has played to the end, and recorded all the while" has_played
kill -0 "$daemon" && kill -0 "$manager"
check "two cards: PipeWire and WirePlumber are the same processes" [ $? -eq 0 ]
if [ "$ktap_failed" -ne 0 ]; then
	{
		echo "$near_sink $near_source $far_sink $far_source"
		wpctl status
		tail -n 60 "$LAB_OUT/pipewire.log" "$LAB_OUT/wireplumber.log"
	} 2>&1 | sed 's/^/# /'
fi
end_pipewire
udevadm control --exit
ktap_end
