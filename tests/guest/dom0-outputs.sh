# SPDX-License-Identifier: GPL-2.0-only
# Records in Dom0 what guests play into its outputs: source it behind ktap.sh. What leaves the card,
# snd-aloop, at one substream comes in at the same of its other device.

# The users of a desktop, which only systemd and its login manager would let use the card.
chgrp audio /dev/snd/* && chmod 660 /dev/snd/*

has_played() {
	xenstore-exists "/local/domain/$(xl domid "$1")/data/played-$2"
}
# Once a second, so as not to keep Dom0's processor from the backend.
has_all_played() {
	for guest in $LAB_GUESTS; do
		for ((tries = 0; tries < 60; tries++)); do
			has_played "$guest" "$1" && continue 2
			sleep 1
		done
		note "$guest has not played into $1"
		return 1
	done
}

# Records a substream, has all guests play into an output, and waits until all have.
# Usage: records OUTPUT SUBSTREAM
records() {
	arecord -q -D "hw:Loopback,1,$2" -f S16_LE -c 2 -r 48000 --buffer-size=48000 \
		"$LAB_OUT/$1.wav" 2>"$LAB_OUT/$1.arecord" &
	recorder=$!
	for guest in $LAB_GUESTS; do
		xenstore-write "/local/domain/$(xl domid "$guest")/data/go-$1" 1
	done
	has_all_played "$1"
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
