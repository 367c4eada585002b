#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# How many functions of the driver lie between the kernel and ALSA, by the kernel's function tracer:
# from the interrupt of an event channel to snd_pcm_period_elapsed(), and from .ack to the request
# ring.
. "$(dirname "$0")/ktap.sh"

tracing=/sys/kernel/tracing
trace=$LAB_OUT/hops

traces_a_second_of_playback() {
	echo ':mod:snd_xen_front' >$tracing/set_ftrace_filter &&
		echo snd_pcm_period_elapsed >>$tracing/set_ftrace_filter &&
		printf '%s\n' event_interrupt pcm_ack >$tracing/set_graph_function &&
		echo function_graph >$tracing/current_tracer || return 1
	aplay -q -D hw:0,0 -t raw -f S16_LE -c 2 -r 48000 --period-size=480 --buffer-size=1920 \
		-d 1 /dev/zero || return 1
	cp $tracing/trace "$trace"
	echo nop >$tracing/current_tracer
}

# depth FROM TO: by how many calls TO, a pattern, is below FROM, at least and at most. The tracer
# indents by two columns, behind a bar.
depth() {
	awk -v from="$1" -v to="$2" -F '|' '
		{
			match($2, /[^ ]/)
			level = RSTART / 2
			if (level <= start) start = 0
		}
		$2 ~ "^ *" from "[ (]" { start = level }
		$2 ~ "^ *" to "[ (]" && start {
			calls = level - start
			if (!least || calls < least) least = calls
			if (calls > most) most = calls
		}
		END { print least + 0, most + 0 }' "$trace"
}

to_alsa() {
	read -r least most <<<"$(depth event_interrupt snd_pcm_period_elapsed)"
	note "from event_interrupt() to snd_pcm_period_elapsed() $least to $most calls"
	[ "$least" -gt 0 ] && [ "$most" -le 7 ]
}
to_the_ring() {
	# The compiler may make one function of the two.
	local ring='[a-zA-Z0-9_]*(RequestChannel4post|RequestRing4push)[a-zA-Z0-9_]*'
	read -r least most <<<"$(depth pcm_ack "$ring")"
	note "from pcm_ack() to RequestChannel::post() or RequestRing::push() $least to $most calls"
	[ "$least" -gt 0 ] && [ "$most" -le 6 ]
}

wait_until grep -q xen-front /proc/asound/cards
check "hops: a second of playback is traced" traces_a_second_of_playback
check "hops: 7 calls from the interrupt to ALSA at most" to_alsa
check "hops: 6 calls from .ack to the ring at most" to_the_ring
[ "$ktap_failed" -eq 0 ] || head -n 80 "$trace" | sed 's/^/# /'
ktap_end
