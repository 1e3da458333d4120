# shellcheck shell=sh disable=SC2034,SC2154,SC2317 # suites use the names; variables of common.sh
# SPDX-License-Identifier: Apache-2.0
# What suites share that compare containers with a shared layout and private ones: a pid namespace of their own, where
# no other mergeable processes are met, their own /run/ksm-hook, and a configuration that allows it.

[ -n "${ESTIMATE_NAMESPACE:-}" ] ||
	ESTIMATE_NAMESPACE=1 exec unshare -p -f -m --mount-proc --propagation private "$0" "$@"

here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=/dev/null
. "$here/../lib/bundle.sh"
# shellcheck source=/dev/null
. "$here/../lib/host-root.sh"
# shellcheck source=/dev/null
. "$here/../lib/estimate-lib.sh"

suite_setup() {
	mkdir -p /run/ksm-hook && mount -t tmpfs -o mode=755 ksm-hook-test /run/ksm-hook || exit 1
	estimate_setup
	echo '{"shared_layout": true}' >"$work/config.json"
	host_runtime="$KSM_HOOK runtime --config $work/config.json"
}

suite_teardown() {
	host_root_remove
}

each_teardown() {
	end_all
}
