# SPDX-License-Identifier: GPL-2.0-only
# Records in Dom0 what guests play into its outputs: source it behind ktap.sh. What leaves the card,
# snd-aloop, at one substream comes in at the same of its other device.

. /selftest/dom0-guests.sh

# The users of a desktop, which only systemd and its login manager would let use the card.
chgrp audio /dev/snd/* && chmod 660 /dev/snd/*

all_come_to_tell() {
	for guest in $LAB_GUESTS; do
		comes_to_tell "$guest" "$1" 60 || return 1
	done
}
tell_all() {
	for guest in $LAB_GUESTS; do
		tell "$guest" "$1"
	done
}

# Records a substream, has all guests play into an output, and waits until all have.
# Usage: records OUTPUT SUBSTREAM
records() {
	arecord -q -D "hw:Loopback,1,$2" -f S16_LE -c 2 -r 48000 --buffer-size=48000 \
		"$LAB_OUT/$1.wav" 2>"$LAB_OUT/$1.arecord" &
	recorder=$!
	tell_all "listen-$1"
	all_come_to_tell "listens-$1" && tell_all "play-$1" && all_come_to_tell "played-$1"
	status=$?
	# What has been played may still be on its way through a sound server.
	sleep 1
	kill -INT $recorder
	wait $recorder
	if [ -s "$LAB_OUT/$1.arecord" ]; then
		sed 's/^/# arecord: /' "$LAB_OUT/$1.arecord"
	fi
	return $status
}
