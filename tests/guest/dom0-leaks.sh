#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Runs in Dom0 when the guest's tests are done: asks Xen what the guest still holds. Its card has
# three streams, each with two pages and two event channels; the rest is the guest's own.
. /selftest/ktap.sh
domid=$(xl domid domu0)

# The active entries of the guest's grant table, and its bound event channels.
xl debug-keys g
xl debug-keys e
xl dmesg >/tmp/xen-dmesg
grants=$(awk -v "head=grant-table for remote d$domid " '
	/grant-table for remote/ { inside = index($0, head) > 0 }
	inside && /localref|\[0x/ { count++ }
	END { print count + 0 }' /tmp/xen-dmesg)
channels=$(awk -v "head=Event channel information for domain $domid:" '
	/Event channel information for domain/ { inside = index($0, head) > 0 }
	inside && /s=[2-6]/ { count++ }
	END { print count + 0 }' /tmp/xen-dmesg)
note "the guest has $grants grants and $channels event channels in use"
few_grants() {
	[ "$grants" -gt 0 ] && [ "$grants" -lt 64 ]
}
few_channels() {
	[ "$channels" -gt 0 ] && [ "$channels" -lt 64 ]
}
check "leaks: grants of the guest" few_grants
check "leaks: event channels of the guest" few_channels
cp /tmp/xen-dmesg "$LAB_OUT/"
ktap_end
