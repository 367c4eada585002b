#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Runs in each DomU but the first: does what dom0.sh asks for in XenStore, for the first.
#     driver none|in-tree|NAME    as in guest.sh
#     play                        until it is stopped
#     stop
#     end
# Usage: other.sh MODULES
. /lab/lib.sh
. "${0%/*}/drivers.sh"

modules=${1:?where the builds of our driver are}

modprobe snd-pcm
last=0
exec 3< <(exec xenstore-watch data/bench-order)
watcher=$!
# The first line comes at once, the others when something has changed.
while read -r _ <&3; do
	read -r number order argument <<<"$(xenstore-read data/bench-order 2>/dev/null)"
	[ "${number:-$last}" != "$last" ] || continue
	last=$number
	case $order in
	driver) change_driver "$argument" ;;
	play) start_player ;;
	stop) end_player ;;
	end) break ;;
	esac
	xenstore-write data/bench-done "$number"
done
kill $watcher
