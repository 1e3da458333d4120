#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Kubernetes' way to a container: pods by CRI, in Debian 13's containerd and sid's (2.x) with the
# runtime wrapper, as the files that are shipped for them have it.
# needs: containers

suite_setup() {
	for _debian in trixie sid; do
		"$top/tests/lib/cri-root" "$BUILD/$_debian-cri" $_debian >"$work/made" 2>&1 || cat "$work/made"
		echo "$_debian: $("$top/tests/lib/chroot" run "$BUILD/$_debian-cri" sh -c \
			'containerd --version; runc --version | head -n 1' | tr '\n' ' ')"
		timeout 300 "$top/tests/lib/chroot" run "$BUILD/$_debian-cri" \
			tests/engines/cri/pods "$KSM_HOOK" >"$work/$_debian.out" 2>&1 <<-P
				chosen ksm-runc
				chosen-yes ksm-runc io.ksm.merge=true
				chosen-no ksm-runc io.ksm.merge=false
				default runc
				default-yes runc io.ksm.merge=true
				default-no runc io.ksm.merge=false
				denied payments-eu:ksm-runc
				denied-yes payments-eu:ksm-runc io.ksm.merge=true
				denied-forged payments-eu:ksm-runc io.ksm.merge=true io.kubernetes.cri.sandbox-namespace=default
				denied-default payments-eu:runc io.ksm.merge=true io.kubernetes.pod.namespace=default
				other shop-payments-eu:runc io.ksm.merge=true io.kubernetes.cri.sandbox-namespace=payments-eu
				one-yes runc io.ksm.merge/pod=false io.ksm.merge/container.container=true
				one-no runc io.ksm.merge=true io.ksm.merge/container.container=false
				one-other runc io.ksm.merge=true io.ksm.merge/container.other=false io.ksm.method/container.other=preload
				one-method runc io.ksm.merge=true io.ksm.method/container.container=preload
				one-required runc io.ksm.merge=true io.ksm.method=preload io.ksm.required/container.container=true
				one-layout runc io.ksm.merge=true io.ksm.group=web io.ksm.layout/container.container=shared
				one-group runc io.ksm.merge=true io.ksm.layout=shared io.ksm.group/pod=all io.ksm.group/container.container=web
				one-private runc io.ksm.merge=true io.ksm.layout=shared io.ksm.group=web io.ksm.layout/container.container=private
			P
		echo $? >"$work/$_debian.rc"
	done
}

# pod DEBIAN NAME ANSWER [NAMESPACE]: what its processes say, what it is called, and that it went
pod() {
	_said=$(cat "$work/$1.out") _names="${4:-default} pod container localhost/busybox:1"
	assertEquals "$_said" 0 "$(cat "$work/$1.rc")"
	assertEquals "$_said" "$2 sandbox: $3
$2 container: $3
$2 exec: $3
$2 names: $_names
$2 left: 0" "$(grep "^$2 " "$work/$1.out")"
}

# a RuntimeClass whose handler is ksm-runc
chosen() {
	pod "$1" chosen yes
	pod "$1" chosen-yes yes
	pod "$1" chosen-no no
}

# the wrapper as the default runtime's BinaryName
in_place() {
	pod "$1" default no
	pod "$1" default-yes yes
	pod "$1" default-no no
}

testChosen() { chosen trixie; }
testChosenInContainerd2() { chosen sid; }
testInPlace() { in_place trixie; }
testInPlaceInContainerd2() { in_place sid; }

# a rule about a namespace, whatever a pod of it says
denied() {
	for _pod in denied denied-yes denied-forged denied-default; do
		pod "$1" $_pod no payments-eu
	done
	pod "$1" other yes shop-payments-eu
}

testDeniedNamespace() { denied trixie; }
testDeniedNamespaceInContainerd2() { denied sid; }

# one DEBIAN NAME SANDBOX CONTAINER [GROUP]: whether the pod's two are merged, and that it is in a group
one() {
	assertEquals "$(cat "$work/$1.out")" "$2 sandbox: $3
$2 container: $4${5:+
$2 group: $5}" "$(grep -E "^$2 (sandbox|container|group): " "$work/$1.out")"
}

# each annotation, for one container of the pod, which is called "container"; the other is the pause
# container, which has no name
one_container() {
	one "$1" one-yes no yes
	one "$1" one-no yes no
	one "$1" one-other yes yes
	# the library does not reach a static program
	one "$1" one-method yes no
	one "$1" one-required no 'refused, as merging is required: True'
	one "$1" one-layout yes yes default/group:web
	one "$1" one-group yes yes default/group:web
	one "$1" one-private yes yes
}

testOneContainer() { one_container trixie; }
testOneContainerInContainerd2() { one_container sid; }

# doctor DEBIAN: what it says of configurations that the release takes, or drops
doctor() {
	timeout 120 "$top/tests/lib/chroot" run "$BUILD/$1-cri" tests/engines/cri/doctor "$KSM_HOOK" 2>&1
}

testDoctor() {
	assertEquals "2, the file for it: ok
2, the file for 3: broken
2, the file for 3, repaired: ok
2, a drop-in of version 3: fails, broken, by the files warning
2, a relative pattern: 1, none, by the files warning" "$(doctor trixie)"
}

testDoctorInContainerd2() {
	assertEquals "2, the file for it: ok
2, the file for 3: ok
2, a drop-in of version 3: 1, none, by the files warning
2, a relative pattern: 1, none, by the files warning
3, a drop-in: ok
3, the file for 2: broken
3, the file for 2, repaired: ok" "$(doctor sid)"
}

suite_teardown() {
	wait_for 60 cgroup_removed ksm-hook-test 2>/dev/null
}

# judged DEBIAN: what containerd does with each configuration, and what doctor says of it
judged() {
	timeout 300 "$top/tests/lib/chroot" run "$BUILD/$1-cri" "$top/tests/lib/containerd-judged" "$KSM_HOOK" \
		<"$work/lines" >"$work/judged" 2>"$work/judged.err"
	assertEquals "$1: $(cat "$work/judged.err")" "$(wc -l <"$work/lines")" "$(wc -l <"$work/judged")"
	while read -r _containerd _doctor _line; do
		case "$_containerd $_doctor" in
		# a warning says what other releases do
		"pods ok" | "pods warning" | "none broken" | "refuses broken") ;;
		*) fail "$1: containerd: $_containerd, doctor: $_doctor: $_line" ;;
		esac
	done <"$work/judged"
	# of both kinds
	for _containerd in pods none refuses; do assertContains "$(cat "$work/judged")" "$_containerd "; done
}

# ours PLUGIN, runc PLUGIN: a table of theirs, as a format of printf
ours() {
	_table="[plugins.\"$1\".containerd.runtimes.ksm-runc"
	printf '%s' "$_table]\\nruntime_type = \"io.containerd.runc.v2\"\\npod_annotations = [\"io.ksm.*\"]\\n" \
		"container_annotations = [\"io.ksm.*\"]\\n$_table.options]\\nBinaryName = \"/usr/local/sbin/ksm-runc\"\\n"
}

runc() {
	printf '%s' "[plugins.\"$1\".containerd.runtimes.runc]\\nruntime_type = \"io.containerd.runc.v2\"\\n"
}

testConfigurations() {
	_grpc=io.containerd.grpc.v1.cri _cri=io.containerd.cri.v1.runtime
	_v1="$(runc cri)$(ours cri)" _v2="$(runc $_grpc)$(ours $_grpc)" _v3="$(runc $_cri)$(ours $_cri)"
	printf '%s\n' "version = 2\\n$_v2" \
		"version = 2\\n$(ours $_grpc)" \
		"version = 2\\ndisabled_plugins = [\"$_grpc\"]\\n$_v2" \
		"version = 2\\ndisabled_plugins = [\"$_cri\"]\\n$_v2" \
		"version = 2\\ndisabled_plugins = [\"io.containerd.runtime.v2.task\"]\\n$_v2" \
		"version = 2\\ndisabled_plugins = [\"io.containerd.snapshotter.v1.zfs\"]\\n$_v2" \
		"version = 2\\ndisabled_plugins = [\"io.containerd.snapshotter.v1.overlayfs\"]\\n$_v2" \
		"version = 2\\ndisabled_plugins = \"$_grpc\"\\n$_v2" \
		"version = \"2\"\\n$_v2" \
		"version = 2.5\\n$_v2" \
		"version = 0x2\\n$_v2" \
		"$_v1" \
		"disabled_plugins = [\"cri\"]\\n$_v1" \
		"version = 1\\ndisabled_plugins = [\"zfs\", \"cri\"]\\n$_v1" \
		"version = 1\\ndisabled_plugins = [\"$_grpc\"]\\n$_v1" \
		"version = 3\\ndisabled_plugins = [\"$_cri\"]\\n$_v3" \
		"version = 3\\n$_v3" >"$work/lines"
	judged trixie
	judged sid
}

. "$(dirname "$0")/../lib/common.sh"
