#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The guest's side of dom0-plug.sh: a second card comes and goes while it plays, and while its
# backend hangs, as Dom0 announces in XenStore.
. "$(dirname "$0")/card.sh"

raw="-t raw -f S16_LE -c 2 -r 48000 --period-size=480 --buffer-size=1920"
order=none
# Longer than a kernel that looks for bugs takes to measure.
patience=/sys/module/snd_xen_front/parameters/request_timeout_ms
player=

# Waits for another order. Events queue in the pipe, so that none is missed.
next_order() {
	last=$order
	while [ "$order" = "$last" ]; do
		read -r _ <&3 || return 1
		order=$(xenstore-read data/plug 2>/dev/null) || order=$last
	done
}
second_card_is_gone() {
	! grep -q Plugged /proc/asound/cards
}
has_ended() {
	! kill -0 $player 2>/dev/null
}
play() {
	# shellcheck disable=SC2086 # options
	aplay -D hw:1,0 $raw /dev/zero >/dev/null 2>/tmp/plugged.err &
	player=$!
}

plugged() {
	check "$1: the card appears" wait_until [ -e /dev/snd/pcmC1D0p ]
	play
	check "$1: it plays" wait_until is_running pcm0p card1
}
unplugged() {
	check "$1: the card disappears" wait_until second_card_is_gone
	check "$1: its player ends" wait_until has_ended
	wait $player
	check "$1: with an error" [ $? -ne 0 ]
	player=
}
player_sleeps_in_driver() {
	grep -q kshim_ /proc/$player/wchan
}
# measure MILLISECONDS: how soon XenStore answers, into /tmp/answers.
measure() {
	"$(dirname "$0")/xen-front-answers" "$1" >/tmp/answers
}
judge() {
	longest=
	while read -r name value; do
		note "$1: $name $value"
		[ "$name" != answer_ms_max ] || longest=$value
	done </tmp/answers
	check_unhindered "XenStore answers within 100 ms $1" [ "${longest:-10000}" -le 100 ]
}
# The player closes the stream, and the backend does not answer.
hung() {
	read -r usual <$patience
	echo 9000 >$patience
	kill -KILL $player
	check "its player waits in the driver" wait_until player_sleeps_in_driver
	measure 800
	check "and still does" player_sleeps_in_driver
	judge "while a backend hangs"
	rm /tmp/answers
	measure 1500 &
	measurement=$!
	wait_until grep -qs first_answer /tmp/answers
}
# Dom0 has taken the card away while XenStore was asked.
gone() {
	wait $measurement
	echo "$usual" >$patience
	judge "while the card goes"
}

wait_until card_is_there
mkfifo /tmp/orders
xenstore-watch data/plug >/tmp/orders &
watcher=$!
exec 3</tmp/orders
xenstore-write data/plug-reply ready
while next_order && [ "$order" != end ]; do
	case $order in
	plugged-*) plugged "${order#plugged-}" ;;
	unplugged-*) unplugged "${order#unplugged-}" ;;
	hung) hung ;;
	gone) gone ;;
	esac
	xenstore-write data/plug-reply "$order"
done
kill $watcher
ktap_end
