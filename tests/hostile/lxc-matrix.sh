#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A tenant of real LXC, and what the host's commands make of him (lib/tenant-lib.sh).
# needs: containers

suite_setup() {
	. "$top/tests/lib/tenant-lib.sh"
	. "$top/tests/lib/lxc-lib.sh"
	lxc_setup
	tenant_setup
	rm -rf "$work/template"
	ln -s "$work/root" "$work/template"
	# LXC's own profile, which allows what escape.c tries, with that call refused as other engines do
	printf '2\ndenylist\n[all]\npersonality errno 1\n' >"$work/seccomp"
	tenant_neighbour
}

suite_teardown() {
	lxc_stop neighbour crowd locks window names forged
}

host() { "$@"; }

engine_start() {
	_how=$1 _tenant=$2
	shift 2
	case $_how in
	asks) set -- "lxc.environment = KSM_MERGE=yes" "lxc.init.cmd = $*" ;;
	confined) set -- "lxc.seccomp.profile = $work/seccomp" "lxc.init.uid = 1000" "lxc.init.gid = 1000" "lxc.init.cmd = $*" ;;
	powerful) set -- "lxc.cgroup.devices.allow = c 10:229 rwm" "lxc.init.cmd = $*" ;;
	*) set -- "lxc.init.cmd = $*" ;;
	esac
	lxc_make "$_tenant" privileged "$@"
	rm -rf "${work:?}/roots/$_tenant"
	cp -a "$work/root" "$work/roots/$_tenant"
	lxc_start "$_tenant" -d -L "$work/$_tenant.console" >"$work/start" 2>&1
	_ended=$?
	assertEquals "$(cat "$work/start")" 0 $_ended
}

engine_end() {
	lxc_stop "$1"
	_gone() { ! ls -d /sys/fs/cgroup/*/lxc.payload."$1" >/dev/null 2>&1; }
	wait_for 30 _gone "$1"
}
engine_id() { echo "$1"; }
engine_init() { lxc-info -P "$work/lxc" -n "$1" -p -H 2>/dev/null; }
engine_says() { cat "$work/$1.console" 2>/dev/null; }

testCrowd() { tenant_crowd; }
testLocks() { tenant_locks; }
testWindow() { tenant_window; }
testNames() { tenant_names; }

# LXC_NAME of the container's own choice, in the older way to call hooks, evades no rule
testForgedName() {
	echo '{"deny": [{"name": "forged"}]}' >"$work/config.json"
	for _version in 0 1; do
		lxc_make forged privileged "lxc.hook.version = $_version" "lxc.environment = KSM_MERGE=yes" \
			"lxc.environment = LXC_NAME=other" "lxc.init.cmd = /bin/sleep 10000"
		rm -rf "$work/roots/forged"
		cp -a "$work/root" "$work/roots/forged"
		lxc_start forged -d >"$work/start" 2>&1
		_ended=$?
		assertEquals "$(cat "$work/start")" 0 $_ended
		assertContains "version $_version" "$(cat "/proc/$(engine_init forged)/ksm_stat")" "ksm_merge_any: no"
		engine_end forged
	done
	echo '{}' >"$work/config.json"
	is_well forged
}

. "$(dirname "$0")/../lib/common.sh"
