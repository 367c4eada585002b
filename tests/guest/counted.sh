#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Runs its arguments, then leaves what the driver has counted to the host, which compares it with
# what the backend has: scripts/xenfront/selftests/counters.py.

"$@"
status=$?
{
	echo "domain: $(xenstore-read domid)"
	cat /proc/asound/card*/xen-front
} >"$LAB_OUT/xen-front"
exit $status
