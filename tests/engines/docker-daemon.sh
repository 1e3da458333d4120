#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC1091,SC2154 # what common.sh sets
# doctor asks the dockerd that runs what it has loaded, which may not be what daemon.json says.
# needs: containers

suite_setup() {
	. "$top/tests/lib/daemons-lib.sh"
	dir=$work/d
	mkdir -p "$dir" "$work/bin"
	ln -s "$KSM_HOOK" "$work/bin/ksm-runc"
	ln -s "$KSM_HOOK" "$work/bin/ksm-runc-2"
	file=$dir/daemon.json
	echo '{}' >"$file"
	daemons_start "$dir"
	wait_for 60 docker version >/dev/null 2>&1 || cat "$dir/log" "$dir/dockerd.log"
	init=$(cat "/proc/$daemon/task/$daemon/children")
}

docker() {
	DOCKER_CONFIG=$work/client timeout 60 /usr/bin/docker -H "unix://$dir/d.sock" "$@"
}

# beside it, where nobody else's processes are
beside() {
	nsenter --target "${init% }" --mount --pid -- "$@"
}

# doctor: what it finds of the runtime, as "LEVEL REASON", and all of it in $out
doctor() {
	out=$(beside "$KSM_HOOK" doctor --json pid:1 2>"$work/err")
	found=$(echo "$out" | jq -r '.findings[] | select(.id == "docker-runtime") | .level + " " + (.reason // "none")')
	fix=$(echo "$out" | jq -r '[.findings[] | select(.id == "docker-runtime") | .fix // empty][0] // empty')
}

# loaded FILTER VALUE: what dockerd says by now
loaded() {
	[ "$(docker info -f '{{json .}}' 2>/dev/null | jq -r "$1")" = "$2" ]
}

# reloaded FILTER VALUE: after the command that doctor names
reloaded() {
	assertContains "$fix" "kill -HUP "
	beside sh -c "$fix"
	assertEquals "$fix" 0 $?
	wait_for 60 loaded "$1" "$2"
}

# without "runtimes" a reload leaves those that there are
each_setup() {
	echo '{"runtimes":{},"default-runtime":"runc"}' >"$file"
	doctor
	assertEquals "$(cat "$work/err")" "warning none" "$found"
	# of this daemon's own file
	assertContains "$out" "$file does not name"
	beside kill -HUP "$(cat "$dir/docker.pid")"
	wait_for 60 loaded '.Runtimes["ksm-runc"].path' null
}

testAddedAndNotReloaded() {
	beside sh -c "$KSM_HOOK docker-register add $file $work/bin/ksm-runc" >/dev/null
	doctor
	assertEquals "$out" "broken host-not-reloaded" "$found"
	# that is so
	docker import - image </dev/null >/dev/null 2>&1
	out=$(docker create --runtime ksm-runc image true 2>&1)
	assertNotEquals "$out" 0 $?
	reloaded '.Runtimes["ksm-runc"].path' "$work/bin/ksm-runc"
	doctor
	assertEquals "$out" "ok none" "$found"
	assertEquals "" "$fix"
}

testAnotherPathAndDefault() {
	beside sh -c "$KSM_HOOK docker-register add $file $work/bin/ksm-runc" >/dev/null
	doctor
	reloaded '.Runtimes["ksm-runc"].path' "$work/bin/ksm-runc"
	jq --arg p "$work/bin/ksm-runc-2" '.runtimes["ksm-runc"].path = $p' "$file" >"$file.n" && mv "$file.n" "$file"
	doctor
	assertEquals "$out" "warning host-not-reloaded" "$found"
	reloaded '.Runtimes["ksm-runc"].path' "$work/bin/ksm-runc-2"
	doctor
	assertEquals "$out" "ok none" "$found"
	jq '.["default-runtime"] = "ksm-runc"' "$file" >"$file.n" && mv "$file.n" "$file"
	doctor
	assertEquals "$out" "warning host-not-reloaded" "$found"
	reloaded .DefaultRuntime ksm-runc
	doctor
	assertEquals "$out" "ok none" "$found"
}

# who does not answer is waited for for ten seconds, and nothing is claimed
testWhereItDoesNotAnswer() {
	beside sh -c "$KSM_HOOK docker-register add $file $work/bin/ksm-runc" >/dev/null
	doctor
	assertEquals "$out" "broken host-not-reloaded" "$found"
	_pid=${fix##* }
	beside kill -STOP "$_pid"
	doctor
	beside kill -CONT "$_pid"
	assertEquals "$out" "note none
ok none" "$found"
	assertContains "$out" "timed out"
}

suite_teardown() { daemons_end; }

. "$(dirname "$0")/../lib/common.sh"
