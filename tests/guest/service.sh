#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Runs in Dom0 as its backend: systemd, in a PID namespace of its own, with the installed
# xen-sndback.service as its goal.
# Usage: service.sh CONFIGURATION, one of the files beside it
set -e
cp "/selftest/$1" /etc/xen/xen-sndback.conf
# Without it systemd takes this for a first boot, and asks questions.
systemd-machine-id-setup >/dev/null
mkdir -p /sys/fs/cgroup
mount -t cgroup2 cgroup2 /sys/fs/cgroup
# udev, where a package has brought it, would load the drivers of the machine's disks, on which the
# host waits.
for unit in systemd-udevd systemd-udev-trigger; do
	ln -s /dev/null "/etc/systemd/system/$unit.service"
done
# systemd asks whether it is in a container, and then leaves the machine's hardware alone.
exec env container=lab unshare --fork --kill-child=KILL --pid --mount-proc \
	/lib/systemd/systemd --system --unit=xen-sndback.service --show-status=no
