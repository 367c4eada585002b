#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The kernel's own pcm-test, which scripts/fetch-kselftest-alsa has built: plays and records against
# the clock, its default cases and those of pcm-test.conf.d. Its mixer-test is run by mixer.sh.
. "$(dirname "$0")/ktap.sh"
cd "$(dirname "$0")/kselftest" || exit 1

# Its results are tests of ours, of which none is to be skipped.
tests=$LAB_OUT/pcm-test.ktap
./pcm-test >"$tests" 2>&1
grep '^\(not \)\{0,1\}ok [0-9]' "$tests" >/tmp/reported
reported=0
while read -r line; do
	reported=$((reported + 1))
	name=$(echo "$line" | sed 's/^\(not \)\{0,1\}ok [0-9]* //; s/# SKIP /skipped /')
	case $line in
	"not ok "* | *"# SKIP"*) check "pcm-test: $name" false ;;
	*) check "pcm-test: $name" true ;;
	esac
done </tmp/reported
planned=$(sed -n 's/^1\.\.\([0-9]*\)$/\1/p' "$tests")
check "pcm-test: $reported tests were reported, ${planned:-none} planned" \
	[ "$reported" = "${planned:-none}" ]
[ "$ktap_failed" -eq 0 ] || sed 's/^/# /' "$tests"

check "each direction of each device has its channel map" \
	[ "$(amixer -c Clients controls | grep -c 'Channel Map')" -eq 5 ]
check "each stream has its volume and switch" \
	[ "$(amixer -c Clients controls | grep -cE "'(PCM Playback|Capture) (Volume|Switch)'")" -eq 10 ]
ktap_end
