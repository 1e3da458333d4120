#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2154 # what common.sh sets
# A container of podman's without a cgroup of its own (--cgroups=disabled), which may write the host's and
# moves into one called crio-ID: its annotations would be CRI-O's word. Its monitor says whose it is.
# needs: containers

suite_setup() {
	id=$(printf 'c%011x%052x' $$ 7)
	group=/sys/fs/cgroup/freezer/crio-$id
	[ -d /sys/fs/cgroup/freezer ] || group=/sys/fs/cgroup/crio-$id
	mkdir "$group"
	cp "$(command -v perl)" "$work/conmon"
	echo '{"log": "info", "deny": [{"namespace": "payments-*"}]}' >"$work/config.json"
}

suite_teardown() {
	wait_for 30 rmdir "$group"
}

# decides ARGUMENT...: how the hook decides of a container whose monitor has these arguments beside its own
decides() {
	rm -f "$work/pid"
	# shellcheck disable=SC2016 # perl's
	"$work/conmon" -e '
		my ($place, $file) = splice(@ARGV, 0, 2);
		my $child = fork;
		if (!$child) { exec "sleep", "10000" }
		open my $procs, ">", "$place/cgroup.procs"; print $procs $child; close $procs;
		open my $out, ">", "$file.new"; print $out $child; close $out; rename "$file.new", $file;
		waitpid $child, 0' "$group" "$work/pid" -c "$id" -n web "$@" &
	monitor=$!
	wait_for 30 [ -e "$work/pid" ]
	pid=$(cat "$work/pid")
	printf '{"ociVersion":"1.0.2","id":"%s","status":"running","pid":%d,"bundle":"/var/lib/containers/storage/overlay-containers/%s/userdata","annotations":{"io.ksm.merge":"true","io.kubernetes.pod.namespace":"shop"}}' \
		"$id" "$pid" "$id" | "$KSM_HOOK" poststart --config "$work/config.json" 2>"$work/log"
	kill "$pid"
	wait $monitor 2>/dev/null
	sed -n 's/.* reason=\([a-z-]*\).*/\1/p' "$work/log" | head -n 1
}

testThePlaceOfAnother() {
	said=$(decides --exit-dir /e --exit-command /usr/bin/podman --exit-command-arg container)
	assertEquals "$(cat "$work/log")" denied-unknown "$said"
}

# the same cgroup below a monitor as CRI-O starts it
testTheControl() {
	said=$(decides --exit-dir /var/run/crio/exits -r /usr/bin/runc)
	assertEquals "$(cat "$work/log")" requested "$said"
}

. "$(dirname "$0")/../lib/common.sh"
