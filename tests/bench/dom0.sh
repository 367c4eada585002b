#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Runs in Dom0: does what guest.sh asks for in XenStore.
#     divide NAME             NAME ends now: the trace of the backend is divided at these moments
#     mark NAME               the same, and NAME is a step that is done
#     pinger PERIOD MICROSECONDS COUNT
#                             start the one for periods of so many frames
#     backend OPTION...       restart the backend with these in addition to its usual ones
#     forget                  remove what the backend has recorded
#     recording NAME          keep it as that of step NAME
#     backend_in SECONDS      restart it after so long, as it is
#     grants NAME             how many pages of the guest are mapped by others
#     place together|apart    all domains on one physical processor, or Dom0 on its own
#     others COUNT ORDER...   have so many guests besides do as other.sh says
#     end
. /lab/lib.sh

domain=$(xl domid domu0)
data=/local/domain/$domain/data
programs=${0%/*}
orders=0

place() {
	guest_processor=1
	[ "$1" = apart ] || guest_processor=0
	xl vcpu-pin Domain-0 all 0 || return 1
	for guest in $LAB_GUESTS; do
		xl vcpu-pin "$guest" all "$guest_processor" || return 1
	done
}

has_done_order() {
	[ "$(xenstore-read "/local/domain/$1/data/bench-done" 2>/dev/null)" = "$orders" ]
}

others() {
	orders=$((orders + 1))
	count=$1
	shift
	for guest in $(seq "$count"); do
		other=$(xl domid "domu$guest")
		xenstore-write "/local/domain/$other/data/bench-order" "$orders $*"
		wait_for 60 "domu$guest to $*" has_done_order "$other" || return 1
	done
}

divide() {
	echo "$(uptime_seconds) $1" >>"$LAB_OUT/marks"
}

mark() {
	divide "$1"
	# For the host, which follows this console.
	echo "bench: $1 done" >/dev/console
}

# See scripts/xenfront/bench/machine.py for what reads these files.
backend() {
	echo "$*" >/run/bench-options
	restart_backend
}

restart_backend() {
	backends=$(cat /run/bench-number 2>/dev/null || echo 0)
	echo $((backends + 1)) >/run/bench-number
	lab-backend restart
}

backend_in() {
	(sleep "$1"; restart_backend) &
}

# See RECORDING in scripts/xenfront/bench/plan.py for where it is.
forget() {
	rm -f "$LAB_OUT"/heard*.wav
}

recording() {
	mv "$LAB_OUT/heard.wav" "$LAB_OUT/recording.$1.wav"
}

# By what Xen says of its grant tables.
grants() {
	xl dmesg -c >/dev/null
	xl debug-keys g
	xl dmesg -c | awk -v name="$1" -v table="grant-table for remote d$domain " '
		/grant-table for remote/ { is_guest = index($0, table) }
		is_guest && /\(XEN\) \[0x/ { count++ }
		END { print name, count + 0 }' >>"$LAB_OUT/grants"
}

end_others() {
	for guest in $LAB_GUESTS; do
		xenstore-write "/local/domain/$(xl domid "$guest")/data/bench-order" "last end"
	done
}

serve() {
	last=0
	# The first line comes at once, the others when something has changed.
	while read -r _; do
		request=$(xenstore-read "$data/bench-request" 2>/dev/null) || continue
		# shellcheck disable=SC2086 # words are what is wanted
		set -- $request
		number=$1
		shift
		[ "$number" != "$last" ] || continue
		last=$number
		if [ "$1" = end ]; then
			end_others
			return 0
		fi
		"$@" || return 1
		xenstore-write "$data/bench-answer" "$number done"
	done
}

# start PROGRAM[-NAME] FILE ARGUMENT...: a program that prints the port of an event channel first, and
# then what it has to say.
start() {
	name=$1
	output=$2
	shift 2
	"$programs/xen-front-${name%-*}" "$domain" "$@" >"$output" &
	wait_for 10 "xen-front-$name" test -s "$output" || return 1
	read -r port <"$output"
	xenstore-write "$data/bench-$name" "$port"
}

pinger() {
	period=$1
	shift
	start "pinger-$period" "$LAB_OUT/pings.$period" "$@"
}

start accountant "$LAB_OUT/processor-times" || exit 1
mkfifo /run/bench-requests
xenstore-watch "$data/bench-request" >/run/bench-requests &
watcher=$!
serve </run/bench-requests
status=$?
kill $watcher
pkill xen-front-
exit $status
