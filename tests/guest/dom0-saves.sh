#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Runs in Dom0 while the guest's clients play: takes the guest away and brings it back, again and
# again: saved and restored, migrated through a pipe, or saved while it goes on.
# Usage: dom0-saves.sh ROUNDS
. /selftest/ktap.sh

rounds=$1

guest() {
	echo "/local/domain/$(xl domid domu0)"
}
guest_is_ready() {
	[ "$(xenstore-read "$(guest)/data/selftest" 2>/dev/null)" = ready ]
}
connected() {
	tries=80
	until [ "$(xenstore-read "$(guest)/device/vsnd/0/state" 2>/dev/null)" = 4 ]; do
		tries=$((tries - 1))
		[ $tries -gt 0 ] || { note "the frontend never became connected"; return 1; }
		sleep 0.25
	done
}
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
# The pages of a PV guest that change meanwhile can only be told with shadow page tables, which
# Debian's Xen has not. So it stands still for as long as it goes through the pipe.
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

# after_which COMMAND same|new: whether the domain has that number then, and sound.
after_which() {
	before=$(xl domid domu0)
	"$1" || return 1
	now=same
	[ "$(xl domid domu0)" = "$before" ] || now=new
	[ $now = "$2" ] || { note "$1: domain $before became $(xl domid domu0)"; return 1; }
	connected || return 1
	# For a while it plays.
	sleep 0.7
}

one_round() {
	if [ $((round % 2)) -eq 1 ]; then
		after_which migrate new
	else
		after_which save_and_restore new
	fi
}

wait_until guest_is_ready
round=0
failed=0
while [ $round -lt "$rounds" ] && [ $failed -eq 0 ]; do
	round=$((round + 1))
	one_round || { failed=1; note "round $round failed"; }
done
check "$rounds times migrated, or saved and restored" [ $failed -eq 0 ]
check "saved while it goes on" after_which checkpoint same
xenstore-write "$(guest)/data/selftest" done
ktap_end
