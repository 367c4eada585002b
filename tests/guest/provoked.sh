#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Makes mistakes in the kernel, one after the other: what reports them is looked for on the host, by
# scripts/xenfront/provoked.py. Each guest has its own, since lockdep reports one and then is off.
# Usage: provoked.sh MISTAKES...: those of each guest in one argument
. "$(dirname "$0")/ktap.sh"

provoke() {
	insmod "$directory/provoker.ko" mistake="$1" && rmmod provoker
}

directory=$(dirname "$0")
shift "$LAB_GUEST"
for mistake in ${1?mistakes of this guest}; do
	check "provoked: $mistake" provoke "$mistake"
done
ktap_end
