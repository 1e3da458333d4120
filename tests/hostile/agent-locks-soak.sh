#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The agent's /metrics where tenants keep the locks of processes in 64 containers.
# needs: machine ksmd

. "$(dirname "$0")/../lib/locks-lib.sh"

# Of so many containers that looking at all takes longer than who asks for metrics waits: he gets the
# machine's figures meanwhile, and, as who holds his locks is remembered, soon all of them.
testTheAgentsMetrics() {
	hold 64
	n=0
	for _pid in $held; do
		n=$((n + 1))
		mkdir "$v2/docker-$(printf 'c%02d%061d' $n $$).scope"
		echo "$_pid" >"$v2/docker-$(printf 'c%02d%061d' $n $$).scope/cgroup.procs"
	done
	# shellcheck disable=SC2016 # for the inner shell
	unshare -n -m sh -c 'ip link set lo up && mount -t tmpfs none /run/ksm-hook && exec "$@"' sh \
		"$KSM_HOOK" nri --socket="$work/none" --config="$work/none" --listen=127.0.0.1:9473 2>"$work/agent" &
	agent=$!
	wait_for 20 page /healthz 10
	_start=$(date +%s)
	page /metrics 30
	_took=$(($(date +%s) - _start))
	assertEquals "$(cat "$work/agent")" 200 "$code"
	assertTrue "in $_took s" "[ $_took -le 15 ]"
	assertContains "$(cat "$work/page")" "ksm_run "
	assertContains "$(cat "$work/page")" "ksm_hook_nri_scrape_complete 0"
	_complete() {
		page /metrics 30
		grep -q "ksm_hook_nri_scrape_complete 1" "$work/page"
	}
	wait_for 60 _complete
	assertContains "$(cat "$work/page")" b000000
	kill $agent
	wait $agent
	release
	_gone() {
		rmdir "$v2"/docker-c*"$(printf %061d $$)".scope 2>/dev/null
		! ls -d "$v2"/docker-c*"$(printf %061d $$)".scope >/dev/null 2>&1
	}
	wait_for 20 _gone
}

# page PATH SECONDS: in $work/page, its status in $code
page() {
	code=$(nsenter -t $agent -n curl -s -o "$work/page" -w '%{http_code}' --max-time "$2" "http://127.0.0.1:9473$1")
	[ "$code" = 200 ]
}

. "$(dirname "$0")/../lib/common.sh"
