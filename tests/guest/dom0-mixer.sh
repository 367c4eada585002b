#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# In Dom0: stops and starts the backend when the guest asks for it.
. "$(dirname "$0")/ktap.sh"

data=/local/domain/$(xl domid domu0)/data

# The guest may be busy with other tests for minutes.
obey() {
	tries=6000
	until [ "$(xenstore-read "$data/ask" 2>/tmp/none)" = "$1" ]; do
		tries=$((tries - 1))
		[ "$tries" -gt 0 ] || { note "the guest never asked for $1"; return 1; }
		sleep 0.1
	done
	lab-backend "$1" && xenstore-write "$data/answer" "$1"
}

check "dom0: the backend stops" obey stop
check "dom0: the backend starts" obey start
check "dom0: the backend is replaced under a player" obey restart
ktap_end
