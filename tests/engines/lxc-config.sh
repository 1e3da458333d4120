#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What config.json does to containers under the real lxc-start: all, none, rules, mistakes.
# needs: containers

suite_setup() {
	. "$top/tests/lib/lxc-suite.sh"
	lxc_suite_setup
	for kind in $kinds; do
		lxc_make "in-$kind" $kind "lxc.environment = KSM_MERGE=yes" \
			"lxc.environment = KSM_REQUIRED=yes"
		lxc_make "open-$kind" $kind "lxc.environment = KSM_MERGE=yes"
		lxc_make "out-$kind" $kind
		lxc_make "all-$kind" $kind
	done
}

each_setup() {
	echo '{}' >"$work/config.json"
}

testAllAndTheExceptions() {
	echo '{"containers": "all", "log": "info"}' >"$work/config.json"
	for kind in $kinds; do
		start "all-$kind"
		assert_all_merged $kind
		assertContains "$said" "$said" "id=all-$kind"
		assertContains "$said" "$said" 'made mergeable'
		lxc_make "no-$kind" $kind "lxc.environment = KSM_MERGE=no"
		start "no-$kind"
		assert_none_merged "$kind, no"
		assertContains "$said" "$said" "id=no-$kind"
		assertContains "$said" "$said" 'leave alone: KSM_MERGE=no'
	done
}

testNone() {
	echo '{"containers": "none"}' >"$work/config.json"
	start in-idmapped
	assert_none_merged none
}

testRulesNameContainers() {
	echo '{"deny": [{"annotation": "lxc.name", "match": "in-i*"}]}' >"$work/config.json"
	start in-idmapped
	assert_none_merged denied
	start in-privileged
	assert_all_merged "not denied"
	echo '{"containers": "all", "allow": [{"annotation": "lxc.name", "match": "all-*"}]}' \
		>"$work/config.json"
	start all-privileged
	assert_all_merged allowed
	start in-privileged
	assert_none_merged "not allowed"
}

# with version 1 the hook has the environment that the container's configuration sets
testNobodyChoosesTheNameForRules() {
	echo '{"containers": "all", "log": "info", "deny": [{"name": "secret-*"},
		{"annotation": "lxc.name", "match": "old-*"}]}' >"$work/config.json"
	for version in 0 1; do
		for kind in privileged idmapped user; do
			for name in secret old; do
				lxc_make "$name-$kind" $kind "lxc.hook.version = $version" \
					"lxc.environment = LXC_NAME=open" "lxc.environment = LXC_HOOK_VERSION=1" \
					"lxc.environment = LXC_HOOK_TYPE=mount"
				start "$name-$kind"
				assert_none_merged "$name-$kind, version $version"
				assertContains "$said" "$said" "reason=denied-by-rule"
			done
			lxc_make "named-$kind" $kind "lxc.hook.version = $version" \
				"lxc.environment = LXC_NAME=secret-1"
			start "named-$kind"
			assert_all_merged "named-$kind, version $version"
			assertContains "$said" "$said" "id=named-$kind"
		done
	done
}

# nor where the hook is: on the host, LXC_NAME would be LXC's own word
testNobodyChoosesTheMomentForRules() {
	echo '{"containers": "all", "log": "info", "deny": [{"name": "secret-*"}]}' >"$work/config.json"
	for kind in privileged idmapped user; do
		for type in start-host post-stop start none; do
			lxc_make "secret-$kind" $kind "lxc.hook.version = 1" "lxc.environment = LXC_NAME=open" \
				"lxc.environment = LXC_HOOK_VERSION=1" "lxc.environment = LXC_HOOK_TYPE=$type" \
				"lxc.environment = LXC_PID=1" "lxc.environment = LXC_CONFIG_FILE=/none"
			start "secret-$kind"
			assert_none_merged "secret-$kind as $type"
			assertNotContains "secret-$kind as $type" "$said" "id=open"
			[ $type = post-stop ] || assertContains "secret-$kind as $type: $said" "$said" "id=secret-$kind"
		done
	done
	# and if LXC let the container have its word: where it is, in a pid namespace of its own, is no host
	# shellcheck disable=SC2016 # for the inner shell
	out=$(LXC_HOOK_VERSION=1 LXC_NAME=open LXC_HOOK_TYPE=start-host LXC_PID=1 KSM_MERGE=yes unshare -p -f \
		sh -c '"$0" lxc --config "$1"; echo "status $?"' "$KSM_HOOK" "$work/config.json" 2>&1)
	assertContains "$out" "$out" "reason=hook-misplaced"
	assertNotContains "$out" "$out" "reason=requested"
	assertContains "$out" "$out" "status 0"
}

testUnknownValuesAreNamed() {
	lxc_make unknown privileged "lxc.environment = KSM_MERGE=true"
	start unknown
	assert_none_merged unknown
	assertContains "$said" "$said" 'invalid value KSM_MERGE="true", expected one of yes, no; ignored'
	lxc_make unknown privileged "lxc.environment = KSM_MERGE=yes" \
		"lxc.environment = KSM_REQUIRED=perhaps"
	start unknown
	assert_all_merged unknown
	assertContains "$said" "$said" 'invalid value KSM_REQUIRED="perhaps", expected one of yes, no'
}

# an administrator's mistake: the containers start, unless merging is required
testBrokenConfig() {
	echo '{"containers": "al"}' >"$work/config.json"
	for kind in $kinds; do
		start "open-$kind"
		assert_none_merged $kind
		assertContains "$said" "$said" "id=open-$kind"
		assertContains "$said" "$said" " reason=config-invalid: "
		start "in-$kind"
		assert_refused $kind config-invalid
	done
}

# a file that others can write steers nothing, in a user namespace neither
testConfigOfOthers() {
	echo '{"containers": "all"}' >"$work/config.json"
	chmod 666 "$work/config.json"
	for kind in $kinds; do
		start "out-$kind"
		assert_none_merged $kind
		assertContains "$said" "$said" " reason=config-untrusted: "
	done
	chmod 644 "$work/config.json"
}

testRequiredByConfig() {
	echo '{"required": true}' >"$work/config.json"
	lxc_make shared privileged "lxc.environment = KSM_MERGE=yes" "lxc.namespace.keep = pid user"
	start shared
	assert_refused "no pid namespace of its own" hook-misplaced
	assertContains "$said" "$said" "register lxc.hook.start-host instead"
	start out-privileged
	assert_none_merged "what nobody asked for is not required"
	lxc_make shared privileged "lxc.environment = KSM_MERGE=yes" \
		"lxc.environment = KSM_REQUIRED=no" "lxc.namespace.keep = pid user" "lxc.init.cmd = /bin/true"
	start shared
	assertEquals "the container has the last word: $said" 0 $rc
}

# the hook does not add the library, and says so where nobody else did
testMethodPreload() {
	echo '{"method": "preload"}' >"$work/config.json"
	start open-privileged
	assert_none_merged preload
	assertContains "$said" "$said" " reason=preload-missing: "
	start in-privileged
	assert_refused preload preload-missing
	lxc_make preload privileged "lxc.environment = KSM_MERGE=yes" "lxc.environment = KSM_REQUIRED=yes" \
		"lxc.environment = LD_PRELOAD=$BUILD/libksm_preload.so"
	start preload
	assertEquals "$said" 0 $rc
}

suite_teardown() {
	lxc_suite_teardown
}

. "$(dirname "$0")/../lib/common.sh"
