#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The guide of OpenVZ, docs/openvz.md, on a host of its own.
# needs: containers
# shellcheck disable=SC1091,SC2154 # what common.sh and openvz-lib.sh set
if [ -z "${OPENVZ_NAMESPACE:-}" ]; then
	OPENVZ_NAMESPACE=1 exec unshare --mount --propagation private "$0" "$@"
fi
. "$(dirname "$0")/../lib/openvz-lib.sh"

# the code block of docs/openvz.md that is marked step=NAME
step() {
	awk -v s="\`\`\`sh step=$1" '$0 == s { on = 1; next } /^```$/ { on = 0 } on' "$top/docs/openvz.md"
}

run_step() {
	step "$1" >"$work/step.$1"
	assertTrue "docs/openvz.md has a step $1" "[ -s $work/step.$1 ]"
	(unset BUILD && cd "$work/tree" && sh -e "$work/step.$1") >"$work/out" 2>&1
	_ended=$?
	assertEquals "step $1: $(cat "$work/out")" 0 $_ended
}

# The guide, from its first step to its last, word for word.
testTheGuide() {
	# in the reader's tree: the suites beside this one run what is built in ours
	mkdir "$work/tree"
	tar -C "$top" --exclude=./build --exclude=./.git -cf - . | tar -C "$work/tree" -xf -
	(unset BUILD && make -s -C "$work/tree" PREFIX=/usr uninstall-openvz >/dev/null)
	rm -f /usr/lib64/libksm_preload.so /usr/lib/libksm_preload.so
	: >$vz/conf/$id.conf
	: >/etc/rc.local
	mkdir -p /etc/tmpfiles.d
	start
	echo 0 >"$ksm/run"

	run_step kernel
	assertEquals 0 "$(cat "$work/out")"
	run_step ksmd
	assertEquals "1 1000" "$(cat "$ksm/run" $ksm/pages_to_scan | xargs)"
	run_step rc.local
	echo 100 >"$ksm/pages_to_scan"
	sh -e /etc/rc.local
	assertEquals 1000 "$(cat "$ksm/pages_to_scan")"
	echo 0 >"$ksm/run"
	run_step tmpfiles
	assertEquals "1 1000" "$(cat "$ksm/run" $ksm/pages_to_scan | xargs)"

	run_step build
	run_step install
	step service >"$work/step.service"
	chmod 755 "$work/step.service"
	"$work/step.service" 9>&- &
	service=$!
	wait_for 30 grep -q '^VmFlags:.* mg' /proc/$service/smaps
	assertEquals "the service's memory is offered" 0 $?
	kill $service
	wait $service 2>/dev/null

	run_step container
	assertEquals yes "$(in_root)"
	run_step look
	assertEquals "$line" "$(head -n 1 "$work/out")"
	assertTrue "init has the library" "[ $(tail -n 1 "$work/out") -gt 0 ]"
	run_step watch
	assertContains "$(cat "$work/out")" "pages_sharing:"
	run_step saved
	assertContains "$(cat "$work/out")" "MiB saved"

	run_step undo-container
	assertEquals no "$(in_root)"
	run_step undo
	assertEquals 2 "$(cat "$ksm/run")"
	assertEquals "scripts and helper are gone" "" "$(ls $vz/conf/vps.* /usr/libexec/ksm-hook /usr/lib*/libksm_preload.so 2>/dev/null)"
	assertEquals "" "$(cat /etc/rc.local)"
	vzctl stop $id
	assertEquals "no step is left out" "$(sed -n 's/^```sh step=//p' "$top/docs/openvz.md" | sort)" \
		"$(cd "$work" && find . -maxdepth 1 -name 'step.*' | sed 's/.*step\.//' | sort)"

	install_library
	make_install >/dev/null
	echo 1 >"$ksm/run"
}

. "$(dirname "$0")/../lib/common.sh"
