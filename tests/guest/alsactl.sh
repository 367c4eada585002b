#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# What alsactl of two releases of Debian does to a card when a machine boots, and keeps when it
# shuts down: 12, the guest's own, and 13, in a tree of its own. On a card that it has no state of, it
# leaves every stream as loud as the backend has it; what a user has set comes back. The host looks at
# how loud the recordings are: scripts/xenfront/selftests/mixer.py.
# Usage: alsactl.sh LEVEL
# LEVEL is that of the backend's own volume.
. "$(dirname "$0")/card.sh"
directory=$(dirname "$0")
own=$1
# What the user sets: -20 dB.
chosen=7600

other=$directory/trixie

# alsactl_of RELEASE ARGUMENT...: with the environment of Debian's systemd unit and udev rule.
alsactl_of() {
	local release=$1
	shift
	set -- /usr/sbin/alsactl -E HOME=/run/alsa -E XDG_RUNTIME_DIR=/run/alsa/runtime "$@"
	[ "$release" = 12 ] || set -- chroot "$other" "$@"
	"$@" >/tmp/alsactl.log 2>&1
}
other_tree() {
	mkdir -p "$other/dev" "$other/proc" "$other/sys" "$other/run" "$other/var/lib/alsa" /run/lock
	ln -s /run/lock "$other/var/lock"
	for one in dev proc sys run; do
		mount --bind /$one "$other/$one" || return 1
	done
}
releases() {
	/usr/sbin/alsactl --version >/tmp/version-12
	chroot "$other" /usr/sbin/alsactl --version >/tmp/version-13 || return 1
	note "$(cat /tmp/version-12 /tmp/version-13 | tr '\n' ' ')"
	! cmp /tmp/version-12 /tmp/version-13 >/tmp/cmp
}

# As a guest that boots has it.
fresh_card() {
	unbind && rmmod snd_xen_front && insmod /lab/snd-xen-front.ko && wait_until card_is_there
}
# First the udev rule, then the unit.
boot() {
	alsactl_of "$1" restore 0
	status=$?
	alsactl_of "$1" restore
	note "alsactl restore 0 exited with $status, restore with $?: $(tr '\n' ' ' </tmp/alsactl.log)"
}

# Of a control: the level that all its channels have, and whether their switches are on.
level() {
	amixer -c 0 sget "$1" |
		sed -n 's/.*: \(Playback\|Capture\) \([0-9]*\) \[.*\] \[\(on\|off\)\]$/\2:\3/p' | sort -u
}
show() {
	for control in PCM,0 PCM,1 PCM,2 Capture,0 Capture,1; do
		level $control
	done | tr '\n' ' '
}
shows() {
	[ "$(show)" = "$1 " ] || { note "there is $(show), not $1"; return 1; }
}
alike() {
	shows "$1:on $1:on $1:on $1:on $1:on"
}

options="-q -t raw -f S16_LE -c 2 -r 48000"
play() {
	for device in "$@"; do
		# shellcheck disable=SC2086 # options
		aplay -D "hw:0,$device" $options "$directory/even.raw" || return 1
	done
}
record() {
	for device in "$@"; do
		# shellcheck disable=SC2086
		arecord -D "hw:0,$device" $options -d 1 /dev/null || return 1
	done
}
sets_volumes() {
	amixer -q -c 0 sset PCM,1 -- -20.00dB && amixer -q -c 0 sset PCM,2 mute &&
		amixer -q -c 0 sset Capture,1 -- -20.00dB
}

check "alsactl: the tree of Debian 13 is there" other_tree
check "alsactl: it is another release than the guest's" releases
for release in 12 13; do
	name="alsactl of Debian $release"
	check "$name: a fresh card" fresh_card
	boot $release
	check "$name: leaves all streams of a fresh card alike" alike 9600
	check "$name: each plays" play 0,0 0,1 1,0
	check "$name: each records" record 0,0 1,0
	check "$name: volumes that were not set show the backend's own" alike "$own"
	check "$name: a user sets volumes" sets_volumes
	check "$name: stores them" alsactl_of $release store
	check "$name: another fresh card" fresh_card
	check "$name: knows nothing of them" alike 9600
	boot $release
	check "$name: has restored what the user set" shows \
		"$own:on $chosen:on $own:off $own:on $chosen:on"
	check "$name: streams play at these volumes" play 0,0 0,1
done
for one in dev proc sys run; do
	umount "$other/$one"
done
ktap_end
