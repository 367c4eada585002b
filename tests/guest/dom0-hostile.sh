#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Runs in Dom0 while two guests play and the third attacks the backend: see hostile.sh. What the
# attacks take of Dom0 stays within the quotas of one guest, the streams of the other guests run on,
# and the backend obeys SIGTERM while it is attacked.
. /selftest/ktap.sh
. /selftest/dom0-guests.sh

pages_allowed=$(sed -n 's/^pages = //p' /selftest/hostile.conf)
log=/lab/out/backend/stderr
supervisor=$(lab-backend pid)
declare -A worker
for guest in $LAB_GUESTS; do
	worker[$guest]=$(pgrep -P "$supervisor" -f -- "--worker=${domain[$guest]}\$")
done
attacked=${worker[domu2]}

has_lived() {
	[ -n "${worker[$1]}" ] &&
		[ "$(pgrep -P "$supervisor" -f -- "--worker=${domain[$1]}\$")" = "${worker[$1]}" ]
}
uptime_ms() {
	read -r now _ </proc/uptime
	echo "${now/./}0"
}
# The processor time that a process has taken, in ms.
processor_ms() {
	read -r line <"/proc/$1/stat"
	# shellcheck disable=SC2086 # words
	set -- ${line##*) }
	echo $(((${12} + ${13}) * 10))
}

# What the worker of the hostile guest holds at the moment. The shell reads it from /proc itself:
# other programs, started once a second, would take more of Dom0's processor than the attacks.
most_kib=0
most_descriptors=0
most_pages=0
most_workers=0
keep_most() {
	declare -n most=most_$1
	[ "$2" -le "$most" ] || most=$2
}
look() {
	while read -r name value _; do
		[ "$name" != VmRSS: ] || keep_most kib "$value"
	done <"/proc/$attacked/status"
	descriptors=("/proc/$attacked/fd/"*)
	keep_most descriptors ${#descriptors[@]}
	pages=0
	while read -r range _ _ _ _ file; do
		[ "$file" != /dev/xen/gntdev ] ||
			pages=$((pages + (0x${range#*-} - 0x${range%-*}) / 4096))
	done <"/proc/$attacked/maps"
	keep_most pages $pages
	read -r -a workers <"/proc/$supervisor/task/$supervisor/children"
	keep_most workers ${#workers[@]}
}

# The attacks never wait, and who shares the processor with a guest that never waits has to have a
# larger share than it needs: otherwise Xen lets it wait for its turn.
check "hostile: the others have precedence on the processor" xl sched-credit -d domu2 -w 32
for guest in $LAB_GUESTS; do
	check "hostile: $guest is told to begin" tell "$guest" lab-go
done
begin=$(uptime_ms)
worker_begin=$(processor_ms "$attacked")
supervisor_begin=$(processor_ms "$supervisor")
until has_told domu2 attacked; do
	look
	sleep 1
done
took=$(($(uptime_ms) - begin))
worker_took=$(($(processor_ms "$attacked") - worker_begin))
supervisor_took=$(($(processor_ms "$supervisor") - supervisor_begin))
lines=$(wc -l <$log)
note "hostile: in $took ms its worker took $worker_took ms of Dom0's processor, the supervisor" \
	"$supervisor_took ms; the worker held up to $most_kib KiB, $most_descriptors descriptors," \
	"$most_pages of the guest's pages; the log has $lines lines"

for guest in domu0 domu1; do
	check "hostile: $guest has played as long as the attacks lasted" has_not_told $guest played
done
check "hostile: the supervisor has lived" [ "$(lab-backend pid)" = "$supervisor" ]
for guest in $LAB_GUESTS; do
	check "hostile: the worker of $guest has lived" has_lived "$guest"
done
check "hostile: there was one worker for each guest" [ $most_workers -eq 3 ]
check "hostile: memory stayed within 64 MiB" [ $most_kib -gt 0 -a $most_kib -lt 65536 ]
check "hostile: descriptors stayed within 128" \
	[ $most_descriptors -gt 0 -a $most_descriptors -lt 128 ]
check "hostile: it got its quota of pages mapped, and not more" \
	[ $most_pages -gt 384 -a $most_pages -le "$pages_allowed" ]
check "hostile: worker and supervisor took less than half of a processor" \
	[ $worker_took -gt 0 -a $((worker_took + supervisor_took)) -lt $((took / 2)) ]
check "hostile: the log stayed within 500 lines" [ "$lines" -lt 500 ]
is_text() {
	! LC_ALL=C grep -q '[^[:print:]]' $log
}
check "hostile: there is nothing but text in the log" is_text

for guest in domu0 domu1; do
	check "hostile: $guest is through" comes_to_tell $guest played 30
done
is_attacked() {
	[ "$(processor_ms "$attacked")" -gt $((idle + 50)) ]
}
idle=$(processor_ms "$attacked")
check "hostile: the last guest is told to attack again" tell domu2 attack-again
check "hostile: it does" wait_until is_attacked
begin=$(uptime_ms)
lab-backend stop
took=$(($(uptime_ms) - begin))
check "hostile: the backend ended $took ms after SIGTERM" [ $took -le 1000 ]
# Of each stream of these guests.
ran_on() {
	grep "\"dom\":${domain[$1]}," /lab/out/files/stats.json >/tmp/streams || return 1
	grep -v '"underruns":0,"overruns":0,"violations":0,' /tmp/streams >/tmp/late || return 0
	sed 's/^/# /' /tmp/late
	return 1
}
for guest in domu0 domu1; do
	check "hostile: the backend saw no xrun of $guest" ran_on $guest
done
ktap_end
