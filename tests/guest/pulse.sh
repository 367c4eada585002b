#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Dom0's backend plays into a PulseAudio daemon, by ALSA's plugin.
pulseaudio -n --daemonize --exit-idle-time=-1 \
	--load="module-native-protocol-unix auth-anonymous=1 socket=/run/pulse-socket" \
	--load="module-null-sink sink_name=heard rate=48000 format=s16le channels=2" || exit 1
export PULSE_SERVER=unix:/run/pulse-socket
exec xen-sndback --default alsa:pulse
