#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Of three guests two play and record, SECONDS long, while the last attacks the backend of all.
# Usage: hostile.sh SECONDS ATTACK...
seconds=$1
if [ "$LAB_GUEST" != 2 ]; then
	exec /selftest/together.sh /selftest/xen-front-duplex "$seconds" 480/1920
fi
# The card is the program's from here on.
echo vsnd-0 >/sys/bus/xen/drivers/vsnd/unbind && rmmod snd-xen-front
echo 20000 >/sys/module/xen_gntalloc/parameters/limit
/selftest/together.sh /selftest/xen-front-hostile "$@"
status=$?
xenstore-write data/hostile-done 1
exit $status
