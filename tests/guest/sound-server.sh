# SPDX-License-Identifier: GPL-2.0-only
# What sound servers need in a guest: source it behind ktap.sh. They find cards by udev.

export HOME=/tmp/home XDG_RUNTIME_DIR=/tmp/home
export DBUS_SESSION_BUS_ADDRESS=unix:path=$XDG_RUNTIME_DIR/bus
mkdir -p $HOME /run/udev
chmod 700 $HOME

start_udev() {
	(exec -a systemd-udevd udevadm --daemon) && udevadm trigger --action=add && udevadm settle
}

# PipeWire and WirePlumber with their default settings.
start_pipewire() {
	# WirePlumber does not start where logind could never tell it about seats.
	mkdir -p /run/systemd/seats /run/systemd/sessions /run/systemd/users /run/systemd/machines
	bus_daemon=$(dbus-daemon --session --address="$DBUS_SESSION_BUS_ADDRESS" --fork --print-pid) || return 1
	pipewire >"$LAB_OUT/pipewire.log" 2>&1 &
	daemon=$!
	wait_until [ -e $XDG_RUNTIME_DIR/pipewire-0 ] || return 1
	wireplumber >"$LAB_OUT/wireplumber.log" 2>&1 &
	manager=$!
}

end_pipewire() {
	kill "$manager"
	wait "$manager"
	kill "$daemon"
	wait "$daemon"
	kill "$bus_daemon"
}

# nodes Sinks|Sources: the ids of what PipeWire has, in the order of the devices: wpctl's lines.
nodes() {
	wpctl status 2>/dev/null | sed -n "/├─ $1:/,/│ *\$/p" |
		sed -n 's/^ │ *\*\{0,1\} *\([0-9]*\)\. .*\[vol.*/\1/p'
}

# watch_logs FILE...: what is written into them from now on is looked at by nothing_said.
watch_logs() {
	watched="$*"
	for one in "$@"; do
		stat -c %s "$one" >"/tmp/${one##*/}.bytes"
	done
}
nothing_said() {
	for one in $watched; do
		tail -c "+$(($(cat "/tmp/${one##*/}.bytes") + 1))" "$one"
	done |
		grep -iE 'error|fail|invalid|suspend|xrun|underrun|overrun|no such' >/tmp/said || return 0
	sort /tmp/said | uniq -c | head -n 20 | sed 's/^/# /'
	return 1
}

# start_pulse OPTION...: PulseAudio with nothing but what these load.
start_pulse() {
	pulseaudio -n --daemonize=no --use-pid-file=no --exit-idle-time=-1 --log-level=debug \
		--log-target="file:$LAB_OUT/pulseaudio.log" --load=module-native-protocol-unix "$@" &
	daemon=$!
	wait_until pactl info >/tmp/pactl 2>&1
}

# With the daemon's status. PulseAudio 16.1 itself may be killed as it ends, with any driver, by
# RLIMIT_RTTIME: between a source's or sink's state UNLINKED and the message to end, its thread reads
# and writes no more, but still polls the PCM. If that is ready then, the thread spins in real time,
# and keeps the sender of the message from the only processor. A PCM that is suspended is closed.
end_pulse() {
	timeout 10 pactl suspend-source 1
	timeout 10 pactl suspend-sink 1
	kill "$daemon"
	wait "$daemon"
}
