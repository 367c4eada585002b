#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The kernel's own pcm-test, which scripts/fetch-kselftest-alsa has built: plays and records against
# the clock, its default cases and those of pcm-test.conf.d. Its mixer-test is run by mixer.sh.
. "$(dirname "$0")/ktap.sh"
cd "$(dirname "$0")/kselftest" || exit 1

./pcm-test >"$LAB_OUT/pcm-test.ktap" 2>&1
adopt pcm-test "$LAB_OUT/pcm-test.ktap" failed

check "each direction of each device has its channel map" \
	[ "$(amixer -c Clients controls | grep -c 'Channel Map')" -eq 5 ]
check "each stream has its volume and switch" \
	[ "$(amixer -c Clients controls | grep -cE "'(PCM Playback|Capture) (Volume|Switch)'")" -eq 10 ]
ktap_end
