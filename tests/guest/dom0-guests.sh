# SPDX-License-Identifier: GPL-2.0-only
# What Dom0 and the guests tell each other by nodes in XenStore: source it behind ktap.sh.

# Asked for once: xl would take more of the processor than what is measured.
declare -A domain
for guest in $LAB_GUESTS; do
	domain[$guest]=$(xl domid "$guest")
done

node() {
	echo "/local/domain/${domain[$1]}/data/$2"
}
# tell GUEST NODE
tell() {
	xenstore-write "$(node "$1" "$2")" 1
}
has_told() {
	xenstore-exists "$(node "$1" "$2")"
}
has_not_told() {
	! has_told "$1" "$2"
}
# comes_to_tell GUEST NODE SECONDS. It looks once a second, so as not to keep Dom0's processor from
# the backend.
comes_to_tell() {
	for ((tries = 0; tries < $3; tries++)); do
		has_told "$1" "$2" && return
		sleep 1
	done
	note "$1 has not said $2"
	return 1
}
