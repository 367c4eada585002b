#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Of three guests two play and record, while the last attacks the backend of all for SECONDS.
# dom0-hostile.sh watches the backend all the time. First, for comparison, the last guest only
# computes: should the others have an xrun then, they get too little of the processor, whatever
# the backend does.
# Usage: hostile.sh SECONDS ATTACK...
. "$(dirname "$0")/ktap.sh"

seconds=$1
sizes=480/1920
if [ "$LAB_GUEST" != 2 ]; then
	/selftest/together.sh true
	status=$?
	/selftest/xen-front-duplex 3 $sizes || status=1
	# The attacks begin a second later.
	/selftest/xen-front-duplex $((seconds + 5)) $sizes || status=1
	xenstore-write data/played 1
	exit $status
fi

# The card is the program's from here on.
echo vsnd-0 >/sys/bus/xen/drivers/vsnd/unbind && rmmod snd-xen-front &&
	echo 20000 >/sys/module/xen_gntalloc/parameters/limit || exit
/selftest/together.sh true
status=$?
timeout 4 sh -c 'while :; do :; done'
/selftest/xen-front-hostile "$@" || status=1
xenstore-write data/attacked 1
# Once more, until Dom0 has ended the backend.
wait_until xenstore-exists data/attack-again >/tmp/none &&
	/selftest/xen-front-hostile 4 event-interrupts >/tmp/none
exit $status
