#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Memory that the kernel asks for and does not get: any of it while clients use the card, it is bound
# and unbound, and Dom0 restarts its backend; then one allocation at a time, in the operations of the
# driver. Not in the bus's thread, which registers the card: ALSA's core keeps the minor of a PCM whose
# other direction it has no memory for, and has none for the next card. The host tests do that. Needs a kernel with fault injection that was booted with
# slub_debug=FZPU;FZPUA,kmalloc-* (what kmalloc() gives may fail, and what finds bugs, which would turn
# itself off without memory, is spared), and dom0-faults.sh in Dom0.
# Usage: faults.sh STRIDE: see xen-front-faults.
. "$(dirname "$0")/card.sh"

directory=$(dirname "$0")
debugfs=/sys/kernel/debug
# Per cent of the allocations of those whose allocations may fail.
probability=2
options="-q -D hw:0,1 -t raw -f S16_LE -c 2 -r 48000 --period-size=480 --buffer-size=1920 -d 1"

# Allocations that may wait for memory may fail, too, and those of single pages. None does until a
# task is told to.
allow_faults() {
	for attributes in $debugfs/failslab $debugfs/fail_page_alloc; do
		{
			echo 0 >$attributes/probability
			echo Y >$attributes/task-filter
			echo N >$attributes/ignore-gfp-wait
			# To start a program takes hundreds of them.
			echo 20 >$attributes/interval
			echo -1 >$attributes/times
			echo 0 >$attributes/verbose
		} || return 1
	done
	echo 0 >$debugfs/fail_page_alloc/min-order || return 1
	echo Y >$debugfs/failslab/cache-filter && may_fail kmalloc-64 && ! may_fail kmemleak_object
}

# may_fail CACHE
may_fail() {
	[ "$(cat "/sys/kernel/slab/$1/failslab")" = 1 ]
}

set_probability() {
	echo "$1" >$debugfs/failslab/probability && echo "$1" >$debugfs/fail_page_alloc/probability
}

# Does so again and again until Dom0 is done, and without the memory it needs now and then.
# client WHAT COMMAND...
client() {
	what=$1
	shift
	until dom0_is_done; do
		(echo 1 >/proc/self/make-it-fail && exec timeout 20 "$@") && echo "$what" >>/tmp/successes
		sleep 0.1
	done
} >/dev/null 2>&1

rebind() {
	if [ -e $bus/vsnd-0 ]; then
		echo vsnd-0 >$bus/unbind
	fi
	(echo "${1:-0}" >/proc/self/make-it-fail && echo vsnd-0 >$bus/bind)
}

# Only binding is to fail: a bus that has no memory to end its watch of the backend's state has it for
# ever, and does not bind the device any more.
rebind_again_and_again() {
	until dom0_is_done; do
		rebind 1 && echo binding >>/tmp/successes
		sleep 1
	done
} >/dev/null 2>&1

everything_at_random() {
	: >/tmp/successes
	# shellcheck disable=SC2086 # options
	client playing aplay $options /dev/zero &
	# shellcheck disable=SC2086
	client recording arecord $options /dev/null &
	client volume amixer -q -c 0 sset PCM -- -6.00dB &
	client report cat /proc/asound/card0/xen-front &
	rebind_again_and_again &
	set_probability $probability
	xenstore-write data/selftest ready
	wait
	set_probability 0
	sort /tmp/successes | uniq -c | while read -r line; do
		note "succeeded: $line"
	done
}

# What happened may have cost the connection, but not for ever.
rebind_without_faults() {
	rebind && wait_until [ -e /proc/asound/card0/xen-front ]
}

leaves_nothing_behind() {
	unload && ! grep xen-front- /proc/interrupts
}

check "faults: any allocation can fail" allow_faults
check "faults: any of them at random while the card is used" everything_at_random
check "faults: the device can be bound afterwards" rebind_without_faults
ktap_end
status=$?
"$directory/xen-front-faults" "${1:?which allocations}" || status=1
ktap_number=0
ktap_failed=0
check "faults: the module can be unloaded" leaves_nothing_behind
ktap_end && exit $status
