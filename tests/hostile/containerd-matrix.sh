#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A tenant of a real containerd, and what the host's commands make of him (lib/tenant-lib.sh).
# needs: containers

suite_setup() {
	. "$top/tests/lib/tenant-lib.sh"
	tenant_setup
	mkdir "$work/bin" "$work/daemon"
	ln -s "$KSM_HOOK" "$work/bin/ksm-runc"
	: >"$work/daemon/containerd.toml"
	daemons_start "$work/daemon"
	wait_for 60 ctl version >/dev/null 2>&1 || cat "$work/daemon/log" "$work/daemon/containerd.log"
	# where its containers are looked for
	# shellcheck disable=SC2016 # for the inner shell
	host sh -c 'mkdir -p /run/containerd && ln -s "$1/io.containerd.runtime.v2.task" /run/containerd' \
		sh "$work/daemon/c-state"
	tenant_neighbour
}

suite_teardown() {
	daemons_end ksm-hook-tenant
}

host() { daemons_inside timeout 300 "$@"; }

ctl() { host ctr -a "$work/daemon/c.sock" "$@"; }

engine_start() {
	case $1 in
	asks) _how="--runc-binary $work/bin/ksm-runc" ;;
	plain) _how= ;;
	confined) _how=--seccomp ;; # root, without CAP_SYS_ADMIN: this ctr has no --user
	powerful) _how="--device $work/root/fuse" ;;
	esac
	_name=$2
	shift 2
	# shellcheck disable=SC2086 # words
	ctl run -d --cgroup "/ksm-hook-tenant/default/$_name" $_how --log-uri "file://$work/$_name.log" \
		--rootfs "$work/root" "$_name" "$@" >"$work/start" 2>&1
	_ended=$?
	assertEquals "$(cat "$work/start")" 0 $_ended
}

engine_end() {
	ctl task kill -a -s KILL "$1" >/dev/null 2>&1
	_deleted() { ctl task rm -f "$1" >/dev/null 2>&1 || ! ctl task ls -q | grep -qx "$1"; }
	wait_for 60 _deleted "$1"
	ctl container rm "$1" >/dev/null 2>&1
}
engine_id() { echo "default/$1"; }
engine_init() { ctl task ls | awk -v name="$1" '$1 == name && $3 == "RUNNING" { print $2 }'; }
engine_says() { cat "$work/$1.log"; }

testCrowd() { tenant_crowd; }
testLocks() { tenant_locks; }
testWindow() { tenant_window; }
testNames() { tenant_names; }

# annotations of CRI's, which anybody may write who starts a container by hand, evade no rule
testForgedAnnotations() {
	# shellcheck disable=SC2016 # for the inner shell
	host sh -c 'mkdir -p /etc/ksm-hook && echo "$1" >/etc/ksm-hook/config.json' sh \
		'{"deny": [{"namespace": "payments"}]}'
	_says() {
		ctl run --rm --runc-binary "$work/bin/ksm-runc" --cgroup /ksm-hook-tenant/default/forged --annotation io.ksm.merge=true \
			"$@" --rootfs "$work/root" forged /bin/cat /proc/self/ksm_stat >"$work/out" 2>&1
	}
	_says --annotation io.kubernetes.cri.sandbox-namespace=other --annotation io.kubernetes.cri.container-type=container
	assertContains "$(cat "$work/out")" "ksm_merge_any: no"
	_says --annotation io.kubernetes.pod.namespace=other --label io.kubernetes.pod.namespace=other
	assertContains "$(cat "$work/out")" "ksm_merge_any: no"
	host rm /etc/ksm-hook/config.json
	_says
	assertContains "the control: $(cat "$work/out")" "$(cat "$work/out")" "ksm_merge_any: yes"
	is_well forged
}

# While the way to its program leads out of the root and back, the wrapper looks for the preload library's sake.
testTheRootIsExchanged() {
	cp "$work/root/bin/busybox" "$work/root/bin/prog"
	cat >"$work/exchange" <<-'S'
		cd "$1/bin" || exit 1
		while true; do
			ln -sfn ../../../../../../../../../../../../etc/shadow prog.new && mv -f prog.new prog
			cp busybox prog.new && mv -f prog.new prog
		done
	S
	sh "$work/exchange" "$work/root" &
	exchange=$!
	for _i in 1 2 3 4 5 6 7 8 9 10; do
		ctl run --rm --runc-binary "$work/bin/ksm-runc" --cgroup /ksm-hook-tenant/default/turns \
			--annotation io.ksm.merge=true --annotation io.ksm.method=preload --rootfs "$work/root" turns \
			/bin/prog cat /proc/self/mounts >"$work/turn.$_i" 2>&1
		assertNotContains "$(cat "$work/turn.$_i")" "/etc/shadow "
		assertNotContains "$(cat "$work/turn.$_i")" "root:"
		ctl container rm turns >/dev/null 2>&1
	done
	kill $exchange
	wait $exchange 2>/dev/null
	is_well turns
}

. "$(dirname "$0")/../lib/common.sh"
