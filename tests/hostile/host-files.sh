#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The host's own directories of engines lie on file systems that answer nothing (FUSE, as a dead NFS):
# whoever only looks names them, goes on, and is right about all else.
# needs: containers

# two seconds for a place, eight places at most, on a busy machine
limit=60

suite_setup() {
	. "$top/tests/lib/bundle.sh"
	docker=$(printf 'd%063d' $$)
	v2=$(awk '$3 == "cgroup2" { print $2; exit }' /proc/mounts)
	tenant=docker-$docker.scope
	mkdir "$v2/$tenant"
	sh -c 'echo $$ >"$1/cgroup.procs" && exec sleep 1000' sh "$v2/$tenant" &
	sleeper=$!
	rootfs_make "$work/root"
	bundle_make "$work/bundle" "$work/root" '{}' '{}' sleep 1000
	runc run -d -b "$work/bundle" "silent-$$" </dev/null >/dev/null 2>"$work/runc"
	_ended=$?
	assertEquals "$(cat "$work/runc")" 0 $_ended
	write_script
}

suite_teardown() {
	runc delete -f "silent-$$"
	[ -z "$sleeper" ] || kill $sleeper
	wait_for 20 cgroup_removed "$tenant"
}

# silent HOLD_LOCK HOOK: in mounts of its own. The lines of its standard input are places, then an empty one and commands: each goes
# to NAME.out, NAME.err, NAME (its status, and whether it was late), all at once. With "speaks" all
# places are plain directories: what is seen else has to be the same.
write_script() {
	cat >"$work/silent" <<'EOP'
hold=$1 hook=$2 limit=$3 speaks=$4
mount --make-rprivate / || exit 1
mknod fuse c 10 229 || exit 1
# with the host's file systems, but for what is changed here
mkdir etc && cp -a /etc/. etc && mount --bind etc /etc || exit 1
mkdir var && mount --bind var /var/lib || exit 1
mkdir bin && mount --bind bin /usr/local/bin || exit 1
for program in podman crio dockerd containerd lxc-start kubelet; do
	cp /bin/true bin/$program
done
servers=
while read -r place && [ -n "$place" ]; do
	mkdir -p "$place" || exit 1
	[ -z "$speaks" ] || continue
	"$hold" "$PWD/fuse" "$place" 0 >said &
	servers="$servers $!"
	until [ -s said ] || [ ! -e /proc/$! ]; do
		sleep 0.02 # between two looks
	done
	grep -q silent said || exit 1
	: >said
done
asked=
while read -r name command; do
	(
		begin=$(date +%s%N)
		timeout -s KILL "$limit" "$hook" $command >"$name.out" 2>"$name.err"
		echo "$? $((($(date +%s%N) - begin) / 1000000))" >"$name.status"
	) &
	asked="$asked $!"
done
wait $asked
[ -z "$servers" ] || kill -KILL $servers
EOP
}

# silence DIR [speaks] <PLACES AND COMMANDS
silence() {
	mkdir "$work/$1"
	(cd "$work/$1" && unshare -m sh "$work/silent" "$BUILD/tests/hold-lock" "$KSM_HOOK" $limit "$2") >"$work/$1.out" 2>&1
	_ended=$?
	assertEquals "$(cat "$work/$1.out")" 0 $_ended
}

# ended DIR NAME STATUS: it came to an end by itself, with that status
ended() {
	assertEquals "$2: $(cat "$work/$1/$2.err")" "$3" "$(cut -d' ' -f1 "$work/$1/$2.status")"
}

# says DIR NAME PLACE...
says() {
	_said=$work/$1/$2.err
	shift 2
	for _place; do
		assertContains "$(cat "$_said")" "reason=host-unreadable: $_place: "
	done
}

# Where names of Docker's containers are, and what runc keeps of its own.
testNames() {
	silence names <<-EOP
		/var/lib/docker
		/var/lib/ksm-hook
		/run/runc

		ps ps
		json ps --json
		metrics metrics
		status status
		attach attach docker:$docker
		capacity capacity
		unknown attach nobody-of-that-name
	EOP
	for _name in ps json metrics status attach; do
		ended names $_name 0
	done
	for _name in ps json metrics; do
		says names $_name /var/lib/docker /run/runc
	done
	# without the samples there is nothing to promise
	ended names capacity 1
	says names capacity /var/lib/ksm-hook
	# the row says it
	assertContains "$(grep "^docker .*d0000" "$work/names/ps.out")" "name not read: /var/lib/docker"
	assertEquals '"/var/lib/docker"' \
		"$(jq --arg id "$docker" '.[] | select(.id == $id).unread' "$work/names/json.out")"
	assertEquals "others are whole" null "$(jq --arg id "silent-$$" '.[] | select(.id == $id).unread' "$work/names/json.out")"
	assertContains "$(cat "$work/names/metrics.out")" "$docker"
	# one that is not found may be one whose name was not read
	ended names unknown 1
	assertContains "$(cat "$work/names/unknown.err")" reason=host-unreadable
}

# The administrator's files of an engine, one after the other, and what it knows of its containers.
testDoctor() {
	silence doctor <<-EOP
		/etc/docker
		/etc/containerd
		/etc/containers
		/etc/crio
		/etc/ksm-hook
		/etc/vz
		/var/lib/kubelet
		/var/lib/lxc
		/run/runc

		doctor doctor
		json doctor --json
		policy policy explain --annotation io.ksm.merge=true
	EOP
	ended doctor doctor 1
	says doctor doctor /etc/ksm-hook /etc/docker /etc/containerd /etc/containers /etc/crio /etc/vz /var/lib/kubelet /run/runc
	assertEquals "$(cat "$work/doctor/json.err")" '["/etc/containerd","/etc/containers","/etc/crio","/etc/docker","/etc/ksm-hook","/etc/vz","/run/runc","/var/lib/kubelet"]' \
		"$(jq -c '[.findings[] | select(.id == "host-files") | .what | split(":")[0]] | sort' "$work/doctor/json.out")"
	assertEquals '"config-unreadable"' "$(jq -c '.findings[] | select(.id == "config").reason' "$work/doctor/json.out")"
	assertNotEquals "it counts the containers: $(cat "$work/doctor/doctor.out")" 0 \
		"$(grep -c '[0-9] of [0-9]* containers are mergeable' "$work/doctor/doctor.out")"
	ended doctor policy 1
	assertContains "$(cat "$work/doctor/policy.err")" reason=config-unreadable
}

# The control: nothing of that where the same places answer, empty as they are.
testPlacesThatAnswer() {
	silence answers speaks <<-EOP
		/var/lib/docker
		/run/runc
		/etc/docker
		/etc/containers

		ps ps
		json doctor --json
	EOP
	ended answers ps 0
	assertNotContains "$(cat "$work/answers/ps.err")" host-unreadable
	assertEquals '[]' "$(jq -c '[.findings[] | select(.id == "host-files")]' "$work/answers/json.out")"
}

. "$(dirname "$0")/../lib/common.sh"
