#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The kernel's own selftests of ALSA, which scripts/fetch-kselftest-alsa has built. pcm-test plays
# and records against the clock: its default cases and those of pcm-test.conf.d.
. "$(dirname "$0")/ktap.sh"
cd "$(dirname "$0")/kselftest" || exit 1

./pcm-test >"$LAB_OUT/pcm-test.ktap" 2>&1
adopt pcm-test "$LAB_OUT/pcm-test.ktap" failed

# What cannot be written, such as a channel map, mixer-test skips when it is about writing.
./mixer-test >"$LAB_OUT/mixer-test.ktap" 2>&1
adopt mixer-test "$LAB_OUT/mixer-test.ktap" ok
channel_maps() {
	[ "$(amixer -c Clients controls | grep -c 'Channel Map')" -eq 5 ] || return 1
	[ "$(grep -c '^ok .* get_value' "$LAB_OUT/mixer-test.ktap")" -ge 7 ]
}
check "mixer-test: the values of all channel maps were read" channel_maps
ktap_end
