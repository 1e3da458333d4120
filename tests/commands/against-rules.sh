#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Containers that made themselves mergeable though a rule denies it, where nothing is written of them that
# root finds: those of rootless engines, of other runtimes. ps, doctor, metrics and attach know the engine
# by the cgroup and the user by the namespace, and what else a rule asks for is not known, which denies.
# needs: containers config
# shellcheck disable=SC2154 # variables of common.sh

suite_setup() {
	config_folder_take
	# where a user may execute it
	open=$(mktemp -d /tmp/ksm-hook-against.XXXXXX)
	chmod 755 "$open"
	cp "$KSM_HOOK" "$open/ksm-hook"
	rootfull=$(printf 'a%011x%052x' $$ 1)
	rootless=$(printf 'b%011x%052x' $$ 2)
	contain "$rootfull" sh -c 'exec "$@"' sh "$open/ksm-hook" run sleep 10000
	contain "$rootless" setpriv --reuid 4711 --regid 4711 --clear-groups unshare -U -r -p -f --kill-child "$open/ksm-hook" run sleep 10000
}

# contain ID COMMAND...: in a cgroup like podman's, and wait until it is mergeable
contain() {
	_group=/sys/fs/cgroup/freezer/libpod-$1
	[ -d /sys/fs/cgroup/freezer ] || _group=/sys/fs/cgroup/libpod-$1
	mkdir "$_group"
	groups="$groups $_group"
	shift
	# shellcheck disable=SC2016 # for the inner shell
	sh -c 'echo $$ >"$0/cgroup.procs" && exec "$@"' "$_group" "$@" &
	leaders="$leaders $!"
	wait_for 30 has_mergeable "$_group"
}

# the program that was asked for: ksm-hook has a child of its own before, which tries the kernel
has_mergeable() {
	for _p in $(cat "$1/cgroup.procs"); do
		[ "$(cat "/proc/$_p/comm" 2>/dev/null)" != sleep ] || ! grep -qs '^ksm_merge_any: yes' "/proc/$_p/ksm_stat" || return 0
	done
	return 1
}

suite_teardown() {
	for _g in $groups; do
		# shellcheck disable=SC2046 # the numbers
		kill -KILL $(cat "$_g/cgroup.procs") 2>/dev/null
		wait_for 30 rmdir "$_g"
	done
	# shellcheck disable=SC2086 # numbers
	wait $leaders 2>/dev/null
	rm -rf "$open"
	config_folder_leave
}

# under CONFIG COMMAND...
under() {
	printf '%s' "$1" >"$work/config"
	shift
	unshare -m sh -c 'mount -t tmpfs none /etc/ksm-hook && cp "$1" /etc/ksm-hook/config.json && shift && exec "$@"' \
		sh "$work/config" "$@"
}

# against CONFIG: which of the two are shown as mergeable against the rules: by ps, by doctor, by metrics
against() {
	_seen=
	under "$1" "$KSM_HOOK" ps --json >"$work/ps"
	under "$1" "$KSM_HOOK" doctor --json "podman:$rootfull" "podman:$rootless" >"$work/doctor"
	under "$1" "$KSM_HOOK" metrics >"$work/metrics"
	for _id in $rootfull $rootless; do
		_seen="$_seen $(jq --arg id "$_id" '[.[] | select(.id == $id) | if .against_rules then 1 else 0 end] | .[0]' "$work/ps")"
		_seen="$_seen/$(jq --arg id "$_id" '[.findings[] | select(.id == "container-against-rules" and (.what | contains($id[:12])))] | length' "$work/doctor")"
		_seen="$_seen/$(sed -n "s/^ksm_container_denied_mergeable_processes{.*$_id.*} //p" "$work/metrics")"
	done
	echo "$_seen" | sed 's/^ //'
}

testWhoIsDenied() {
	while read -r want config; do
		assertEquals "$config" "$(echo "$want" | tr , ' ')" "$(against "$config")"
	done <<-'E'
		0/0/0,0/0/0 {"containers": "all"}
		1/1/1,1/1/1 {"deny": [{"engine": "podman"}]}
		0/0/0,0/0/0 {"deny": [{"engine": "lxc"}]}
		0/0/0,1/1/1 {"deny": [{"user": "4711"}]}
		1/1/1,0/0/0 {"deny": [{"user": "0"}]}
		1/1/1,0/0/0 {"allow": [{"user": "4711"}]}
		1/1/1,1/1/1 {"deny": [{"annotation": "team", "match": "a"}]}
		0/0/0,1/1/1 {"deny": [{"annotation": "team", "match": "a", "user": "4711"}]}
		1/1/1,1/1/1 {"deny": [{"namespace": "x"}]}
		0/0/0,0/0/0 {"unknown": "allow", "deny": [{"namespace": "x"}, {"annotation": "team", "match": "a"}]}
		1/1/1,1/1/1 {"containers": "none"}
	E
}

# The finding's reason, and its fix, after which it is gone.
testTheFinding() {
	config='{"deny": [{"annotation": "team", "match": "a", "user": "4711"}]}'
	against "$config" >/dev/null
	assertEquals "denied-unknown" "$(jq -r '.findings[] | select(.id == "container-against-rules") | .reason' "$work/doctor")"
	assertContains "$(cat "$work/doctor")" "its annotations are not known"
	fix=$(jq -r '.findings[] | select(.id == "container-against-rules") | .fix' "$work/doctor")
	assertContains "$fix" "$(echo "$rootless" | cut -c1-12)"
	under "$config" sh -c "PATH=${KSM_HOOK%/*}:\$PATH; $fix" >"$work/fixed" 2>&1
	ended=$?
	assertEquals "$fix: $(cat "$work/fixed")" 0 $ended
	assertEquals "0/0/0 0/0/0" "$(against "$config")"
	"$KSM_HOOK" attach --force "podman:$rootless" >/dev/null
	# with the unshare that waits for it
	assertEquals "and again" "0/0/0 1/1/2" "$(against "$config")"
}

# attach makes no exception for what it cannot read: nothing of it says that it is not the one that is meant.
testAttach() {
	"$KSM_HOOK" detach "podman:$rootless" "podman:$rootfull" >/dev/null
	while read -r want config; do
		under "$config" "$KSM_HOOK" attach "podman:$rootless" >"$work/said" 2>&1
		ended=$?
		"$KSM_HOOK" detach "podman:$rootless" >/dev/null
		if [ "$want" = merged ]; then
			assertEquals "$config: $(cat "$work/said")" 0 $ended
		else
			assertEquals "$config: $(cat "$work/said")" 1 $ended
			assertContains "$config" "$(cat "$work/said")" "reason=$want"
		fi
	done <<-'E'
		denied-unknown {"deny": [{"annotation": "team", "match": "a"}]}
		denied-by-rule {"deny": [{"user": "4711"}]}
		merged {"deny": [{"user": "0"}]}
		merged {"unknown": "allow", "deny": [{"annotation": "team", "match": "a"}]}
		not-allowed {"allow": [{"annotation": "team", "match": "a"}]}
		not-allowed {"unknown": "allow", "allow": [{"annotation": "team", "match": "*"}]}
		merged {"allow": [{"user": "4711"}]}
	E
	"$KSM_HOOK" attach --force "podman:$rootless" "podman:$rootfull" >/dev/null
}

. "$(dirname "$0")/../lib/common.sh"
