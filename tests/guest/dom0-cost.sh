#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Runs in Dom0 while one guest plays one stream, and while four guests play 32: what a stream costs
# Dom0, however many there are.
. /selftest/ktap.sh
. /selftest/dom0-guests.sh

seconds=4
# Measurements differ by some percent.
most_percent=110

# Nanoseconds for which all threads of the backend have run.
backend_ns() {
	sum=0
	for process in $(lab-backend pid) $(pgrep -P "$(lab-backend pid)"); do
		for thread in "/proc/$process/task/"*; do
			read -r ran _ <"$thread/schedstat"
			sum=$((sum + ran))
		done
	done
	echo $sum
}

# Sets dom0_ns and ns, of a second: what Dom0's processor and the backend have run in the meantime.
measure() {
	begin_ns=$(backend_ns)
	dom0_begin_ns=$(/selftest/xen-front-accountant)
	sleep $seconds
	dom0_ns=$((($(/selftest/xen-front-accountant) - dom0_begin_ns) / seconds))
	ns=$((($(backend_ns) - begin_ns) / seconds))
}

# measure_playing STREAMS GUEST...: while each of these guests plays so many.
measure_playing() {
	streams=$1
	shift
	for guest in "$@"; do
		tell "$guest" "go-$streams"
	done
	for guest in "$@"; do
		check "cost: $guest plays $streams streams" comes_to_tell "$guest" "plays-$streams" 60
	done
	measure
	for guest in "$@"; do
		check "cost: $guest has played all the time" has_not_told "$guest" "played-$streams"
	done
	for guest in "$@"; do
		check "cost: $guest comes to an end" comes_to_tell "$guest" "played-$streams" 60
	done
	all=$((streams * $#))
	dom0_each=$(((dom0_ns - idle_ns) / all / 1000))
	each=$((ns / all / 1000))
	note "cost: each of $all streams takes $dom0_each us a second of Dom0's processor, $each us of" \
		"them in the backend"
}

measure
idle_ns=$dom0_ns
note "cost: Dom0 takes $((idle_ns / 1000)) us a second when nothing plays"
measure_playing 1 domu0
one=$each
dom0_one=$dom0_each
# shellcheck disable=SC2086 # words
measure_playing 8 $LAB_GUESTS
check "cost: the backend takes no more for one of $all streams than for one alone" \
	[ $((each * 100)) -le $((one * most_percent)) ]
check "cost: and so does Dom0" [ $((dom0_each * 100)) -le $((dom0_one * most_percent)) ]
ktap_end
