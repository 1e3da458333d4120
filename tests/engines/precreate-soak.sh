#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# ksm-hook precreate: 1,500 generated configurations, and one of podman's cut at every byte.
# needs: containers

# shellcheck source=/dev/null
. "$(dirname "$0")/../lib/precreate-lib.sh"

testManyGeneratedConfigs() {
	out=$("$top/tests/engines/precreate-property" edit "$KSM_HOOK" "$library" "$work/plain.json" 1500 2>&1)
	assertEquals "$out" 0 $?
}

testCutAtEveryByte() {
	for config in plain all; do
		out=$("$top/tests/engines/precreate-property" cut "$KSM_HOOK" "$library" "$work/$config.json" "$work/podman.json" 1 2>&1)
		assertEquals "$out" 0 $?
	done
}

. "$(dirname "$0")/../lib/common.sh"
