#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# economize: on real containers and the real ksmd, who costs more than he saves is no longer merged,
# and nobody else is touched.
# needs: containers ksmd
# shellcheck disable=SC2034,SC2046,SC2086,SC2154,SC2317 # lists are split; variables of common.sh

# It is about all containers, and none but ours is to be met: in a pid namespace of its own there is no
# other. What is configured and remembered is ours as well.
[ -n "${ECONOMIZE_NAMESPACE:-}" ] ||
	ECONOMIZE_NAMESPACE=1 exec unshare -p -f -m --mount-proc --propagation private "$0" "$@"

here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=/dev/null
. "$here/../lib/bundle.sh"

# shellcheck source=/dev/null
. "$here/../lib/economize-lib.sh"

pages=3000

# equal NAME [ANNOTATIONS [COMMAND]]: whose pages are those of each other such
equal() {
	container "$1" "${2:-{\}}" "${3:-exec equal $pages}"
}

# dear NAME [ANNOTATIONS]: a mergeable container that ksmd finds nothing equal in
dear() {
	equal "$@"
	apart "$1"
}

testWhoCostsMoreThanItSaves() {
	equal one
	equal two
	dear odd
	dear off '{"io.ksm.economy": "off"}'
	equal none
	attach one two odd off
	scans 3
	economize '{}' --json --min-age=0
	assertEquals "$(said)" 0 $_status
	assertEquals "kept economy-watched" "$(of odd)"
	assertEquals "kept economy-pays" "$(of one)"
	assertEquals "kept economy-off" "$(of off)"
	assertEquals "it is not mergeable" "" "$(of none)"
	# at once: no scan lies between
	economize '{}' --json --min-age=0
	assertEquals "kept economy-watched yes" "$(of odd) $(mergeable odd)"
	scans 3
	economize '{}' --json --min-age=3600
	assertEquals "not for long enough" "kept economy-watched" "$(of odd)"
	economize '{}' --json
	assertEquals "nor for the ten minutes of the default" "kept economy-watched" "$(of odd)"
	economize '{}' --json --min-age=0 --dry-run
	assertEquals "$(said)" "0 would-disable economy-costs-more yes" "$_status $(of odd) $(mergeable odd)"
	economize '{}' --json --min-age=0
	assertEquals "$(said)" "0 disabled economy-costs-more no" "$_status $(of odd) $(mergeable odd)"
	assertEquals "1 0" "$(jq -r --arg id "$id-odd" '.containers[] | select(.id == $id) |
		"\(.processes) \(.failed_processes)"' "$work/said")"
	assertTrue "stopped" "[ $(jq '[.containers[].stopped_us] | max' "$work/said") -gt 0 ]"
	assertEquals "yes yes yes" "$(mergeable one) $(mergeable two) $(mergeable off)"
	economize '{}' --json --min-age=0
	assertEquals "it is nobody's business any more" "" "$(of odd)"
	# what it cost is freed by the next scans
	scans 2
	assertEquals 0 "$(awk '/^ksm_rmap_items/ { print $2 }' "/proc/$(pids_of odd)/ksm_stat")"
}

testWhatTheConfigurationSays() {
	dear odd
	attach odd
	scans 3
	economize '{}' --min-age=0
	scans 3
	for _config in '{"economy": "off"}' '{"deny": 7}' '{"mode": "observe"}'; do
		economize "$_config" --json --min-age=0
		case $_config in
		*economy*) assertEquals "$(said)" "0 kept economy-off" "$_status $(of odd)" ;;
		*deny*)
			assertEquals "$(said)" 1 $_status
			assertContains "$(said)" "reason=config-invalid"
			;;
		*)
			assertEquals "$(said)" "0 would-disable economy-costs-more" "$_status $(of odd)"
			assertContains "$(said)" "reason=observed"
			;;
		esac
		assertEquals "$_config" yes "$(mergeable odd)"
	done
	economize '{"economy": "on"}' --min-age=0
	assertEquals "$(said)" "0 no" "$_status $(mergeable odd)"
	assertContains "$(said)" "1 of "
}

# All processes of it, also where another container of that name ran at the last call.
testTheContainerAndNotItsName() {
	dear odd
	attach odd
	scans 3
	economize '{}' --min-age=0
	runc delete -f "$id-odd"
	dear odd '{}' "equal $pages & exec equal $pages"
	_two_apart() { [ "$(grep -c apart "$work/odd.out")" -eq 2 ]; }
	wait_for 10 _two_apart
	attach odd
	scans 3
	economize '{}' --json --min-age=0
	assertEquals "$(said)" "kept economy-watched yes" "$(of odd) $(mergeable odd)"
	scans 3
	economize '{}' --json --min-age=0
	assertEquals "$(said)" "disabled economy-costs-more no" "$(of odd) $(mergeable odd)"
	assertEquals 2 "$(jq -r --arg id "$id-odd" '.containers[] | select(.id == $id).processes' "$work/said")"
}

# called_one: a container in a cgroup that is called as that of "one" is, below one that a user may have
called_one() {
	bundle_make "$work/b-evil" "$work/root" '{}' '{}' /bin/sh -c "exec equal 60000"
	jq --arg path "/user-$id/$id-one" '.linux.cgroupsPath = $path' "$work/b-evil/config.json" >"$work/evil.json"
	mv "$work/evil.json" "$work/b-evil/config.json"
	started="$started evil"
	: >"$work/evil.out"
	runc run -d -b "$work/b-evil" "$id-evil" </dev/null >"$work/evil.out" 2>&1
	wait_for 20 grep -q ready "$work/evil.out"
	apart evil
}

# His processes are counted with those of the container that he has called his cgroup by, whichever were there
# first, and cost more than both save: that one stays as it is.
testWhoIsCalledTheSame() {
	for _first in one evil; do
		for _c in $_first one evil two; do
			case " $started " in *" $_c "*) continue ;; esac
			case $_c in
			evil) called_one ;;
			*) container $_c '{}' "exec equal 600" ;;
			esac
		done
		attach one two
		assertEquals "attached as well" yes "$(mergeable evil)"
		scans 3
		economize '{}' --json --min-age=0
		assertEquals "$(said)" "kept economy-watched" "$(of one)"
		scans 3
		economize '{}' --json --min-age=0
		assertEquals "$_first first: $(said)" "yes yes" "$(mergeable one) $(mergeable two)"
		# he himself, if it is one of his that the look began with
		case "$(of one) $(mergeable evil)" in
		"kept economy-not-known yes" | "disabled economy-costs-more no") ;;
		*) fail "evil is $(mergeable evil): $(said)" ;;
		esac
		each_teardown
		each_setup
	done
	cgroup_removed "user-$id"
}

# As every command that only looks (tests/hostile/privileges.sh), which needs a configuration here.
testADryRunHasNoPower() {
	echo '{}' >/etc/ksm-hook/config.json
	strace -qq -e trace=capset,prctl,ptrace -o "$work/calls" "$KSM_HOOK" economize --dry-run >"$work/said" 2>"$work/err"
	_status=$?
	assertEquals "$(said)" 0 $_status
	assertTrue "a filter" "grep -q 'prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER' '$work/calls'"
	assertEquals "$(cat "$work/calls")" "1<<CAP_DAC_READ_SEARCH|1<<CAP_SYS_PTRACE" \
		"$(sed -n 's/.*effective=\([^,}]*\).*/\1/p' "$work/calls" | tail -n 1)"
	# and who changes something keeps what attach keeps
	strace -qq -e trace=capset,prctl -o "$work/calls" "$KSM_HOOK" economize >"$work/said" 2>"$work/err"
	_status=$?
	assertEquals "$(said)" 0 $_status
	assertEquals "$(cat "$work/calls")" "1<<CAP_DAC_OVERRIDE|1<<CAP_DAC_READ_SEARCH|1<<CAP_KILL|1<<CAP_SYS_PTRACE|1<<CAP_SYS_ADMIN" \
		"$(sed -n 's/.*effective=\([^,}]*\).*/\1/p' "$work/calls" | tail -n 1)"
	assertContains "$(cat "$work/calls")" "PR_SET_NO_NEW_PRIVS, 1"
}

# What others could have written, and what is no record, is believed by nobody.
testWhatIsRemembered() {
	dear odd
	attach odd
	scans 3
	economize '{}' --min-age=0
	assertEquals "600 root" "$(stat -c '%a %U' /run/ksm-hook/economy)"
	cp /run/ksm-hook/economy "$work/kept"
	economize '{}' --min-age=0 --dry-run
	assertEquals "as it was" "$(cat "$work/kept")" "$(cat /run/ksm-hook/economy)"
	scans 3
	chmod 666 /run/ksm-hook/economy
	economize '{}' --min-age=0
	assertEquals "$(said)" "1 yes" "$_status $(mergeable odd)"
	chmod 600 /run/ksm-hook/economy
	printf '1 2 3\n%s\n' "$(head -c 5000 /dev/urandom | base64 -w 0)" >/run/ksm-hook/economy
	economize '{}' --json --min-age=0
	assertEquals "$(said)" "0 kept economy-watched yes" "$_status $(of odd) $(mergeable odd)"
}

# shellcheck source=/dev/null
. "$here/../lib/common.sh"
