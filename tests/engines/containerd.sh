#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# containerd with the runtime wrapper: by ctr, and as the CRI plugin's configuration.
# needs: containers

suite_setup() {
	. "$top/tests/lib/bundle.sh"
	. "$top/tests/lib/daemons-lib.sh"
	rootfs_make "$work/root"
	mkdir "$work/bin" "$work/private" "$work/daemon"
	ln -s "$KSM_HOOK" "$work/bin/ksm-runc"
	ln -s "$KSM_HOOK" "$work/private/runc"
	show='/bin/cat /proc/self/ksm_stat'
	# the snippet that is shipped, in a daemon that runs
	sed "s|/usr/local/sbin|$work/bin|" "$top/oci-config/containerd.toml" >"$work/daemon/containerd.toml"
	daemons_start "$work/daemon"
	wait_for 20 ctl version >/dev/null 2>&1 || cat "$work/daemon/log" "$work/daemon/containerd.log"
	# where it usually has its state
	# shellcheck disable=SC2016 # for the inner shell
	inside sh -c 'mkdir -p /run/containerd && ln -s "$1/io.containerd.runtime.v2.task" /run/containerd' \
		sh "$work/daemon/c-state"
}

# in the daemon's namespaces, for the fifos that it shares with its clients
inside() { daemons_inside timeout 60 "$@"; }

ctl() {
	inside ctr -a "$work/daemon/c.sock" "$@"
}

run() {
	_wrap=$1
	shift
	out=$(ctl run --rm --runc-binary "$work/$_wrap" --cgroup /ksm-hook-test-ctr "$@" 2>&1)
}

testRun() {
	# shellcheck disable=SC2086
	{
		run bin/ksm-runc --rootfs "$work/root" c $show
		says_merged "ctr run, chosen" yes
		run bin/ksm-runc --annotation io.ksm.merge=false --rootfs "$work/root" c $show
		says_merged "ctr run, says no" no
		run private/runc --rootfs "$work/root" c $show
		says_merged "ctr run, in runc's place" no
		run private/runc --annotation io.ksm.merge=true --rootfs "$work/root" c $show
		says_merged "ctr run, in runc's place, asked" yes
	}
}

# the command of docs/containerd.md, for this daemon and this wrapper
testThePage() {
	awk '/^```/ { on = $2 == "step=ctr"; next } on' "$top/docs/containerd.md" >"$work/page"
	assertContains "$(cat "$work/page")" "ctr run --rm --runc-binary /usr/local/sbin/ksm-runc"
	sed -i -e "s|^ctr |ctr -a $work/daemon/c.sock |" -e "s|/usr/local/sbin|$work/bin|" -e "s|/path/to/root|$work/root|" \
		"$work/page"
	inside sh "$work/page" >"$work/page.out" 2>&1 &
	_page=$!
	wait_for 30 ps_has "default/name 1 yes prctl"
	# which it is before it is started: who is killed then has failed to start
	_runs() { ctl task ls | grep -q '^name .*RUNNING'; }
	wait_for 30 _runs
	ctl task kill -s KILL name
	wait $_page
	assertNotContains "$(cat "$work/page.out")" "$(cat "$work/page.out")" "failed"
}

ps_has() {
	inside "$KSM_HOOK" ps | awk '{ print $2, $3, $4, $5 }' | grep -qx "$1"
}

testExec() {
	for _case in "bin/ksm-runc true yes" "private/runc true yes" "private/runc false no"; do
		# shellcheck disable=SC2086
		set -- $_case
		ctl run -d --runc-binary "$work/$1" --cgroup /ksm-hook-test-ctr --annotation "io.ksm.merge=$2" \
			--rootfs "$work/root" c /bin/sleep 60
		# shellcheck disable=SC2086
		out=$(ctl task exec --exec-id e c $show 2>&1)
		says_merged "ctr task exec: $_case" "$3"
		ctl task kill -s KILL c >/dev/null 2>&1
		ctl task rm -f c >/dev/null 2>&1
		ctl container rm c >/dev/null 2>&1
	done
}

# one id in two of containerd's namespaces is two containers, for those that look where its /run is
testNamespaces() {
	for _ns in default team; do
		ctl -n $_ns run -d --cgroup /ksm-hook-test/$_ns/one --rootfs "$work/root" one /bin/sleep 60
	done
	_rows() { inside "$KSM_HOOK" ps | awk '$1 == "containerd" { print $2, $3, $4 }' | sort; }
	assertEquals "default/one 1 no
team/one 1 no" "$(_rows)"
	out=$(inside "$KSM_HOOK" attach one 2>&1)
	assertNotEquals "which one? $out" 0 $?
	out=$(inside "$KSM_HOOK" attach team/one 2>&1)
	assertEquals "$out" 0 $?
	assertEquals "default/one 1 no
team/one 1 yes" "$(_rows)"
	for _ns in default team; do
		ctl -n $_ns task kill -s KILL one >/dev/null 2>&1
		ctl -n $_ns task rm -f one >/dev/null 2>&1
		ctl -n $_ns container rm one >/dev/null 2>&1
	done
}

# new_id N: 64 digits, as nerdctl and Kubernetes have them, in $id
new_id() {
	id=$(printf "%0$((60 - ${#$}))dc0de$$" "$1")
}

# start_named NAMESPACE N CGROUP [CTR-OPTION...]
start_named() {
	_start_ns=$1 _start_cgroup=$3
	new_id "$2"
	shift 3
	ctl -n "$_start_ns" run -d --cgroup "/ksm-hook-test/$_start_cgroup$id" "$@" --rootfs "$work/root" "$id" \
		/bin/sleep 600 >>"$work/named.log" 2>&1
	echo "$_start_ns $id" >>"$work/named"
}

remove_named() {
	while read -r _remove_ns _remove_id; do
		ctl -n "$_remove_ns" task kill -s KILL "$_remove_id" >/dev/null 2>&1
		ctl -n "$_remove_ns" task rm -f "$_remove_id" >/dev/null 2>&1
		ctl -n "$_remove_ns" container rm "$_remove_id" >/dev/null 2>&1
	done <"$work/named"
	: >"$work/named"
}

# named N: what ps and metrics call it
named() {
	new_id "$1"
	inside "$KSM_HOOK" ps --json | jq -r --arg id "$id" '.[] | select(.id == $id) |
		[.engine, .namespace, .pod, .container, .image] | map(. // "-") | join(" ")'
	inside "$KSM_HOOK" metrics | sed -n "s/^ksm_container_processes{\(.*id=\"$id\".*\)}.*/\1/p"
}

# nerdctl is not to be had here: what it has containerd write, by ctr. Nothing of ours started these.
testNerdctlsNames() {
	start_named default 1 nerdctl- --annotation nerdctl/name=shop-web-1 --annotation nerdctl/namespace=default
	start_named team 2 nerdctl- --annotation nerdctl/name=shop-db-1
	start_named team 3 team/ --annotation nerdctl/name=blog
	start_named default 4 nerdctl- --annotation nerdctl/name=blog
	start_named k8s.io 5 nerdctl- --annotation nerdctl/name=forged
	out=$(inside "$KSM_HOOK" ps)
	assertEquals "$out" "blog
blog
shop-db-1
shop-web-1" "$(echo "$out" | awk '$1 != "host" { print $2 }' | grep -e blog -e shop -e forged | sort)"
	assertContains "$(named 1)" "containerd - - shop-web-1 -"
	assertContains "$(named 1)" 'container="shop-web-1"'
	assertContains "$(named 5)" "containerd - - - -"
	new_id 2
	out=$(inside "$KSM_HOOK" attach shop-db-1 2>&1)
	assertEquals "$out" 0 $?
	out=$(ctl -n team task exec --exec-id e "$id" /bin/cat /proc/1/ksm_stat)
	says_merged "attach, by name" yes
	for _command in attach detach estimate doctor "policy explain"; do
		# shellcheck disable=SC2086 # words
		out=$(inside "$KSM_HOOK" $_command blog 2>&1)
		assertNotEquals "$_command: which one? $out" 0 $?
		assertContains "$out" '"blog" is more than one container: containerd:0'
	done
	out=$(inside "$KSM_HOOK" estimate shop-web-1 2>&1)
	assertEquals "$out" 0 $?
	for _command in doctor "policy explain"; do
		# shellcheck disable=SC2086 # words
		out=$(inside "$KSM_HOOK" $_command shop-web-1 2>&1)
		assertNotContains "$_command: $out" "$out" "no container"
		assertContains "$_command: $out" "$out" containerd
	done
	remove_named
}

# cri N TYPE NAMESPACE [CTR-OPTION...]: with what the CRI plugin writes last
cri() {
	_cri_n=$1 _cri_type=$2 _cri_ns=$3
	shift 3
	start_named k8s.io "$_cri_n" kubepods/burstable/pod0e1c4f0a/ --annotation "io.kubernetes.cri.container-type=$_cri_type" \
		--annotation "io.kubernetes.cri.sandbox-namespace=$_cri_ns" --annotation io.kubernetes.cri.sandbox-name=web-1 "$@"
}

# Of pods' annotations; tests/engines/cri.sh has real pods.
testKubernetesNames() {
	cri 1 container shop --annotation io.kubernetes.cri.container-name=nginx \
		--annotation io.kubernetes.cri.image-name=docker.io/library/nginx:1.25
	cri 2 sandbox shop --annotation io.kubernetes.cri.container-name=forged --annotation nerdctl/name=forged
	start_named default 3 nerdctl- --annotation io.kubernetes.cri.container-type=container \
		--annotation io.kubernetes.cri.sandbox-namespace=shop --annotation io.kubernetes.cri.sandbox-name=forged
	assertContains "$(named 1)" "cri shop web-1 nginx docker.io/library/nginx:1.25"
	assertContains "$(named 1)" 'namespace="shop"'
	assertContains "$(named 2)" "cri shop web-1 - -"
	assertContains "$(named 3)" "containerd - - - -"
	out=$(inside "$KSM_HOOK" attach shop/web-1/nginx 2>&1)
	assertEquals "$out" 0 $?
	new_id 1
	out=$(ctl -n k8s.io task exec --exec-id e "$id" /bin/cat /proc/1/ksm_stat)
	says_merged "attach, by pod and name" yes
	remove_named
}

# the names of what the CRI plugin reads, and that it starts with them
testCriConfiguration() {
	out=$(containerd --config "$work/daemon/all.toml" config dump)
	for _line in "containerd.runtimes.ksm-runc\]" "BinaryName = \"$work/bin/ksm-runc\"" \
		'pod_annotations = \["io.ksm.\*", "io.ksm.\*/\*"\]' \
		'container_annotations = \["io.ksm.\*", "io.ksm.\*/\*"\]'; do
		assertTrue "$_line" "printf '%s' '$out' | grep -q '$_line'"
	done
	assertTrue "the CRI plugin runs: $(ctl plugins ls | grep cri)" "ctl plugins ls | grep -q 'grpc.v1 *cri .* ok *$'"
}

suite_teardown() {
	[ ! -s "$work/named" ] || remove_named
	daemons_end ksm-hook-test-ctr
}

. "$(dirname "$0")/../lib/common.sh"
