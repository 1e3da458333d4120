#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Completion in real shells: what they offer is what ksm-hook --help, the usage lines of its
# commands and ps say. help.sh has what these have to say.
# needs: containers

suite_setup() {
	. "$top/tests/lib/completion-lib.sh"
	. "$top/tests/lib/bundle.sh"
	. "$top/tests/lib/podman-lib.sh"
	PATH=$BUILD:$PATH
	mkdir "$work/dir"
	: >"$work/dir/some-file"
	rootfs_make "$work/root"
	bundle_make "$work/box" "$work/root" '{}' '{}' sleep 600
	runc run -d -b "$work/box" ksm-complete-me >/dev/null 2>&1 </dev/null
	applets=$(ksm-hook --help | sed -n 's/^  \([a-zA-Z][a-zA-Z-]*\) .*/\1/p')
}

# options APPLET: those of its usage line
options() {
	ksm-hook "$1" --help | head -n 1 | tr -c 'a-zA-Z-' '\n' | grep '^--[a-z]' | sort -u
}

testApplets() {
	assertEquals "there are some" 10 "$(echo "$applets" | head -n 10 | grep -c .)"
	expected=$({ echo "$applets" && printf '%s\n' --help --version; } | sort)
	assertEquals "$expected" "$(in_bash ksm-hook "")"
	assertEquals "$expected" "$({ in_fish "ksm-hook " && in_fish "ksm-hook --"; } | sort)"
	assertEquals "$expected" "$(in_zsh "ksm-hook ")"
	assertEquals "pre" "$(echo "$applets" | grep ^pre | sort)" "$(in_bash ksm-hook pre)"
	assertEquals "no such applet" "" "$(in_bash ksm-hook nonsense --)"
}

testOptions() {
	for applet in $applets; do
		expected=$({ options "$applet" && echo --help; } | sort)
		assertEquals "bash, $applet" "$expected" "$(in_bash ksm-hook "$applet" -- | tr -d =)"
		assertEquals "fish, $applet" "$expected" "$(in_fish "ksm-hook $applet --" | sed 's/=.*//' | sort -u)"
	done
	# a terminal each, so one stands for all
	for applet in attach precreate; do
		expected=$({ options $applet && echo --help; } | sort)
		assertEquals "zsh, $applet" "$expected" "$(in_zsh "ksm-hook $applet --" | tr -d = | sort -u)"
	done
}

testValues() {
	values=$(printf '%s\n' auto madvise prctl)
	assertEquals "$values" "$(in_bash ksm-hook attach --method =)"
	assertEquals prctl "$(in_bash ksm-hook attach --method = p)"
	assertEquals "$values" "$(in_fish "ksm-hook attach --method=" | sed 's/.*=//')"
	assertEquals "$values" "$(in_zsh "ksm-hook attach --method=")"
	assertEquals "a number is not for us" "" "$(in_bash ksm-hook attach --watch =)"
	assertEquals some-file "$(in_bash ksm-hook precreate --config so)"
	assertEquals some-file "$(in_fish "ksm-hook precreate --config so")"
	assertEquals some-file "$(in_zsh "ksm-hook precreate --config so")"
}

# policy: the word behind it says what follows
testForms() {
	forms=$(printf '%s\n' check explain)
	assertEquals "$forms" "$(in_bash ksm-hook policy "")"
	assertEquals "$forms" "$(in_fish "ksm-hook policy ")"
	assertEquals "$forms" "$(in_zsh "ksm-hook policy ")"
	assertEquals explain "$(in_bash ksm-hook policy --json e)"
	assertEquals some-file "$(in_bash ksm-hook policy check so)"
	assertEquals some-file "$(in_fish "ksm-hook policy check so")"
	assertEquals some-file "$(in_zsh "ksm-hook policy check so")"
	assertEquals ksm-complete-me "$(in_bash ksm-hook policy explain ksm-c)"
	assertEquals ksm-complete-me "$(in_fish "ksm-hook policy explain ksm-c")"
	assertEquals ksm-complete-me "$(in_zsh "ksm-hook policy explain ksm-c")"
}

testContainers() {
	with=$(for a in $applets; do ksm-hook "$a" --help; done |
		sed -n 's/^usage: ksm-hook \([a-z]*\) .*TARGET.*/\1/p')
	assertContains "$with" attach
	# testForms has policy
	for applet in $(echo "$with" | grep -vx policy); do
		assertEquals "bash, $applet" ksm-complete-me "$(in_bash ksm-hook "$applet" ksm-com)"
		assertEquals "fish, $applet" ksm-complete-me "$(in_fish "ksm-hook $applet ksm-com")"
		assertEquals "zsh, $applet" ksm-complete-me "$(in_zsh "ksm-hook $applet ksm-com")"
	done
	assertEquals "behind an option" ksm-complete-me "$(in_bash ksm-hook attach --json ksm-com)"
}

# as users call them, whoever started them: podman's, nerdctl's, Kubernetes' (longer than a terminal has
# room for)
testNamesOfEngines() {
	_long=ksm-shop/web-7d9c5b8f6d-x2x9q-of-a-deployment-with-a-long-name/nginx
	named_cgroup=$(awk '$3 == "cgroup2" { print $2; exit }' /proc/mounts)/ksm-complete-$$
	containerd_named 1 nerdctl- ksm-hook-test '{"nerdctl/name": "ksm-nerd"}'
	containerd_named 2 kubepods/pod1/ k8s.io '{"io.kubernetes.cri.container-type": "container",
		"io.kubernetes.cri.sandbox-namespace": "ksm-shop", "io.kubernetes.cri.container-name": "nginx",
		"io.kubernetes.cri.sandbox-name": "web-7d9c5b8f6d-x2x9q-of-a-deployment-with-a-long-name"}'
	# shellcheck disable=SC2086 # words
	podman_in "$work/podman" --runtime runc run -d --name ksm-pod $limits --rootfs "$work/root" sleep 600 >"$work/podman.log" 2>&1
	for _case in ksm-n=ksm-nerd ksm-s=$_long ksm-p=ksm-pod; do
		assertEquals "bash, $_case" "${_case#*=}" "$(in_bash ksm-hook attach "${_case%%=*}")"
		assertEquals "fish, $_case" "${_case#*=}" "$(in_fish "ksm-hook attach ${_case%%=*}")"
		assertEquals "zsh, $_case" "${_case#*=}" "$(in_zsh "ksm-hook attach ${_case%%=*}")"
		out=$(ksm-hook attach "${_case#*=}" 2>&1)
		assertEquals "$out" 0 $?
	done
	# on a terminal long ones are cut
	out=$(script -qec "stty cols 300; ksm-hook ps" /dev/null </dev/null)
	assertContains "$out" ksm-shop/web-7d9c5b8f6d
	assertNotContains "$out" "$_long"
	podman_in "$work/podman" rm -f -t 0 ksm-pod >/dev/null 2>&1
	containerd_named_end
}

# a service's row is none that a target can be
testNothingOfTheHost() {
	"$KSM_HOOK" run sleep 600 &
	_host=$!
	wait_for 20 sh -c 'ksm-hook ps | grep -q "^host .*sleep"'
	assertEquals "bash" "" "$(in_bash ksm-hook attach sleep)"
	assertEquals "fish" "" "$(in_fish "ksm-hook attach sleep")"
	assertEquals "zsh" "" "$(in_zsh "ksm-hook attach sleep")"
	kill $_host
	wait $_host 2>/dev/null
	true
}

testCommands() {
	assertContains "$(in_bash ksm-hook run mktem)" mktemp
	assertContains "$(in_bash ksm-hook run --required -- mktem)" mktemp
	assertEquals some-file "$(in_bash ksm-hook run cat some)"
	assertEquals --required "$(in_bash ksm-hook run --r)"
	assertContains "$(in_fish "ksm-hook run mktem")" mktemp
	assertContains "$(in_zsh "ksm-hook run mktem")" mktemp
}

suite_teardown() {
	runc delete -f ksm-complete-me 2>/dev/null
	podman_in "$work/podman" rm -f -t 0 ksm-pod >/dev/null 2>&1
	containerd_named_end
}

. "$(dirname "$0")/../lib/common.sh"
