#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The toolstack restores the guest without its sound card: the bus tells the driver nothing then. The
# card waits for a backend, as for any other, and goes.
. "$(dirname "$0")/card.sh"

wait_until card_is_there
aplay -D hw:0,0 -t raw -f S16_LE -c 2 -r 48000 /dev/zero 2>/tmp/aplay.err &
aplay=$!
check "it plays" wait_until is_running pcm0p
echo 5000 >$timeout
check "the guest is restored without a sound card" ask lost
gone_from_xenstore() {
	! xenstore-exists device/vsnd/0
}
check "the device is not in XenStore" gone_from_xenstore
check "the card waits for a backend" grep -q "link: absent" /proc/asound/card0/xen-front
check "what plays goes on waiting" kill -0 $aplay
check "after reconnect_timeout_ms the card goes" wait_until card_is_gone
wait $aplay
check "aplay is told so" [ $? -ne 0 ]
sed "s/^/# aplay: /" /tmp/aplay.err
check "the module can be unloaded" unload
ktap_end
