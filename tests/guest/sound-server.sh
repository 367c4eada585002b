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

# wav_header CHANNELS BYTES: of so many bytes in samples of 16 bits at 48 kHz, which follow it.
wav_header() {
	# shellcheck disable=SC2059 # the escapes are for printf
	printf "RIFF$(le32 $(($2 + 36)))WAVEfmt $(le32 16)\x01\0\x0$1\0$(le32 48000)"
	# shellcheck disable=SC2059
	printf "$(le32 $((96000 * $1)))\x0$((2 * $1))\0\x10\0data$(le32 "$2")"
}
le32() {
	printf '\\x%02x\\x%02x\\x%02x\\x%02x' $(($1 & 255)) $(($1 >> 8 & 255)) $(($1 >> 16 & 255)) \
		$(($1 >> 24 & 255))
}
