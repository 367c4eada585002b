#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Volume and mute through alsa-utils while the card plays. What came out, the host compares with
# what has to come out: scripts/xenfront/selftests/mixer.py.
. "$(dirname "$0")/card.sh"
directory=$(dirname "$0")

device=hw:Mixer,0
volume='PCM Playback Volume'
switch='PCM Playback Switch'

# Plays the file whose samples are all even, and runs the rest of the line meanwhile, twice: after
# a part of a second each.
play_while() {
	aplay -q -D $device -t raw -f S16_LE -c 2 -r 48000 --period-size=480 --buffer-size=4800 \
		"$directory/even.raw" 2>/tmp/aplay.err </dev/null &
	player=$!
	wait_until is_running pcm0p Mixer || return 1
	for one in "$@"; do
		sleep 0.7
		is_running pcm0p Mixer || { note "playing ended early"; return 1; }
		$one || { note "$one failed"; return 1; }
	done
	wait $player || { note "aplay failed"; return 1; }
	[ ! -s /tmp/aplay.err ] || { sed 's/^/# /' /tmp/aplay.err; return 1; }
}

values() {
	amixer -c Mixer cget "iface=MIXER,name=$1,subdevice=1" | sed -n 's/^  : values=//p'
}

half_left() {
	amixer -q -c Mixer sset PCM -- -6.02dB,0.00dB
}
mute_all() {
	amixer -q -c Mixer sset PCM mute
}
unmute_all() {
	amixer -q -c Mixer sset PCM unmute
}

stores_and_restores() {
	amixer -q -c Mixer cset "iface=MIXER,name=$volume,subdevice=1" 1234,5678 &&
		amixer -q -c Mixer cset "iface=MIXER,name=$switch,subdevice=1" on,off &&
		amixer -q -c Mixer sset Capture -- -12.34dB || return 1
	alsactl -f /tmp/stored store Mixer || return 1
	cp /tmp/stored "$LAB_OUT/asound.state"
	amixer -q -c Mixer sset PCM 100% on && amixer -q -c Mixer sset Capture 100% || return 1
	[ "$(values "$volume")" = 9600,9600 ] || return 1
	alsactl -f /tmp/stored restore Mixer || return 1
	[ "$(values "$volume")" = 1234,5678 ] && [ "$(values "$switch")" = on,off ] &&
		[ "$(values 'Capture Volume')" = 8366,8366 ] || return 1
	alsactl -f /tmp/again store Mixer && cmp /tmp/stored /tmp/again
}

decibels() {
	amixer -c Mixer cget "iface=MIXER,name=$volume,subdevice=1" | grep 'dBscale-min=-96.00dB,step=0.01dB,mute=0' &&
		amixer -q -c Mixer sset PCM -- -20.50dB && [ "$(values "$volume")" = 7550,7550 ]
}

# A channel map is made by the driver and cannot be written: what is about writing one is skipped,
# as for any card. Of the volumes and switches nothing is.
mixer_test() {
	tests=$LAB_OUT/mixer-test.ktap
	(cd "$directory/kselftest" && ./mixer-test) >"$tests" 2>&1
	grep '^ok .*# SKIP' "$tests" | sed 's/^.* \([a-z_]*\.[^ ]*\).*/\1/' >/tmp/skipped
	while read -r skipped; do
		number=${skipped##*.}
		grep -q "^# .*\.$number .*Channel Map" "$tests" || { note "skipped $skipped"; return 1; }
	done </tmp/skipped
	for number in $(sed -n 's/^# .*\.\([0-9]*\) .*\(Volume\|Switch\)$/\1/p' "$tests" | sort -u); do
		passed=$(grep -c "^ok .*\.$number\$" "$tests")
		note "element $number: $passed tests passed"
		[ "$passed" -eq 7 ] || return 1
		elements=$((elements + 1))
	done
	[ "$elements" -eq 4 ] || { note "$elements elements"; return 1; }
	! grep '^not ok' "$tests"
}
elements=0

check "mixer: one volume and one switch for each direction" \
	[ "$(amixer -c Mixer scontrols | sort | tr '\n' ' ')" = \
	"Simple mixer control 'Capture',0 Simple mixer control 'PCM',0 " ]
check "mixer: volumes are in decibels" decibels
amixer -q -c Mixer sset PCM 100%
check "mixer: -6.02 dB on one channel while it plays" play_while half_left
check "mixer: mute and unmute while it plays" play_while mute_all unmute_all
check "mixer: the volume is kept over close" [ "$(values "$volume")" = 8998,9600 ]
check "mixer: alsactl store and restore" stores_and_restores
check "mixer-test: every volume and switch passes, none skipped" mixer_test
[ "$ktap_failed" -eq 0 ] || grep -v '^ok' "$LAB_OUT/mixer-test.ktap" | head -n 200 | sed 's/^/# /'
ktap_end
