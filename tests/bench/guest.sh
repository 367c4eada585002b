#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Runs in the DomU: does what the lines of a plan say, and appends what was measured to
# $LAB_OUT/results.jsonl. The lines are
#     driver none|in-tree|NAME    load it, or MODULES/NAME.ko, and unload the one before
#     step NAME ARGUMENT...       measure: arguments of xen-front-bench
#     time NAME ARGUMENT...       also note when the application is woken
#     ping NAME --period FRAMES ARGUMENT...
#                                 the same, woken by Dom0's pinger for that period
#     watch NAME ARGUMENT...      also count the calls of the driver's functions, from the moment
#                                 at which a stream is closed
#     cycle NAME ARGUMENT...      the same, with how long each cycle took
#     trace NAME ARGUMENT...      also note who allocates, sleeps, or waits for a lock
#     beside COUNT NAME ARGUMENT...
#                                 the same, while so many other guests play
#     facts NAME                  note the driver's size, the kernel's memory, and mapped pages
#     playing NAME                the same while a stream is played
#     server NAME                 start a sound server, see servers.sh
#     serve NAME ARGUMENT...      measure while its player plays
#     outlive NAME SECONDS ARGUMENT...
#                                 the same, and restart the backend after so long
#     rest NAME ARGUMENT...       the same with no player, but an open sink
#     hear NAME ARGUMENT...       note when a player begins, which the backend records
#     anything else               is for Dom0, see dom0.sh
# Usage: guest.sh PLAN MODULES GUESTS
. /lab/lib.sh
. "${0%/*}/drivers.sh"
. "${0%/*}/servers.sh"

plan=${1:?which plan}
modules=${2:?where the builds of our driver are}
others_count=$((${3:?how many guests there are} - 1))
program=${0%/*}/xen-front-bench
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

# measure ARGUMENT...: sets $measured.
measure() {
	measured=$($program --others $others --accountant "$(xenstore-read data/bench-accountant)" "$@")
}

# Appends the result of a step, and JSON members that are known besides.
report() {
	echo "{\"step\":\"$1\",\"measured\":${measured:-null}$2}" >>"$LAB_OUT/results.jsonl"
	ask_dom0 mark "$1"
}

# Kernel memory that nothing can reclaim, in KiB.
kernel_kib() {
	echo 3 >/proc/sys/vm/drop_caches
	awk '/^(SUnreclaim|VmallocUsed|PageTables):/ { sum += $2 } END { print sum }' /proc/meminfo
}

# facts NAME
facts() {
	size=$(cat /sys/module/snd_xen_front/coresize 2>/dev/null || echo 0)
	echo "{\"facts\":\"$1\",\"module_bytes\":$size,\"kernel_kib\":$(kernel_kib)}" \
		>>"$LAB_OUT/facts.jsonl"
	ask_dom0 grants "$1"
}

# playing NAME
facts_while_playing() {
	start_player
	facts "$1"
	end_player
	# What the backend has seen of it is not the next step's.
	ask_dom0 divide "$1"
}

events="kmem/kmalloc kmem/kmem_cache_alloc kmem/mm_page_alloc sched/sched_switch lock/contention_begin"

# trace_events 0|1
trace_events() {
	for event in $events; do
		echo "$1" >"$tracing/events/$event/enable" || exit 1
	done
	echo "$1" >$tracing/options/stacktrace
}

# Has the kernel trace every function of the driver.
trace_module() {
	echo '*:mod:snd_xen_front' >$tracing/set_ftrace_filter &&
		grep -q '\[snd_xen_front\]' $tracing/set_ftrace_filter &&
		echo function >$tracing/current_tracer
}

# Whatever happens, Dom0 is not to wait for more.
trap 'xenstore-write data/bench-request "last end"' EXIT

modprobe snd-pcm
unload
$program --save-interrupts $others || exit 1
ask_dom0 mark start
while read -r -a words <&3; do
	case ${words[0]} in
	driver)
		end_server
		change_driver "${words[1]}"
		ask_dom0 others "$others_count" driver "${words[1]}"
		# With the counts of counter.c, what is executed of which module.
		awk '$4 ~ /^\[/ { print $1, $3, $4 }' /proc/kallsyms >"$LAB_OUT/symbols.${words[1]}"
		;;
	step)
		measure "${words[@]:2}"
		report "${words[1]}"
		;;
	time | cycle)
		measure --times "$LAB_OUT/times.${words[1]}" "${words[@]:2}"
		report "${words[1]}"
		;;
	ping)
		measure --times "$LAB_OUT/times.${words[1]}" \
			--pinger "$(xenstore-read "data/bench-pinger-${words[3]}")" "${words[@]:2}"
		report "${words[1]}"
		;;
	watch)
		# Idle from the moment at which a stream was closed on.
		trace_module || exit 1
		aplay -q -D hw:0,0 -t raw -f S16_LE -c 2 -r 48000 --period-size=480 \
			--buffer-size=1920 -d 1 /dev/zero || exit 1
		echo >$tracing/trace
		measure "${words[@]:2}"
		grep -v '^#' $tracing/trace >"$LAB_OUT/calls.${words[1]}"
		report "${words[1]}" ",\"module_calls\":$(wc -l <"$LAB_OUT/calls.${words[1]}")"
		echo nop >$tracing/current_tracer
		echo >$tracing/set_ftrace_filter
		;;
	trace)
		echo 0 >$tracing/tracing_on
		trace_events 1
		measure --tracing $tracing/tracing_on "${words[@]:2}"
		cp $tracing/trace "$LAB_OUT/events.${words[1]}"
		# Stacks name functions without saying whose they are.
		awk '$4 == "[snd_xen_front]" { print $3 }' /proc/kallsyms \
			>"$LAB_OUT/functions.${words[1]}"
		trace_events 0
		echo >$tracing/trace
		echo 1 >$tracing/tracing_on
		report "${words[1]}"
		;;
	beside)
		ask_dom0 others "${words[1]}" play
		measure "${words[@]:3}"
		report "${words[2]}"
		ask_dom0 others "${words[1]}" stop
		;;
	server) start_server "${words[1]}" ;;
	serve | outlive | rest | hear) "${words[@]}" ;;
	facts) facts "${words[1]}" ;;
	playing) facts_while_playing "${words[1]}" ;;
	*) ask_dom0 "${words[@]}" ;;
	esac
done 3<"$plan"
