#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A tenant of a real dockerd, and what the host's commands make of him (lib/tenant-lib.sh).
# needs: containers

suite_setup() {
	. "$top/tests/lib/tenant-lib.sh"
	tenant_setup
	tar -C "$work/root" -cf "$work/image.tar" .
	mkdir "$work/bin" "$work/daemon"
	ln -s "$KSM_HOOK" "$work/bin/ksm-runc"
	echo "{\"runtimes\":{\"ksm-runc\":{\"path\":\"$work/bin/ksm-runc\"}}}" >"$work/daemon/daemon.json"
	daemons_start "$work/daemon"
	wait_for 60 docker version >/dev/null 2>&1 || cat "$work/daemon/log" "$work/daemon/dockerd.log"
	docker import "$work/image.tar" image >/dev/null
	tenant_neighbour
}

suite_teardown() {
	daemons_end ksm-hook-test
}

host() { daemons_inside timeout 300 "$@"; }

docker() {
	DOCKER_CONFIG=$work/client timeout 60 /usr/bin/docker -H "unix://$work/daemon/d.sock" "$@"
}

engine_start() {
	case $1 in
	asks) _how="--runtime ksm-runc" ;;
	plain) _how= ;;
	confined) _how="--user 1000:1000 --cap-drop ALL" ;;
	powerful) _how="--security-opt seccomp=unconfined --security-opt apparmor=unconfined" ;;
	esac
	_name=$2
	shift 2
	# shellcheck disable=SC2086 # words
	docker run -d --network none --name "$_name" --device-cgroup-rule "c 10:229 rwm" $_how image "$@" >"$work/start" 2>&1
	_ended=$?
	assertEquals "$(cat "$work/start")" 0 $_ended
}

engine_end() { docker rm -f "$1" >/dev/null 2>&1; }
engine_id() { docker inspect -f '{{.Id}}' "$1" 2>/dev/null; }
engine_init() { docker inspect -f '{{.State.Pid}}' "$1"; }
engine_says() { docker logs "$1" 2>&1; }

testCrowd() { tenant_crowd; }
testLocks() { tenant_locks; }
testWindow() { tenant_window; }
testNames() { tenant_names; }

# what looks like another engine's word, in labels, environment and names, allows nobody
testForgedNames() {
	_denied='{"containers": "all", "unknown": "deny", "deny": [{"namespace": "payments"}]}'
	host sh -c 'mkdir -p /etc/ksm-hook && echo "$1" >/etc/ksm-hook/config.json' sh "$_denied"
	for _key in io.kubernetes.cri.sandbox-namespace io.kubernetes.pod.namespace; do
		docker run --rm --network none --runtime ksm-runc --label "$_key=other" -e "$_key=other" --hostname other \
			-e LXC_NAME=other -e KSM_MERGE=yes image cat /proc/self/ksm_stat >"$work/out" 2>&1
		assertContains "$(cat "$work/out")" "ksm_merge_any: no"
	done
	host rm /etc/ksm-hook/config.json
	docker run --rm --network none --runtime ksm-runc image cat /proc/self/ksm_stat >"$work/out" 2>&1
	assertContains "the control: $(cat "$work/out")" "$(cat "$work/out")" "ksm_merge_any: yes"
	is_well forged
}

. "$(dirname "$0")/../lib/common.sh"
