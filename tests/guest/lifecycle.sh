#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# insmod, play, unbind, rmmod, again and again: nothing may be left, and nothing said.
# Usage: lifecycle.sh ROUNDS
. "$(dirname "$0")/card.sh"

rounds=${1:?how many rounds}
module=/lab/snd-xen-front.ko
sound=/tmp/second.raw
head -c 19200 /dev/urandom >$sound

frontend_nodes() {
	xenstore-ls device/vsnd 2>/dev/null | wc -l
}

# Kernel memory that nothing can reclaim, in KiB.
kernel_kib() {
	echo 3 >/proc/sys/vm/drop_caches
	awk '/^(SUnreclaim|VmallocUsed|PageTables):/ { sum += $2 } END { print sum }' /proc/meminfo
}

play() {
	aplay -q -D hw:0,1 -t raw -f S16_LE -c 2 -r 48000 --period-size=480 --buffer-size=1920 $sound
}

one_round() {
	[ -d $bus ] || insmod "$module" || return 1
	wait_until card_is_there || return 1
	play || return 1
	unbind || return 1
	card_is_gone || { note "the card is still there after unbind"; return 1; }
	! grep -q xen-front- /proc/interrupts || { note "interrupts are still there after unbind"; return 1; }
	rmmod snd_xen_front
}

unbind_with_open_stream() {
	wait_until card_is_there || return 1
	# Plays for longer than the test lasts, so that the stream is running when it goes.
	aplay -q -D hw:0,1 -t raw -f S16_LE -c 2 -r 48000 /dev/zero 2>/tmp/aplay.err &
	player=$!
	wait_until is_running pcm1p || return 1
	one=$(cd $bus && echo vsnd-*)
	echo "$one" >$bus/unbind || return 1
	card_is_gone || return 1
	# The player is told, and ends by itself.
	wait $player
	[ $? -ne 0 ] || { note "aplay did not notice"; return 1; }
	echo "$one" >$bus/bind || return 1
	wait_until card_is_there
}

rmmod_is_refused_while_bound() {
	! rmmod snd_xen_front 2>/dev/null
}

many_rounds() {
	# The first round fills caches that stay.
	one_round || return 1
	one_round || return 1
	before=$(kernel_kib)
	dmesg -c >/dev/null
	for round in $(seq "$rounds"); do
		one_round || { note "round $round"; return 1; }
	done
	after=$(kernel_kib)
	note "unreclaimable kernel memory before and after $rounds rounds: $before and $after KiB"
	# The kernel logs our own dropping of caches.
	if dmesg | grep -v drop_caches >/tmp/noise; then
		note "the kernel log has new lines:"
		sed 's/^/# /' /tmp/noise
		return 1
	fi
}

# Caches breathe by some tens of KiB; a round that leaked one page would add 4 KiB each time.
memory_is_as_before() {
	[ $((${after:-$rounds * 1024} - ${before:-0})) -lt $((128 + rounds)) ]
}

check "lifecycle: unbind with a running stream, bind" unbind_with_open_stream
check "lifecycle: rmmod is refused while bound" rmmod_is_refused_while_bound
nodes=$(frontend_nodes)
check "lifecycle: $rounds rounds of insmod, play, unbind, rmmod" many_rounds
check_unhindered "lifecycle: $rounds rounds leave the kernel's memory as it was" memory_is_as_before
check "lifecycle: the module loads and connects again" eval \
	'insmod "$module" && wait_until card_is_there'
check "lifecycle: no XenStore node was left" [ "$(frontend_nodes)" -eq "$nodes" ]
ktap_end
