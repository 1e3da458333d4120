#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# ksm-hook nri beside real containerds, 1.7 (Debian 13) and 2.x (sid, where NRI is on by default):
# which pods become mergeable, and what becomes of them when the agent or the runtime is killed.
# needs: containers ksmd

suite_setup() {
	make -s -C "$top" BUILD="$BUILD" image >"$work/made" 2>&1 || cat "$work/made"
	_kubectl=$("$top/tests/lib/kubectl" "$BUILD/kubectl")
	cp -r "$top/kubernetes" "$work/kubernetes"
	mkdir "$work/own"
	cat >"$work/own/kustomization.yaml" <<-'K'
		resources: [../kubernetes/base]
		components: [../kubernetes/components/node-features]
	K
	"$_kubectl" kustomize "$work/own" >"$BUILD/kubernetes.yaml"
	"$BUILD/kubectl/helm/helm" template ksm-hook "$top/kubernetes/chart" -n ksm-hook \
		--show-only templates/tests/opts-in.yaml >"$BUILD/helm-test.yaml"
	"$BUILD/kubectl/helm/helm" template ksm-hook "$top/kubernetes/chart" -n ksm-hook --set economize=60 \
		--show-only templates/daemonset.yaml >"$BUILD/helm-economizes.yaml"
	for _debian in trixie sid; do
		"$top/tests/lib/cri-root" "$BUILD/$_debian-cri" $_debian >"$work/made" 2>&1 || cat "$work/made"
		# a network of its own: the agent's pod listens
		# shellcheck disable=SC2016 # for the inner shell
		timeout 600 unshare --net sh -c 'ip link set lo up && exec "$@"' sh \
			"$top/tests/lib/chroot" run "$BUILD/$_debian-cri" tests/engines/nri/node \
			"$KSM_HOOK" "$BUILD"/ksm-hook-*.oci.tar "$BUILD/kubernetes.yaml" "$BUILD/helm-test.yaml" \
			"$BUILD/helm-economizes.yaml" >"$work/$_debian" 2>&1
		echo $? >"$work/$_debian.status"
	done
}

# says KEY VALUE: of both runtimes
says() {
	for _debian in trixie sid; do
		assertEquals "$_debian, containerd $(sed -n 's/^version: //p' "$work/$_debian"), $1" \
			"$2" "$(sed -n "s/^$1: *//p" "$work/$_debian")"
	done
}

testBothRuntimesRan() {
	for _debian in trixie sid; do
		assertEquals "$(cat "$work/$_debian")" 0 "$(cat "$work/$_debian.status")"
	done
	assertContains "$(cat "$work/trixie")" "version: 1.7."
	assertContains "$(cat "$work/sid")" "version: 2."
	says registered "containerd 10-ksm-hook"
}

testWhoAskedIsMergeable() {
	says asked yes
	says sandbox no
	says ps '"namespace":"default","pod":"asked","container":"main"'
}

testWhoDidNotIsNot() {
	says not-asked no
	says opted-out no
}

testOneContainerOfAPod() {
	says this-container yes
	says other-container no
}

testADeniedNamespaceIsTheRuntimesWord() {
	says denied no
	says denied-reason "reason=denied-by-rule"
	says forged no
}

testUnderAFilterOfSystemCalls() {
	says filter-mode 2
	says filtered yes
	says no-new-privs yes
	says user yes
}

# where they are not covered, ps names them
testAnExecSession() {
	says session-in-ps "1 of 2 (1 exec)"
}

testOnlyWhatIsRequiredKeepsAPodFromStarting() {
	says impossible no
	for _debian in trixie sid; do
		assertContains "$_debian" "$(sed -n 's/^required: //p' "$work/$_debian")" "method preload"
	done
}

testConfigIsReadAtEachStart() {
	says all yes
	says broken-config no
	# to some namespaces only
	says allowed yes
	says not-allowed no
	# decided and told, and nothing is done
	says observed no
	says observed-reason "reason=requested"
}

testTheReaderIsKilled() {
	says reader-killed yes
}

testTheAgentIsKilled() {
	says while-away no
	says while-away-not no
	says after-return "yes no"
}

testTheRuntimeIsKilled() {
	says runtime-killed yes
}

testBothAreKilledWhilePodsStart() {
	says storm-started 6
	says storm-mergeable 6
	says survivors "yes yes yes yes yes"
}

# no capability, no new privileges, a filter of system calls
testWhatReadsFramesIsConfined() {
	says confined "0000000000000000 1 2"
}

testMemory() {
	for _debian in trixie sid; do
		_kib=$(sed -n 's/^memory: //p' "$work/$_debian")
		assertTrue "$_debian: $_kib KiB" "[ ${_kib:-99999} -le 8192 ]"
	done
}

testStartedByTheRuntime() {
	says launched yes
	says launched-not no
	says plugin 2
}

testTheWayThatNeedsNoRight() {
	says exec-way "way exec, by the preload library, as the runtime's NRI is older than 0.10: CAP_SYS_PTRACE is not there"
	says exec-rights 0000000000000000
	says exec-asked yes
	says exec-user yes
	says exec-not no
	# what no preload library reaches
	says exec-static no
	says exec-session yes
	says exec-after no
}

# the image and the manifest that we ship, with the rights that they ask for and no others
testTheDaemonSet() {
	says nobody no
	says by-daemonset yes
	says by-daemonset-filtered yes
	says by-daemonset-denied no
	says by-daemonset-user yes
	says daemonset-ps '"namespace":"default","pod":"by-daemonset","container":"main"'
	says after-daemonset no
	says daemonset-ready "200 ok"
	says daemonset-metrics 'ksm_container_mergeable_processes{engine="oci",namespace="default",pod="by-daemonset-user",container="main"} 1'
	says features "ksm-agent=inject ksm-kernel=inherited ksm-running=true"
	says features-after ""
	says ksmd-meanwhile "1 80"
	says ksmd-after "0 321"
}

# what the chart's test runs ends well with an agent, and else does not
testTheChartsTest() {
	says helm-test "ends 0 this process is mergeable"
	for _debian in trixie sid; do
		assertContains "$_debian" "$(sed -n 's/^helm-test-after: //p' "$work/$_debian")" "not mergeable after 1 s"
	done
	assertEquals 2 "$(cat "$work/trixie" "$work/sid" | grep -c '^helm-test-after: ends 1 ')"
}

# ksm-hook stop on the node, a file by hand, a key of the ConfigMap
testTheKillSwitchReachesTheDaemonSet() {
	says stopped no
	says stopped-reason "reason=host-stopped"
	says stop-ended yes
	says stopped-by-touch no
	says stopped-by-key no
	says key-gone yes
}

# economize in the pod, with the rights and mounts that it has there
testTheDaemonSetThatEconomizes() {
	says economized "no yes yes yes"
	for _debian in trixie sid; do
		assertContains "$_debian" "$(sed -n 's/^economized-said: //p' "$work/$_debian")" "no longer mergeable"
	done
}

suite_teardown() {
	wait_for 60 cgroup_removed ksm-hook-test-nri 2>/dev/null
}

. "$(dirname "$0")/../lib/common.sh"
