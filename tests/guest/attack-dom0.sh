#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Runs in Dom0 beside xen-front-attacked in the guest: for each attack a hostile backend, then a
# good one.
# Usage: attack-dom0.sh PATTERN STEP FIRST: of the attacks whose name matches the extended expression
# every STEP-th, starting with number FIRST, from 0 on.

. /lab/lib.sh

pattern=$1
step=$2
first=$3
number=$(xl domid "${LAB_GUESTS%% *}")
domain=/local/domain/$number
accounts=$LAB_OUT/processor-times
good=(xen-sndback --map 'sequence=pattern' --default null)
log=$LAB_OUT/attack-backends.log

# Gives an order and waits until it has been carried out.
order() {
	xenstore-write "$domain/data/attack" "$1"
	for _ in $(seq 600); do
		[ "$(xenstore-read "$domain/data/attack-reply" 2>/dev/null)" = "$1" ] && return
		sleep 0.1
	done
	echo "the guest did not answer: $1" >&2
	exit 1
}

start() {
	echo "== $*" >>"$log"
	"$@" >>"$log" 2>&1 &
	backend=$!
}

# Some attacks end by themselves; what a hostile backend does when it is asked to end is its affair.
stop() {
	kill $backend 2>/dev/null
	for _ in $(seq 50); do
		kill -0 $backend 2>/dev/null || break
		sleep 0.1
	done
	kill -9 $backend 2>/dev/null
	wait $backend 2>/dev/null
}

# Percent of a processor that the guest has used between its last two notes to the accountant.
percent_used() {
	tail -n 2 "$accounts" |
		awk 'NR == 1 { time = $1; used = $3 } END { printf "%.1f", 100 * ($3 - used) / ($1 - time) }'
}

attacks() {
	xen-sndback-hostile --list-attacks || echo "'make backend' builds xen-sndback-hostile" >&2
}
attacks | grep -E "^($pattern)" |
	awk -v "step=$step" -v "first=$first" '(NR - 1) % step == first' >/tmp/attacks
[ -s /tmp/attacks ] || {
	echo "no attack's name matches '^($pattern)'; xen-sndback-hostile --list-attacks has them" >&2
	exit 1
}

# Under QEMU's icount two processors that are busy run at half the speed each, and what a guest does
# takes twice the time. On one processor, time that a domain uses is what its instructions take.
xl vcpu-pin Domain-0 all 0 && xl vcpu-pin "$number" all 0 || exit 1
"${0%/*}/xen-front-accountant" "$number" >"$accounts" &
accountant=$!
wait_for 10 "xen-front-accountant" test -s "$accounts" || exit 1
xenstore-write "$domain/data/attack-accountant" "$(head -n 1 "$accounts")"
lab-backend stop
start "${good[@]}"
order "learn"
count=0
while read -r name _; do
	stop
	start xen-sndback-hostile --attack "$name" --log-level off
	order "suffer $name"
	stop
	xenstore-write "$domain/data/attack-used" "$(percent_used)"
	start "${good[@]}" --log-level warn
	order "recover $name"
	count=$((count + 1))
done </tmp/attacks
stop
xenstore-write "$domain/data/attack" end
kill $accountant
lab-backend start

echo "KTAP version 1"
lines=$(grep -c '^attacked: ' /var/log/xen/console/guest-*.log)
[ "$count" -gt 0 ] && [ "$lines" -eq "$count" ] || echo -n "not "
echo "ok 1 attacks: the console carried $lines lines after $count attacks"
echo "1..1"
[ "$lines" -eq "$count" ]
