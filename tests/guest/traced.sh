#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Plays and records for ten seconds while all events of the driver are traced. The host compares the
# trace with the end of the backend's, and makes a table and a picture of it:
# scripts/xenfront/selftests/traces.py.
. "$(dirname "$0")/ktap.sh"

tracing=/sys/kernel/tracing
options="-q -D hw:Clients,1 -t raw -f S16_LE -c 2 -r 48000 --period-size=480 --buffer-size=1920 -d 10"

enable() {
	echo 16384 >$tracing/buffer_size_kb && echo 1 >$tracing/events/xen_front/enable
}

plays_and_records() {
	# shellcheck disable=SC2086 # options
	arecord $options /tmp/traced.raw 2>/tmp/arecord.err &
	# shellcheck disable=SC2086
	aplay $options /dev/zero 2>/tmp/aplay.err && wait $! &&
		[ ! -s /tmp/aplay.err ] && [ ! -s /tmp/arecord.err ] && return
	sed 's/^/# /' /tmp/aplay.err /tmp/arecord.err
	return 1
}

save() {
	echo 0 >$tracing/events/xen_front/enable
	{ echo "# domain: $(xenstore-read domid)"; cat $tracing/trace; } >"$LAB_OUT/trace"
}

check "trace: the driver's events can be recorded" enable
check "trace: ten seconds are played and recorded meanwhile" plays_and_records
check "trace: the events can be read" save
ktap_end
