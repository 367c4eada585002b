# SPDX-License-Identifier: GPL-2.0-only
#
# What the init scripts of Dom0 and DomU share. The shell is busybox's, which runs its own applets
# without executing anything: that keeps the boot short on an emulated CPU.

# shellcheck source=/dev/null # written by scripts/xenfront/lab/image.py for each run
. /lab/config.sh

export PATH=/lab/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
if [ -n "${LAB_XEN-}" ]; then
	# Dom0's programs for exactly this Xen.
	export PATH="/lab/bin:/usr/lib/xen-$LAB_XEN/bin:$PATH"
	export LD_LIBRARY_PATH="/usr/lib/xen-$LAB_XEN/lib/$LAB_GNU_NAME"
fi
export HOME=/root LANG=C.UTF-8 TERM="${TERM:-linux}"

# Prints seconds since this domain booted, with hundredths.
uptime_seconds() {
	read -r _seconds _ </proc/uptime
	echo "$_seconds"
}

# The same without the fraction. Unlike the time of day it does not jump when a domain is restored.
whole_seconds() {
	read -r _seconds _ </proc/uptime
	echo "${_seconds%.*}"
}

# Tells the host, which follows the console, where things are.
phase() {
	echo "lab: $LAB_DOMAIN: $(uptime_seconds) $*"
}

# wait_for SECONDS WHAT COMMAND...: until the command succeeds; 1 and a message when it never does.
# What comes soon is noticed soon; on an emulated CPU each look costs, so later ones are rarer.
wait_for() {
	_start=$(whole_seconds)
	_limit=$1
	_what=$2
	shift 2
	until "$@"; do
		_waited=$(($(whole_seconds) - _start))
		if [ "$_waited" -ge "$_limit" ]; then
			phase "gave up waiting for $_what"
			return 1
		elif [ "$_waited" -ge 2 ]; then
			sleep 0.5
		else
			sleep 0.1
		fi
	done
}

load_modules() {
	for _module in "$@"; do
		# kmod's modprobe, not busybox's. -q: a kernel may have it built in, or do without it; what
		# matters is checked where it is used.
		/usr/sbin/modprobe -q "$_module" || true
	done
}

# In a DomU: how many cards there are. A card's line in the list starts with its number.
cards_present() {
	[ ! -e /proc/asound/cards ] || _lines=$(grep -c '^ *[0-9]' /proc/asound/cards)
	echo "${_lines:-0}"
}

# All configured cards are there.
cards_are_there() {
	[ "$(cards_present)" -ge "$LAB_CARDS" ]
}

mount_basics() {
	mount -t proc proc /proc
	mount -t sysfs sysfs /sys
	# A kernel with CONFIG_DEVTMPFS_MOUNT does not do it for an initramfs.
	mount -t devtmpfs devtmpfs /dev
	mkdir -p /dev/pts /dev/shm
	# Bash wants it for <(command).
	ln -sfn /proc/self/fd /dev/fd
	mount -t devpts devpts /dev/pts
	mount -t tmpfs tmpfs /dev/shm
	mount -t tmpfs tmpfs /run
	mount -t tmpfs -o size=90% tmpfs /tmp
	mkdir -p /run/lock /lab/out/files /proc/xen
	# Debian's kernels have these file systems; a small one of the user's may not.
	mount -t debugfs debugfs /sys/kernel/debug 2>/dev/null || true
	mount -t tracefs tracefs /sys/kernel/tracing 2>/dev/null || true
	ip link set lo up 2>/dev/null || true
	# A hang should be reported within the time limit of a run, not after two minutes.
	report_hangs_after 30
	export LAB_OUT=/lab/out/files
	hostname "$LAB_DOMAIN"
}

# run_script FILE [COMMAND...]: starts it in a session of its own, with stdout, stderr and exit
# status kept apart; /lab/out/status appears when it has ended, and then COMMAND runs.
run_script() {
	_script=$1
	shift
	(
		cd /root || exit
		setsid "$_script" >/lab/out/stdout 2>/lab/out/stderr </dev/null &
		echo $! >/run/lab-script.pid
		wait $!
		echo $? >/lab/out/status.new
		mv /lab/out/status.new /lab/out/status
		"$@"
	) &
}

# Ends the script if it still runs, with everything in its session.
stop_script() {
	[ -e /run/lab-script.pid ] && [ ! -e /lab/out/status ] || return 0
	_session=$(cat /run/lab-script.pid)
	pkill -TERM -s "$_session"
	wait_for 3 "the script to end" test -e /lab/out/status ||
		pkill -KILL -s "$_session"
	wait_for 3 "the killed script" test -e /lab/out/status
	echo timeout >/lab/out/status
}

# report_hangs_after SECONDS: 0 is never.
report_hangs_after() {
	[ ! -w /proc/sys/kernel/hung_task_timeout_secs ] ||
		echo "$1" >/proc/sys/kernel/hung_task_timeout_secs
}

# pack DEVICE [MIB]: hands /lab/out over to the host as a tar archive on a raw disk, from there on.
pack() {
	# "complete" comes last: an archive without it was cut short.
	: >/lab/complete
	tar -C /lab -cf - out complete 2>/lab/tar.err |
		dd of="$1" bs=1M seek="${2-0}" conv=notrunc,fsync 2>>/lab/tar.err ||
		phase "could not write the results to $1: $(tr '\n' ' ' </lab/tar.err)"
}
