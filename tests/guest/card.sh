# SPDX-License-Identifier: GPL-2.0-only
# What tests of cards in a guest have in common, with ktap.sh: source it.
. "$(dirname "$0")/ktap.sh"

bus=/sys/bus/xen/drivers/vsnd
# How long a card waits for a backend that has gone.
timeout=/sys/module/snd_xen_front/parameters/reconnect_timeout_ms

card_is_there() {
	grep -q xen-front /proc/asound/cards
}
card_is_gone() {
	! card_is_there
}
# is_running PCM [CARD]: such as pcm0p; its first substream.
is_running() {
	grep -qs "state: RUNNING" "/proc/asound/${2-card0}/$1/sub0/status"
}
# Takes all devices from the driver.
unbind() {
	for bound in $bus/vsnd-*; do
		echo "${bound##*/}" >$bus/unbind || return 1
	done
}
unload() {
	unbind && rmmod snd_xen_front
}
# How long that takes is load_ms then.
load() {
	load_ms=$(uptime_ms)
	insmod /lab/snd-xen-front.ko || return 1
	load_ms=$(($(uptime_ms) - load_ms))
	note "insmod took $load_ms ms"
}
uptime_ms() {
	awk '{ printf "%.0f", $1 * 1000 }' /proc/uptime
}

# The streams that run, of one card or all, each with the time at which it was started.
running() {
	for status in /proc/asound/${1-card*}/pcm*/sub*/status; do
		grep -q RUNNING "$status" && grep -H trigger_time "$status"
	done
}
both_run() {
	[ "$(running "$@" | wc -l)" -eq 2 ]
}
# nothing_started_anew [CARD]: since this was noted.
note_starts() {
	running "$@" >"/tmp/starts-${1-}"
}
nothing_started_anew() {
	running "$@" >/tmp/starts
	cmp "/tmp/starts-${1-}" /tmp/starts >/tmp/cmp && return
	sed 's/^/# /' "/tmp/starts-${1-}" /tmp/starts
	return 1
}
positions() {
	grep -H hw_ptr /proc/asound/${1-card*}/pcm*/sub*/status
}
# How many of these positions are others a moment later.
moved() {
	positions "$@" >/tmp/positions
	sleep 0.3
	positions "$@" | grep -vxcFf /tmp/positions
}
both_move() {
	[ "$(moved "$@")" -eq 2 ]
}

# Has dom0-obey.sh do something, another thing each time.
ask() {
	xenstore-write data/ask "$1" && wait_until answered "$1"
}
answered() {
	[ "$(xenstore-read data/answer 2>/tmp/none)" = "$1" ]
}
# Lets Dom0's script begin, and waits until it is done.
hand_over_to_dom0() {
	xenstore-write data/selftest ready
	until dom0_is_done; do
		sleep 1
	done
}
dom0_is_done() {
	[ "$(xenstore-read data/selftest 2>/dev/null)" = done ]
}

# wav_header CHANNELS BYTES: of so many bytes in samples of 16 bits at 48 kHz, which follow it. By the
# printf of bash: others know no \x.
wav_header() {
	# shellcheck disable=SC2059 # the escapes are for printf
	printf "RIFF$(le32 $(($2 + 36)))WAVEfmt $(le32 16)\x01\0\x0$1\0$(le32 48000)"
	# shellcheck disable=SC2059
	printf "$(le32 $((96000 * $1)))\x0$((2 * $1))\0\x10\0data$(le32 "$2")"
}
le32() {
	printf '\\x%02x\\x%02x\\x%02x\\x%02x' $(($1 & 255)) $(($1 >> 8 & 255)) $(($1 >> 16 & 255)) \
		$(($1 >> 24 & 255))
}
