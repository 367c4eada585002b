#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Runs in Dom0 when the guest's tests are done: xen-sndback as systemd runs it; see service.sh.
if [ "${1-}" != inside ]; then
	exec nsenter --target "$(pgrep -o -x systemd)" --mount --pid "$0" inside
fi
. /selftest/ktap.sh
unit=xen-sndback.service
card=/local/domain/0/backend/vsnd/$(xl domid domu0)/0

property() {
	systemctl show --property "$1" --value $unit
}
worker() {
	pgrep -P "$(property MainPID)"
}
status() {
	awk -v "field=$2:" '$1 == field { print $2 }' "/proc/$1/status"
}
has_status() {
	[ "$(status "$1" "$2")" = "$3" ]
}
is_connected() {
	[ "$(xenstore-read "$card/state")" = 4 ] && worker >/dev/null
}
says() {
	journalctl --quiet --no-pager --unit $unit --grep "$1" >/tmp/said && [ -s /tmp/said ]
}
# has_other COMMAND OLD: the process that the command prints is there, and is not OLD.
has_other() {
	now=$($1) && [ "${now:-0}" != 0 ] && [ "$now" != "$2" ]
}
main_process() {
	property MainPID
}
dropped() {
	[ "$(($(printf '%d' "0x$(status "$1" "$2")") & ~0x18001e0))" = 0 ]
}

check "service: systemd has started it, and knows it to be ready" systemctl --quiet is-active $unit
first=$(main_process)
check "service: the guest's worker runs" is_connected
process=$(worker)
check "service: the worker has the user xen-sndback" \
	has_status "$process" Uid "$(id -u xen-sndback)"
check "service: the worker is in the group audio" \
	grep -qwE "^Groups:.*$(getent group audio | cut -d: -f3)" "/proc/$process/status"
for set in CapInh CapPrm CapEff CapBnd CapAmb; do
	check "service: the worker's $set is empty" has_status "$process" $set 0000000000000000
done
check "service: the worker's system calls are filtered" has_status "$process" Seccomp 2
check "service: the worker can gain no privileges" has_status "$process" NoNewPrivs 1
# CAP_KILL, SETGID, SETUID, SETPCAP, SYS_NICE, SYS_RESOURCE.
check "service: the supervisor has no capabilities but the unit's" dropped "$first" CapEff

echo '[guset domu*]' >>/etc/xen/xen-sndback.conf
reload_fails() {
	! systemctl reload $unit
}
check "service: with a wrong line, it is not reloaded" reload_fails
check "service: a wrong line is reported with its number" wait_until says 'conf:5: \[guset'
check "service: and what held before goes on to hold" is_connected
sed -i '$d' /etc/xen/xen-sndback.conf
systemctl reload $unit
check "service: the corrected file is taken" wait_until says 'configuration read again'

kill -KILL "$process"
check "service: a worker that was killed is started again" wait_until has_other worker "$process"
check "service: by the same supervisor" [ "$(main_process)" = "$first" ]
check "service: the card is connected again" wait_until is_connected

process=$(worker)
kill -KILL "$first"
check "service: a supervisor that was killed is started again" \
	wait_until has_other main_process "$first"
check "service: the card is connected again, by another worker" wait_until is_connected
check "service: the old worker is gone" [ ! -e "/proc/$process" ]
check "service: systemd has counted that" [ "$(property NRestarts)" = 1 ]

read -r before _ </proc/uptime
systemctl stop $unit
read -r after _ </proc/uptime
note "systemctl stop took from $before to $after"
check "service: it ends within two seconds" \
	awk -v "a=$before" -v "b=$after" 'BEGIN { exit !(b - a < 2) }'
check "service: its end is a success" [ "$(property Result)" = success ]
check "service: the guest is told" [ "$(xenstore-read "$card/state")" = 6 ]
journalctl --quiet --no-pager >"$LAB_OUT/journal"
ktap_end
