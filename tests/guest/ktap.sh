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

# The same for a figure that depends on how fast the kernel is, or on what it keeps for itself: with
# SELFTEST_UNTIMED set, as for kernels that look for bugs, it is only shown.
check_unhindered() {
	if [ -z "${SELFTEST_UNTIMED-}" ]; then
		check "$@"
		return
	fi
	ktap_number=$((ktap_number + 1))
	echo "ok $ktap_number $1 # SKIP not judged on this kernel"
}

note() {
	echo "# $*"
}

# Waits until a command succeeds, 30 seconds at most: not so many tries, each of which can take long.
wait_until() {
	read -r ktap_now _ </proc/uptime
	ktap_deadline=$((${ktap_now%.*} + 30))
	until "$@"; do
		read -r ktap_now _ </proc/uptime
		[ "${ktap_now%.*}" -lt "$ktap_deadline" ] || { note "never became true: $*"; return 1; }
		sleep 0.01
	done
}

ktap_end() {
	echo "1..$ktap_number"
	[ "$ktap_failed" -eq 0 ] && [ "$ktap_number" -gt 0 ]
}
