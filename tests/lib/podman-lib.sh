# shellcheck shell=sh disable=SC2034,SC2154 # variables of suites, of common.sh
# SPDX-License-Identifier: Apache-2.0
# podman in a directory of its own, for root and for an ordinary user.

# without CAP_SYS_RESOURCE it needs the limits
limits='--network none --ulimit nofile=1024:1024 --ulimit nproc=1024:1024'

# podman_in DIR WORD...: its state is below DIR; podman's own options stand first
podman_in() {
	_dir=$1
	shift
	podman --root "$_dir/storage" --runroot "$_dir/run" --tmpdir "$_dir/tmp" \
		--storage-driver vfs --cgroup-manager cgroupfs --events-backend file "$@"
}

# podman_here: the function and what it uses, for a shell of another user
podman_here() {
	echo "work='$work' limits='$limits'"
	cat "$top/tests/lib/podman-lib.sh"
}

# v2_tree COMMAND...: crun takes no hybrid cgroups
v2_tree() {
	unshare -m sh -c 'mount -t cgroup2 none /sys/fs/cgroup && exec "$@"' sh "$@"
}
