#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Runs in Dom0 while two guests play and the third attacks the backend: see hostile.sh. What the
# attacks take of Dom0 stays within the quotas of one guest.
. /selftest/ktap.sh
supervisor=$(lab-backend pid)
hostile=$(xl domid domu2)

worker_of() {
	pgrep -P "$supervisor" -f -- "--worker=$1\$"
}
# Seconds of processor that a process has taken, in hundredths.
processor() {
	awk '{ sub(/.*\) /, ""); print $12 + $13 }' "/proc/$1/stat"
}
resident_kib() {
	awk '/^VmRSS:/ { print $2 }' "/proc/$1/status"
}
tell() {
	xenstore-write "/local/domain/$(xl domid "$1")/data/lab-go" 1
}

players="$(worker_of "$(xl domid domu0)") $(worker_of "$(xl domid domu1)")"
before=$(processor "$supervisor")
for guest in $LAB_GUESTS; do
	check "hostile: $guest is told to begin" tell "$guest"
done

most_kib=0
most_descriptors=0
most_workers=0
until xenstore-exists "/local/domain/$hostile/data/hostile-done"; do
	process=$(worker_of "$hostile")
	if [ -n "$process" ]; then
		kib=$(resident_kib "$process")
		descriptors=$(find "/proc/$process/fd" -type l 2>/dev/null | wc -l)
		[ "${kib:-0}" -le $most_kib ] || most_kib=$kib
		[ "$descriptors" -le $most_descriptors ] || most_descriptors=$descriptors
	fi
	workers=$(pgrep -P "$supervisor" | wc -l)
	[ "$workers" -le $most_workers ] || most_workers=$workers
	sleep 1
done
lines=$(wc -l </lab/out/backend/stderr)
note "hostile: its worker took up to $most_kib KiB and $most_descriptors descriptors, the log $lines" \
	"lines, the supervisor $(($(processor "$supervisor") - before)) ticks"
check "hostile: the supervisor has lived" [ "$(lab-backend pid)" = "$supervisor" ]
check "hostile: the workers of the others have lived" \
	[ "$(worker_of "$(xl domid domu0)") $(worker_of "$(xl domid domu1)")" = "$players" ]
check "hostile: there was one worker for each guest" [ $most_workers -le 3 ]
check "hostile: memory stayed within 64 MiB" [ $most_kib -gt 0 -a $most_kib -lt 65536 ]
check "hostile: descriptors stayed within 128" [ $most_descriptors -gt 0 -a $most_descriptors -lt 128 ]
check "hostile: the log stayed within 500 lines" [ "$lines" -lt 500 ]
is_clean() {
	! LC_ALL=C grep -q '[^[:print:]]' /lab/out/backend/stderr
}
check "hostile: nothing but text is in the log" is_clean
ktap_end
