#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Runs in Dom0 when all guests are up, and tells them so: see together.sh.
. /selftest/ktap.sh
. /selftest/dom0-guests.sh

for guest in $LAB_GUESTS; do
	check "together: $guest is told to begin" tell "$guest" lab-go
done
ktap_end
