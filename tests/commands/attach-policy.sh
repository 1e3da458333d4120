#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# attach asks the administrator's configuration, as the hooks do: rules, "mode", and whether it is valid.
# needs: containers config
# shellcheck disable=SC2034,SC2046,SC2086,SC2154,SC2317 # lists are split; variables of common.sh

# --all means all, and here are no others' containers
if [ -z "${POLICY_NAMESPACE:-}" ]; then
	POLICY_NAMESPACE=1 exec unshare --mount-proc --pid --fork --kill-child "$0" "$@"
fi

here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=/dev/null
. "$here/../lib/bundle.sh"

id=ksmgate-$$

suite_setup() {
	config_folder_take
	rootfs_make "$work/root"
	started=
	container a '{"team": "a"}'
	container b '{"team": "b"}'
	container no '{"team": "a", "io.ksm.merge": "false"}'
}

suite_teardown() {
	for _c in $started; do runc delete -f "$_c" 2>/dev/null; done
	config_folder_leave
}

# container NAME ANNOTATIONS
container() {
	bundle_make "$work/b-$1" "$work/root" '{}' "$2" /bin/sleep 100000
	started="$started $id-$1"
	runc run -d -b "$work/b-$1" "$id-$1" </dev/null >"$work/$1.out" 2>&1
}

pid_of() {
	runc state "$id-$1" | jq .pid
}

# mergeable NAME...: the names of those that are
mergeable() {
	for _c; do
		! grep -qs '^ksm_merge_any: yes' "/proc/$(pid_of "$_c")/ksm_stat" || printf '%s ' "$_c"
	done
}

# under CONFIG COMMAND...: where nothing else is in /etc/ksm-hook
under() {
	_config=$1
	shift
	printf '%s' "$_config" >"$work/config"
	unshare -m sh -c 'mount -t tmpfs none /etc/ksm-hook && cp "$1" /etc/ksm-hook/config.json && shift && exec "$@"' \
		sh "$work/config" "$@"
}

# attach CONFIG ARGUMENT...
attach() {
	_c=$1
	shift
	under "$_c" "$KSM_HOOK" attach "$@" >"$work/said" 2>&1
}
said() {
	cat "$work/said"
}
detach_ours() {
	"$KSM_HOOK" detach "$id-a" "$id-b" "$id-no" >/dev/null
}

deny='{"deny": [{"annotation": "team", "match": "a"}]}'

testWhatIsNamedIsRefused() {
	attach "$deny" "$id-b"
	_ended=$?
	assertEquals "$(said)" 0 $_ended
	attach "$deny" "$id-a"
	_ended=$?
	assertEquals "$(said)" 1 $_ended
	assertContains "$(said)" "reason=denied-by-rule"
	assertEquals "one line: $(said)" 1 "$(wc -l <"$work/said")"
	attach "$deny" "pid:$(pid_of a)"
	_ended=$?
	assertEquals "by its process: $(said)" 1 $_ended
	# if one target is wrong, nothing is done
	detach_ours
	attach "$deny" "$id-b" "$id-a"
	_ended=$?
	assertEquals "$(said)" 1 $_ended
	assertEquals "$(said)" "" "$(mergeable a b)"
	attach "$deny" --force "$id-a"
	_ended=$?
	assertEquals "$(said)" 0 $_ended
	assertEquals "a " "$(mergeable a b)"
	detach_ours
}

testAllSkipsAndSaysSo() {
	attach "$deny" --all
	_ended=$?
	assertEquals "$(said)" 0 $_ended
	assertContains "$(said)" "skipped runc:$id-a: reason=denied-by-rule: "
	assertEquals "b " "$(mergeable a b)"
	detach_ours
	attach "$deny" --all --json
	_ended=$?
	assertEquals "$(said)" 0 $_ended
	assertEquals "$(said)" '["runc","denied-by-rule"]' \
		"$(jq -c --arg id "$id-a" '.skipped[] | select(.id == $id) | [.engine, .reason]' "$work/said")"
	detach_ours
	attach '{"allow": [{"annotation": "team", "match": "b"}]}' --all
	assertContains "$(said)" "skipped runc:$id-a: reason=not-allowed: "
	assertContains "it opted out, which hides that: $(said)" "skipped runc:$id-no: "
	assertEquals "b " "$(mergeable a b no)"
	detach_ours
	attach '{"containers": "none"}' --all
	assertContains "$(said)" "skipped runc:$id-b: reason=containers-none: "
	assertEquals "" "$(mergeable a b no)"
}

# what nobody tells of a container is denied, and "unknown" says otherwise
testUnknown() {
	attach '{"deny": [{"namespace": "x"}]}' "$id-b"
	_ended=$?
	assertEquals "$(said)" 1 $_ended
	assertContains "$(said)" "reason=denied-unknown"
	attach '{"unknown": "allow", "deny": [{"namespace": "x"}]}' "$id-b"
	_ended=$?
	assertEquals "$(said)" 0 $_ended
	detach_ours
}

# a container of which nothing is written where we look: its engine decides
testByTheEngineAlone() {
	_group=/sys/fs/cgroup/freezer/libpod-$(printf '%064x' $$)
	[ -d /sys/fs/cgroup/freezer ] || _group=/sys/fs/cgroup/${_group##*/}
	mkdir "$_group" || return
	sleep 1000 &
	_pid=$!
	echo $_pid >"$_group/cgroup.procs"
	attach '{"deny": [{"engine": "podman"}]}' "$_pid"
	_podman=$?
	_said=$(said)
	attach '{"deny": [{"engine": "docker"}]}' "$_pid"
	_docker=$?
	kill $_pid
	wait $_pid 2>/dev/null
	wait_for 10 rmdir "$_group"
	assertEquals "$_said" 1 $_podman
	assertContains "$_said" "reason=denied-by-rule"
	assertEquals "$(said)" 0 $_docker
}

testObserveAndBroken() {
	for _case in 'observed {"mode": "observe"}' 'config-invalid {"deny": [' \
		'config-invalid {"deny": [{"namespace": 7}]}'; do
		sleep 1000 &
		_pid=$!
		for _target in "$id-b" "$_pid" --all "--all --watch=1"; do
			attach "${_case#* }" $_target
			_ended=$?
			assertEquals "$_case: $_target: $(said)" 1 $_ended
			assertContains "$_case: $_target: $(said)" "$(said)" "reason=${_case%% *}"
			assertEquals "$_case: $_target: one line: $(said)" 1 "$(wc -l <"$work/said")"
		done
		assertEquals "$_case" "" "$(mergeable a b)"
		grep -q '^ksm_merge_any: no' "/proc/$_pid/ksm_stat"
		assertEquals "$_case: a process of the host" 0 $?
		attach "${_case#* }" --force "$id-b"
		_ended=$?
		assertEquals "$_case: $(said)" 0 $_ended
		detach_ours
		kill $_pid
		wait $_pid 2>/dev/null || :
	done
}

# It is read anew at each look.
testAWatchObeys() {
	mkdir -p "$work/etc"
	echo '{}' >"$work/etc/config.json"
	unshare -m sh -c 'mount --bind "$1" /etc/ksm-hook && shift && exec "$@"' sh "$work/etc" \
		"$KSM_HOOK" attach --watch=1 "$id-b" >"$work/said" 2>&1 &
	_watch=$!
	_is() { [ "$(mergeable b)" = "b " ]; }
	wait_for 30 _is
	echo '{"deny": [{"annotation": "team", "match": "b"}]}' >"$work/etc/config.json.new"
	mv "$work/etc/config.json.new" "$work/etc/config.json"
	wait_for 30 grep -q "skipped runc:$id-b: reason=denied-by-rule" "$work/said"
	detach_ours
	echo '{"deny": [' >"$work/etc/config.json.new"
	mv "$work/etc/config.json.new" "$work/etc/config.json"
	wait_for 30 grep -q "reason=config-invalid" "$work/said"
	assertEquals "$(said)" "" "$(mergeable b)"
	echo '{}' >"$work/etc/config.json.new"
	mv "$work/etc/config.json.new" "$work/etc/config.json"
	wait_for 30 _is
	kill -TERM $_watch
	wait $_watch
	_ended=$?
	assertEquals "$(said)" 0 $_ended
	assertEquals "once: $(said)" 1 "$(grep -c reason=config-invalid "$work/said")"
	detach_ours
}

# shellcheck source=/dev/null
. "$here/../lib/common.sh"
