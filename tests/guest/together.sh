#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Runs its arguments when all guests are up: one that is being created and boots takes the machine
# for itself for longer than a buffer lasts.
. "$(dirname "$0")/ktap.sh"

check "together: all guests are up" wait_until xenstore-exists data/lab-go
ktap_end
status=$?
"$@" && [ $status -eq 0 ]
