#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Runs in Dom0 beside xen-front-attacked in the guest: for each attack a hostile backend, then a
# good one.
# Usage: attack-dom0.sh PATTERN STEP FIRST: of the attacks whose name matches the extended expression
# every STEP-th, starting with number FIRST, from 0 on.

pattern=$1
step=$2
first=$3
domain=/local/domain/$(xl domid "${LAB_GUESTS%% *}")
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

lab-backend stop
start "${good[@]}"
xen-sndback --list-attacks | grep -E "^($pattern)" |
	awk -v "step=$step" -v "first=$first" '(NR - 1) % step == first' >/tmp/attacks
count=0
while read -r name _; do
	stop
	start xen-sndback --attack "$name" --log-level off
	order "suffer $name"
	stop
	start "${good[@]}" --log-level warn
	order "recover $name"
	count=$((count + 1))
done </tmp/attacks
stop
xenstore-write "$domain/data/attack" end
lab-backend start

echo "KTAP version 1"
lines=$(grep -c '^attacked: ' /var/log/xen/console/guest-*.log)
[ "$count" -gt 0 ] && [ "$lines" -eq "$count" ] || echo -n "not "
echo "ok 1 attacks: the console carried $lines lines after $count attacks"
echo "1..1"
[ "$lines" -eq "$count" ]
