# SPDX-License-Identifier: GPL-2.0-only
# Loads and unloads drivers in a DomU: source it behind /lab/lib.sh. $modules is where the builds of our
# driver are.

bus=/sys/bus/xen/drivers/vsnd

unload() {
	[ -d $bus ] || return 0
	for device in $bus/vsnd-*; do
		echo "${device##*/}" >$bus/unbind
	done
	rmmod snd_xen_front || exit 1
}

# change_driver none|in-tree|NAME: loads it, or $modules/NAME.ko, and unloads the one before.
change_driver() {
	unload
	case $1 in
	none) return ;;
	in-tree) modprobe snd_xen_front ;;
	*) insmod "$modules/$1.ko" ;;
	esac || exit 1
	wait_for 20 "the cards of driver $1" cards_are_there || exit 1
}

is_playing() {
	grep -q RUNNING /proc/asound/card0/pcm0p/sub0/status
}

# Plays until it is ended.
start_player() {
	aplay -q -D hw:0,0 -t raw -f S16_LE -c 2 -r 48000 --period-size=480 --buffer-size=1920 \
		/dev/zero &
	player=$!
	wait_for 10 "a stream that runs" is_playing || exit 1
}

end_player() {
	kill $player
	wait $player
}
