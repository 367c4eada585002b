#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Runs in Dom0, whose card the streams of all guests share through a dmix: see outputs.sh.
. /selftest/ktap.sh
. /selftest/dom0-outputs.sh

check "shared: all guests have played into the card" records shared 0
# shellcheck disable=SC2046 # words
check "shared: the workers run as a user that is not root" \
	[ "$(ps -o user:20= -p $(pgrep -d, -f -- --worker=) | sort -u)" = xen-sndback ]
journalctl --quiet --no-pager --unit xen-sndback >"$LAB_OUT/journal"
ktap_end
