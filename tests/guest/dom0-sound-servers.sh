#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Runs in Dom0 while guests play into the sound server of its user alice, who logs in when they are
# up: see outputs.sh.
# Usage: dom0-sound-servers.sh pulseaudio|pipewire
. /selftest/ktap.sh
. /selftest/dom0-outputs.sh

runtime=/run/user/$(id -u alice)
home=/home/alice

as_alice=(setpriv --reuid alice --regid alice --init-groups --reset-env
	env "XDG_RUNTIME_DIR=$runtime" "DBUS_SESSION_BUS_ADDRESS=unix:path=$runtime/bus")
# What she has written for programs of her own is not for the backend, and keeps it from nothing.
logs_in() {
	mkdir -p "$runtime" $home &&
		echo 'pcm.pulse.type null pcm.pipewire.type null' >$home/.asoundrc &&
		chown -R alice:alice "$runtime" $home && chmod 700 "$runtime" $home
}

starts_pulseaudio() {
	"${as_alice[@]}" pulseaudio -n --daemonize=no --use-pid-file=no --exit-idle-time=-1 \
		--log-level=info --log-target=stderr --load=module-native-protocol-unix \
		--load="module-alsa-sink device=hw:Loopback,0,0 rate=48000 sink_name=out" \
		2>"$LAB_OUT/pulseaudio.log" &
	pulseaudio=$!
	wait_until "${as_alice[@]}" pactl info >/tmp/pactl 2>&1
}
ends() {
	kill "$1" || return 1
	wait "$1"
	status=$?
	[ $status -eq 0 ] || [ $status -eq 143 ]
}

is_sink() {
	"${as_alice[@]}" wpctl status >/tmp/wpctl 2>&1 && grep -q '\*.*Loopback' /tmp/wpctl
}
# PipeWire with its default settings, and the card as its sink: there is no udev to find it.
starts_pipewire() {
	mkdir -p /etc/pipewire/pipewire.conf.d
	cat >/etc/pipewire/pipewire.conf.d/card.conf <<-'SINK'
		context.objects = [ {
			factory = adapter
			args = {
				factory.name = api.alsa.pcm.sink node.name = out media.class = Audio/Sink
				node.description = Loopback api.alsa.path = "hw:Loopback,0,1"
				audio.format = S16LE audio.rate = 48000 audio.channels = 2
			}
		} ]
	SINK
	# WirePlumber does not start where logind could never tell it about seats.
	mkdir -p /run/systemd/seats /run/systemd/sessions /run/systemd/users /run/systemd/machines
	"${as_alice[@]}" dbus-daemon --session --address="unix:path=$runtime/bus" --nofork \
		2>"$LAB_OUT/dbus.log" &
	bus=$!
	wait_until [ -S "$runtime/bus" ] || return 1
	"${as_alice[@]}" pipewire 2>"$LAB_OUT/pipewire.log" &
	pipewire=$!
	wait_until [ -S "$runtime/pipewire-0" ] || return 1
	"${as_alice[@]}" wireplumber 2>"$LAB_OUT/wireplumber.log" &
	wireplumber=$!
	wait_until is_sink || { sed 's/^/# /' /tmp/wpctl; return 1; }
}

# PulseAudio's server for its clients in PipeWire.
starts_pipewire_pulse() {
	"${as_alice[@]}" pipewire-pulse 2>"$LAB_OUT/pipewire-pulse.log" &
	pipewire_pulse=$!
	wait_until "${as_alice[@]}" pactl info >/tmp/pactl 2>&1
}

check "$1: alice logs in" logs_in
check "$1: her daemon runs" "starts_$1"
if [ "$1" = pulseaudio ]; then
	check "$1: all guests have played into it" records pulseaudio 0
	check "$1: the daemon ends" ends "$pulseaudio"
else
	check "$1: all guests have played into it" records pipewire 1
	check "pipewire-pulse: her daemon runs" starts_pipewire_pulse
	check "pipewire-pulse: all guests have played into it" records pipewire-pulse 1
	"${as_alice[@]}" wpctl status >"$LAB_OUT/wpctl" 2>&1
	for process in $pipewire_pulse $wireplumber $pipewire; do
		check "$1: the daemon ends: $process" ends "$process"
	done
	kill $bus
fi
journalctl --quiet --no-pager --unit xen-sndback >"$LAB_OUT/journal"
# One of the service's processes, not those that run the server's libraries.
check "$1: its libraries write nothing into the log of the service" [ "$(
	sed -n 's/^[^[]* xen-sndback\[\([0-9]*\)\]: .*/\1/p' "$LAB_OUT/journal" |
		sort -u | wc -l)" -eq 1 ]
check "$1: no worker has died" [ "$(grep -c 'worker is dead' "$LAB_OUT/journal")" -eq 0 ]
ktap_end
