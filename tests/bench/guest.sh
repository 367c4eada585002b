#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Runs in the DomU: does what the lines of a plan say, and appends what was measured to
# $LAB_OUT/results.jsonl. The lines are
#     driver none|in-tree|ours    load it, and unload the one before
#     step NAME ARGUMENT...       measure: arguments of xen-front-bench
#     time NAME ARGUMENT...       also note when the application is woken
#     ping NAME ARGUMENT...       the same, woken by Dom0's pinger
#     watch NAME ARGUMENT...      also count the calls of the driver's functions
#     anything else               is for Dom0, see dom0.sh
# Usage: guest.sh PLAN MODULE
. /lab/lib.sh

plan=${1:?which plan}
module=${2:?where our driver is}
program=${0%/*}/xen-front-bench
bus=/sys/bus/xen/drivers/vsnd
others=/tmp/other-interrupts
tracing=/sys/kernel/tracing
requests=0

is_answered() {
	[ "$(xenstore-read data/bench-answer 2>/dev/null)" = "$requests done" ]
}

# Has Dom0 do something, and waits until that is done.
ask_dom0() {
	requests=$((requests + 1))
	xenstore-write data/bench-request "$requests $*"
	wait_for 60 "Dom0 to $*" is_answered || exit 1
}

unload() {
	[ -d $bus ] || return 0
	for device in $bus/vsnd-*; do
		echo "${device##*/}" >$bus/unbind
	done
	rmmod snd_xen_front || exit 1
}

cards_are_there() {
	[ "$(grep -c '^ *[0-9]' /proc/asound/cards)" -ge "$LAB_CARDS" ]
}

load() {
	case $1 in
	none) return ;;
	in-tree) modprobe snd_xen_front ;;
	ours) insmod "$module" ;;
	esac || exit 1
	wait_for 20 "the cards of driver $1" cards_are_there || exit 1
}

# measure ARGUMENT...: sets $measured.
measure() {
	measured=$($program --others $others --accountant "$(xenstore-read data/bench-accountant)" "$@")
}

# Appends the result of a step, and JSON members that are known besides.
report() {
	echo "{\"step\":\"$1\",\"measured\":${measured:-null}$2}" >>"$LAB_OUT/results.jsonl"
	ask_dom0 mark "$1"
}

# Has the kernel trace every function of the driver.
trace_module() {
	echo '*:mod:snd_xen_front' >$tracing/set_ftrace_filter &&
		grep -q '\[snd_xen_front\]' $tracing/set_ftrace_filter &&
		echo function >$tracing/current_tracer
}

modprobe snd-pcm
unload
$program --save-interrupts $others || exit 1
ask_dom0 mark start
while read -r -a words <&3; do
	case ${words[0]} in
	driver)
		unload
		load "${words[1]}"
		;;
	step)
		measure "${words[@]:2}"
		report "${words[1]}"
		;;
	time)
		measure --times "$LAB_OUT/times.${words[1]}" "${words[@]:2}"
		report "${words[1]}"
		;;
	ping)
		measure --times "$LAB_OUT/times.${words[1]}" \
			--pinger "$(xenstore-read data/bench-pinger)" "${words[@]:2}"
		report "${words[1]}"
		;;
	watch)
		# The watchdog of a stream looks once more after it was closed.
		sleep 2
		trace_module || exit 1
		measure "${words[@]:2}"
		grep -v '^#' $tracing/trace >"$LAB_OUT/calls.${words[1]}"
		report "${words[1]}" ",\"module_calls\":$(wc -l <"$LAB_OUT/calls.${words[1]}")"
		echo nop >$tracing/current_tracer
		echo >$tracing/set_ftrace_filter
		;;
	*) ask_dom0 "${words[@]}" ;;
	esac
done 3<"$plan"
ask_dom0 end
