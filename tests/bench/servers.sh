# SPDX-License-Identifier: GPL-2.0-only
# What guest.sh does with sound servers: source it there. With a driver loaded they play into its card,
# else into a null sink of their own. All have their default settings.

. "${0%/*}/ktap.sh"
. "${0%/*}/sound-server.sh"

sounds=${0%/*}
pcm=/proc/asound/card0/pcm0p/sub0
server=
play=
client=

start_null_pipewire() {
	start_pipewire && pw-cli create-node adapter '{ factory.name=support.null-audio-sink
		node.name=nothing node.description="Xen null" media.class=Audio/Sink object.linger=true
		audio.position=[FL FR] }' >"$LAB_OUT/pw-cli.log" 2>&1
}

start_pulseaudio() {
	pulseaudio -n --daemonize=no --use-pid-file=no --exit-idle-time=-1 --log-level=info \
		--log-target=stderr --load=module-native-protocol-unix \
		--load="${1:-module-alsa-card device_id=0}" --load=module-suspend-on-idle \
		>>"$LAB_OUT/pulseaudio.log" 2>&1 &
	daemon=$!
	wait_until pactl info >/tmp/pactl 2>&1
}

start_null_pulseaudio() {
	start_pulseaudio module-null-sink
}

end_pulseaudio() {
	kill "$daemon"
	wait "$daemon"
}

has_sink() {
	# On an emulated processor each look takes long.
	sleep 0.2
	case $server in
	pipewire) wpctl status 2>&1 | grep -q '\*.*\[vol' ;;
	pulseaudio) pactl list short sinks | grep -q . ;;
	esac
}

# begin FILE: by the server's own player.
begin() {
	$play "$sounds/$1.wav" &
	client=$!
	# Servers settle.
	sleep 3
	is_open && kill -0 $client
}

stop() {
	kill $client
	wait $client
}

on_card() {
	[ -e $pcm ]
}

is_open() {
	! on_card || ! grep -q closed $pcm/status
}

is_closed() {
	! is_open
}

# What the server has asked of the card, as members of JSON.
setup() {
	! on_card || sed -nE 's/^(rate|period_size|buffer_size): ([0-9]+).*/,"\1":\2/p' $pcm/hw_params |
		tr -d '\n'
}

# give_up WHAT
give_up() {
	wpctl status >"$LAB_OUT/wpctl.log" 2>&1
	echo "$server: $1; see $server.log among the guest's files" >&2
	exit 1
}

# As a card whose driver claims BATCH: what PipeWire chooses for one.
as_with_batch() {
	mkdir -p $HOME/.config/wireplumber/main.lua.d
	cat >$HOME/.config/wireplumber/main.lua.d/51-batch.lua <<-'EOF'
		table.insert(alsa_monitor.rules, {
			matches = { { { "node.name", "matches", "alsa_output.*" } } },
			apply_properties = { ["api.alsa.period-size"] = 512, ["api.alsa.headroom"] = 512 },
		})
	EOF
}

# start_server NAME[-batch]
start_server() {
	end_server
	rm -rf $HOME/.config
	# The drivers that a plan names are loaded, and no other.
	echo "blacklist snd_xen_front" >/etc/modprobe.d/bench.conf
	[ -e /run/udev/control ] || start_udev || give_up "udev did not start"
	server=${1%-batch}
	[ "$server" = "$1" ] || as_with_batch
	[ "$server" = pipewire ] && play=pw-play || play=paplay
	if on_card; then
		"start_$server"
	else
		"start_null_$server"
	fi
	wait_until has_sink || give_up "it has no sink"
}

end_server() {
	[ -n "$server" ] || return 0
	"end_$server"
	server=
}

# serve NAME ARGUMENT...: while a player plays.
serve() {
	begin sound || give_up "nothing plays"
	members=$(setup)
	measure "${@:2}"
	kill -0 $client || give_up "the player has ended"
	stop
	report "$1" "$members"
}

# outlive NAME SECONDS ARGUMENT...: the same, and after so many seconds the backend is started anew.
outlive() {
	ask_dom0 backend_in "$2"
	serve "$1" "${@:3}"
}

# rest NAME ARGUMENT...: after a player has ended, as long as the server keeps its sink open, which is
# five seconds.
rest() {
	begin sound || give_up "nothing plays"
	stop
	sleep 0.5
	measure "${@:2}"
	is_open || give_up "the sink was closed, but was to be idle"
	report "$1"
}

# hear NAME ARGUMENT...: when another player begins, beside one that plays silence. The backend records.
hear() {
	wait_until is_closed || give_up "an idle sink was not closed"
	ask_dom0 forget
	begin silence || give_up "nothing plays"
	members=$(setup)
	measure --player "$play" --file "$sounds/click.wav" "${@:2}"
	stop
	wait_until is_closed || give_up "an idle sink was not closed"
	ask_dom0 recording "$1"
	report "$1" "$members"
}
