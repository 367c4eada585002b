#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The backend goes for longer than the card waits, and the card with it; another backend, which knows
# nothing of the volume, gets it from the next card. A card whose backend is replaced stays, and so
# does its volume. dom0-obey.sh does as it is asked; the host looks at the recordings.
. "$(dirname "$0")/card.sh"
directory=$(dirname "$0")

values() {
	amixer -c Mixer cget "iface=MIXER,name=$1,subdevice=1" | sed -n 's/^  : values=//p'
}

play() {
	aplay -q -D hw:Mixer,0 -t raw -f S16_LE -c 2 -r 48000 --period-size=480 --buffer-size=4800 \
		"$directory/even.raw"
}
play_through_restart() {
	play &
	player=$!
	wait_until is_running pcm0p Mixer || return 1
	sleep 0.5
	ask restart || { note "no restart"; return 1; }
	wait_until is_running pcm0p Mixer || return 1
	wait $player
}

amixer -q -c Mixer sset PCM 100% unmute
amixer -q -c Mixer sset PCM -- -6.02dB,0.00dB
amixer -q -c Mixer sset Capture -- -1.00dB nocap
patience=$(cat $timeout)
echo 1000 >$timeout
check "restart: the card goes some time after the backend" eval 'ask stop && wait_until card_is_gone'
check "restart: and comes back with another one" eval 'ask start && wait_until card_is_there'
echo "$patience" >$timeout
check "restart: the volume is what it was" [ "$(values 'PCM Playback Volume')" = 8998,9600 ]
check "restart: so is the other direction's" [ "$(values 'Capture Volume')" = 9500,9500 ]
check "restart: and its switch" [ "$(values 'Capture Switch')" = off,off ]
check "restart: playing" play
check "restart: a player goes on with another backend" play_through_restart
check "restart: the volume is still what it was" [ "$(values 'PCM Playback Volume')" = 8998,9600 ]
ktap_end
