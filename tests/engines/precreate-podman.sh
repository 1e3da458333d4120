#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# ksm-hook precreate under podman, with runc and crun: from podman's call to the program's memory.
# needs: containers
# shellcheck disable=SC2086,SC2154 # words; variables of the libraries

# shellcheck source=/dev/null
. "$(dirname "$0")/../lib/precreate-lib.sh"

# run_in RUNTIME OPTION... image COMMAND...: with the hooks as installed
run_in() {
	_runtime=$1
	shift
	case $_runtime in
	crun) _more='--cgroups disabled' ;;
	*) _more= ;;
	esac
	CONTAINERS_CONF=$work/containers.conf engine --runtime "$_runtime" run --rm $limits $_more "$@" 2>&1
}

testPodmanPrctl() {
	out=$(run_in runc $preload --env KSM_PRELOAD=prctl image cat /proc/self/maps /proc/self/ksm_stat)
	assertContains "$out" "$out" "$place"
	assertContains "$out" "$out" "ksm_merge_any: yes"
	out=$(run_in runc image cat /proc/self/maps /proc/self/smaps /proc/self/ksm_stat)
	assertFalse "did not ask, and is marked" marked
	assertNotContains "did not ask" "$out" "$place"
	assertContains "$out" "$out" "ksm_merge_any: no"
}

# marked: mappings of the cat that wrote $out
marked() {
	echo "$out" | grep -q '^VmFlags:.* mg'
}

testPodmanMadvise() {
	out=$(run_in runc $preload --env KSM_PRELOAD=madvise image cat /proc/self/ksm_stat /proc/self/smaps)
	assertContains "$out" "$place"
	assertContains "not by the prctl" "$out" "ksm_merge_any: no"
	marked
	assertTrue "nothing is marked" $?
}

testPodmanKeepsThePreloadOfTheImage() {
	out=$(run_in runc $preload --env LD_PRELOAD=/image.so image env)
	assertContains "$out" "LD_PRELOAD=/image.so:$place"
	out=$(run_in runc $preload --env LD_PRELOAD=/image.so image cat /proc/self/maps)
	assertContains "$out" "$out" "/image.so"
	assertContains "$out" "$out" "$place"
}

testPodmanLeavesNothingInTheImage() {
	for with in preload inject; do
		CONTAINERS_CONF=$work/containers.conf engine --runtime runc run --name $with $limits $ask \
			--annotation io.ksm.method=$with image cat /proc/self/maps >"$work/maps" 2>&1
		[ $with = inject ] || assertContains "control: it is there" "$(cat "$work/maps")" "$place"
		engine diff $with 2>/dev/null | sort >"$work/diff.$with"
	done
	assertEquals "$(cat "$work/diff.inject")" "$(cat "$work/diff.preload")"
	assertNotContains "$(cat "$work/diff.preload")" "ksm"
	assertEquals "nothing on the host" "" "$(ls -d /dev/ksm-hook 2>/dev/null)"
}

testPodmanLeavesOneContainerAlone() {
	out=$(run_in runc --name web $preload --annotation io.ksm.merge/container.web=false image cat /proc/self/maps /proc/self/ksm_stat)
	assertContains "$out" "$out" "/bin/cat"
	assertNotContains "$out" "$place"
	assertContains "$out" "$out" "ksm_merge_any: no"
	out=$(run_in runc --name web $preload --annotation io.ksm.merge/container.web=true image cat /proc/self/maps)
	assertContains "control: $out" "$out" "$place"
}

testPodmanCrun() {
	cat >"$work/crun.sh" <<-E
		work=$work limits='$limits'
		$(sed -n '/^engine() {/,/^}/p; /^run_in() {/,/^}/p' "$top/tests/lib/precreate-lib.sh" "$0")
		run_in crun "\$@"
	E
	out=$(crun_tree sh "$work/crun.sh" $preload --read-only image cat /proc/self/maps /proc/self/ksm_stat)
	assertContains "$out" "$out" "$place"
	assertContains "$out" "$out" "ksm_merge_any: yes"
}

# crun takes no hybrid cgroups
crun_tree() {
	unshare -m sh -c 'mount -t cgroup2 none /sys/fs/cgroup && exec "$@"' sh "$@"
}

# precreate and createRuntime together, from podman's call to the program's memory
testPodmanAutoOnAKernelWithoutThePrctl() {
	cat >"$work/old.sh" <<-E
		work=$work limits='$limits'
		$(sed -n '/^engine() {/,/^}/p; /^run_in() {/,/^}/p' "$top/tests/lib/precreate-lib.sh" "$0")
		run_in runc "\$@"
	E
	required="$ask --annotation io.ksm.required=true"
	out=$("$top/tests/lib/no-prctl" sh "$work/old.sh" $required image cat /proc/self/smaps)
	assertEquals "$out" 0 $?
	assertContains "$out" "$place"
	marked
	assertTrue "nothing is marked" $?
	out=$("$top/tests/lib/no-prctl" sh "$work/old.sh" $required image sh -c 'exit 0')
	assertNotEquals "a static program cannot be made mergeable there: $out" 0 $?
	out=$("$top/tests/lib/no-prctl" sh "$work/old.sh" $ask image sh -c 'exit 0')
	assertEquals "$out" 0 $?
	# and on this kernel the library is not needed
	out=$(run_in runc $required image cat /proc/self/maps /proc/self/ksm_stat)
	assertNotContains "$out" "$place"
	assertContains "$out" "$out" "ksm_merge_any: yes"
}

# A program that a library before its sanitizer's would end at once
testPodmanSanitizedProgramRuns() {
	out=$(run_in runc --env LD_PRELOAD=/image.so image sanitized)
	assertEquals "a library before it: $out" 1 $?
	assertContains "$out" "does not come first"
	out=$(run_in runc $preload image sanitized)
	assertEquals "$out" "0 ran" "$? $out"
	out=$(run_in runc $preload --env KSM_PRELOAD=madvise image cat /proc/self/maps)
	assertContains "the library is added to others: $out" "$out" "$place"
	# and what the program cannot have from the library, the hook gives it
	out=$(run_in runc $ask --annotation io.ksm.required=true image sanitized)
	assertEquals "$out" "0 ran" "$? $out"
}

testPodmanBuildStillWorks() {
	mkdir "$work/context"
	printf 'FROM localhost/image\nRUN ["/bin/cat", "/proc/self/maps"]\n' >"$work/context/Dockerfile"
	out=$(CONTAINERS_CONF=$work/containers.conf engine --runtime runc build --no-cache $limits "$work/context" 2>&1)
	assertEquals "$out" 0 $?
}

. "$(dirname "$0")/../lib/common.sh"
