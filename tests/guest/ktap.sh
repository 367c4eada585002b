# SPDX-License-Identifier: GPL-2.0-only
# KTAP for shell tests: source it, call `check NAME COMMAND...` for each test, then `ktap_end`.

ktap_number=0
ktap_failed=0

echo "KTAP version 1"

check() {
	ktap_name=$1
	shift
	ktap_number=$((ktap_number + 1))
	if "$@"; then
		echo "ok $ktap_number $ktap_name"
	else
		echo "not ok $ktap_number $ktap_name"
		ktap_failed=$((ktap_failed + 1))
	fi
}

note() {
	echo "# $*"
}

# Waits until a command succeeds, ten seconds at most.
wait_until() {
	ktap_tries=1000
	until "$@"; do
		ktap_tries=$((ktap_tries - 1))
		[ "$ktap_tries" -gt 0 ] || { note "never became true: $*"; return 1; }
		sleep 0.01
	done
}

ktap_end() {
	echo "1..$ktap_number"
	[ "$ktap_failed" -eq 0 ] && [ "$ktap_number" -gt 0 ]
}
