#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Memory that the kernel asks for and does not get: first one allocation at a time, in each operation
# of the driver; then any of them while clients use the card, it is bound and unbound, and Dom0
# restarts its backend. Needs a kernel with fault injection, and dom0-faults.sh in Dom0.
# Usage: faults.sh STRIDE: see xen-front-faults.
. "$(dirname "$0")/ktap.sh"

directory=$(dirname "$0")
debugfs=/sys/kernel/debug
bus=/sys/bus/xen/drivers/vsnd
# Per cent of the allocations of those whose allocations may fail.
probability=2
options="-q -D hw:0,1 -t raw -f S16_LE -c 2 -r 48000 --period-size=480 --buffer-size=1920 -d 1"

# Allocations that may wait for memory may fail, too, and those of single pages. None does until a
# task is told to. What finds bugs would turn itself off without memory: it is spared.
allow_faults() {
	for attributes in $debugfs/failslab $debugfs/fail_page_alloc; do
		{
			echo 0 >$attributes/probability
			echo Y >$attributes/task-filter
			echo N >$attributes/ignore-gfp-wait
			echo -1 >$attributes/times
			echo 0 >$attributes/verbose
		} || return 1
	done
	echo 0 >$debugfs/fail_page_alloc/min-order || return 1
	echo Y >$debugfs/failslab/cache-filter || return 1
	for cache in /sys/kernel/slab/*; do
		case ${cache##*/} in
		kmemleak_* | debug_objects_*) ;;
		*) echo 1 >"$cache/failslab" || return 1 ;;
		esac
	done
}

# Those that work for the driver: the bus's thread and the workers.
driver_threads() {
	grep -lE '^(xenwatch|kworker/)' /proc/[0-9]*/comm | cut -d/ -f3
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
	echo vsnd-0 >$bus/bind
}

dom0_is_done() {
	[ "$(xenstore-read data/selftest 2>/dev/null)" = done ]
}

everything_at_random() {
	for thread in $(driver_threads); do
		echo 1 >"/proc/$thread/make-it-fail" || return 1
	done
	: >/tmp/successes
	# shellcheck disable=SC2086 # options
	client playing aplay $options /dev/zero &
	# shellcheck disable=SC2086
	client recording arecord $options /dev/null &
	client volume amixer -q -c 0 sset PCM -- -6.00dB &
	client report cat /proc/asound/card0/xen-front &
	export bus
	export -f rebind
	client binding bash -c rebind &
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

unload() {
	echo vsnd-0 >$bus/unbind && rmmod snd_xen_front && ! grep xen-front- /proc/interrupts
}

check "faults: any allocation can fail" allow_faults
check "faults: any of them at random while the card is used" everything_at_random
check "faults: the device can be bound afterwards" rebind_without_faults
ktap_end
status=$?
"$directory/xen-front-faults" "${1:?which allocations}" || status=1
ktap_number=0
ktap_failed=0
check "faults: the module can be unloaded" unload
ktap_end && exit $status
