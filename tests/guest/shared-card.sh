#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Runs in Dom0 as its backend, with a card that several programs can use at once.
cp /selftest/asound.conf /etc/asound.conf
exec /selftest/service.sh shared-card.conf
