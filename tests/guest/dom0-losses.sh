#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Runs in Dom0 while the guest's clients play, and takes their backend away again and again: ends it
# and starts it at random moments, in every way it can end, and takes the guest away and brings it
# back: saved and restored, migrated through a pipe, or saved while it goes on.
# Usage: dom0-losses.sh RESTARTS SAVES [SECONDS [DRIVER_DOMAIN]]
# They are spread over SECONDS, or follow each other as soon as the guest plays again. With
# DRIVER_DOMAIN, a guest in which a backend runs, each save moves the sound card: to there, or back
# to Dom0.
. /selftest/ktap.sh

restarts=$1
saves=$2
seconds=${3:-0}
driver_domain=${4-}

# The domain gets another number with each save.
guest() {
	echo "/local/domain/$(xl domid domu0)"
}
# Looks only when the node changes: until then, the guest has the machine for itself.
wait_for_guest() {
	node=$(guest)/data/selftest
	mkfifo /tmp/changes
	timeout 30 xenstore-watch "$node" >/tmp/changes &
	while read -r _; do
		[ "$(xenstore-read "$node" 2>/dev/null)" != ready ] || break
	done </tmp/changes
	kill $! || note "the guest never was ready"
}
# Not looked at often: each look takes the machine from those whose time is measured.
wait_state() {
	tries=80
	until [ "$(xenstore-read "$(guest)/device/vsnd/0/state" 2>/dev/null)" = "$1" ]; do
		tries=$((tries - 1))
		[ $tries -gt 0 ] || { note "the frontend never became $1"; return 1; }
		sleep 0.25
	done
}

# ---- restarts of the backend ----

# random BELOW
random() {
	awk -v "seed=$restarted" -v "below=$1" 'BEGIN { srand(seed * 7919); print int(rand() * below) }'
}
nap() {
	sleep "0.$(printf %03d "$(random 250)")"
}

# How long a backend is away, or hangs, that is more than late: longer than request_timeout_ms, and
# shorter than reconnect_timeout_ms.
away_seconds=3

restart() {
	nap
	case $((restarted % 10)) in
	3)
		# Other backends begin in Initialising.
		lab-backend kill
		xenstore-write "/local/domain/0/backend/vsnd/$(xl domid domu0)/0/state" 1
		wait_state 1 || return 1
		lab-backend start
		;;
	5)
		lab-backend stop
		lab-backend start
		;;
	8)
		lab-backend stop
		wait_state 1 || return 1
		sleep $away_seconds
		lab-backend start
		;;
	0)
		lab-backend kill
		sleep $away_seconds
		lab-backend start
		;;
	7)
		lab-backend hang
		sleep $away_seconds
		lab-backend continue
		;;
	*)
		lab-backend kill
		lab-backend start
		;;
	esac
	sleep 0.4
	wait_state 4
}

# ---- saves of the guest ----

# run COMMAND...: silent, unless it fails.
run() {
	"$@" >/tmp/run.log 2>&1 || { note "$1 $2: $(tail -n 3 /tmp/run.log | tr '\n' ' ')"; return 1; }
}

save_and_restore() {
	run xl save domu0 /tmp/guest.save && run xl restore /tmp/guest.save
	status=$?
	rm -f /tmp/guest.save
	return $status
}
# Without an ssh command, the "host" is the command that receives the guest.
migrate_live() {
	run xl migrate -s '' domu0 'xl migrate-receive'
}
# Xen tracks which pages a running PV guest writes by shadow page tables, which Debian's Xen is built
# without. So the toolstack stops the guest before it sends it through the pipe.
migrate_stopped() {
	mkfifo /tmp/pipe
	sed "s/^name *=.*/name = 'domu0--incoming'/" /lab/domu0.cfg >/tmp/incoming.cfg
	xl restore /tmp/incoming.cfg /tmp/pipe >/tmp/restore.log 2>&1 &
	run xl save domu0 /tmp/pipe && wait $! && xl rename domu0--incoming domu0
	status=$?
	[ $status -eq 0 ] || note "restore: $(tail -n 3 /tmp/restore.log | tr '\n' ' ')"
	rm -f /tmp/pipe
	return $status
}
migrate() {
	if grep -q "^type.*pvh" /lab/domu0.cfg; then
		migrate_live
	else
		migrate_stopped
	fi
}
# The guest is stopped and told that nothing came of it: the same domain goes on.
checkpoint() {
	run xl save -c domu0 /tmp/guest.save
	status=$?
	rm -f /tmp/guest.save
	return $status
}

# Who restores a guest says which domain has its devices.
move() {
	backend=$1
	sed "s/backend=Domain-0/backend=$backend/" /lab/domu0.cfg >/tmp/moved.cfg
	run xl save domu0 /tmp/guest.save && run xl restore /tmp/moved.cfg /tmp/guest.save
	status=$?
	rm -f /tmp/guest.save
	case $(xenstore-read "$(guest)/device/vsnd/0/backend") in
	"/local/domain/$(xl domid "$backend")/"*) ;;
	*)
		note "the card has not been moved to $backend"
		return 1
		;;
	esac
	return $status
}
to_driver_domain() {
	move "$driver_domain"
}
back_to_dom0() {
	move Domain-0
}
# The driver domain goes on afterwards, with what it missed.
back_from_hanging() {
	run xl pause "$driver_domain" || return 1
	sleep $away_seconds
	back_to_dom0
	status=$?
	run xl unpause "$driver_domain" && return $status
}

# after_which COMMAND same|new: whether the domain has that number then, and sound.
after_which() {
	before=$(xl domid domu0)
	"$1" || return 1
	now=same
	[ "$(xl domid domu0)" = "$before" ] || now=new
	[ $now = "$2" ] || { note "$1: domain $before became $(xl domid domu0)"; return 1; }
	wait_state 4 || return 1
	# For a while it plays.
	sleep 0.7
}

save() {
	if [ -n "$driver_domain" ]; then
		case $((saved % 4)) in
		2) after_which back_to_dom0 new ;;
		0) after_which back_from_hanging new ;;
		*) after_which to_driver_domain new ;;
		esac
	elif [ $((saved % 2)) -eq 1 ]; then
		after_which migrate new
	else
		after_which save_and_restore new
	fi
}

# ---- all of them, evenly mixed ----

is_save_due() {
	[ $restarted -eq "$restarts" ] || [ $((saved * restarts)) -lt $((restarted * saves)) ]
}
# Waits for its share of the time.
pace() {
	due=$((begun + seconds * (restarted + saved) / (restarts + saves)))
	now=$(date +%s)
	[ "$now" -ge $due ] || sleep $((due - now))
}
lose_all() {
	while [ $((restarted + saved)) -lt $((restarts + saves)) ]; do
		if is_save_due; then
			saved=$((saved + 1))
			save || { note "save $saved failed"; return 1; }
		else
			restarted=$((restarted + 1))
			restart || { note "restart $restarted failed"; return 1; }
		fi
		pace
	done
}

wait_for_guest
restarted=0
saved=0
begun=$(date +%s)
check "$restarts restarts of the backend, $saves times migrated, or saved and restored" lose_all
if [ "$saves" -gt 0 ]; then
	check "saved while it goes on" after_which checkpoint same
fi
xenstore-write "$(guest)/data/selftest" done
[ -z "$driver_domain" ] ||
	xenstore-write "/local/domain/$(xl domid "$driver_domain")/data/selftest" done
ktap_end
