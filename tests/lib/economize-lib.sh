# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh disable=SC2034,SC2046,SC2154 # lists are split; variables of common.sh and the suite
# Containers to economize on, after lib/bundle.sh, in a suite that has a pid namespace of its own: economize is
# about all containers, and none but ours is to be met. What is configured and remembered is ours as well.

# numbers of processes come again in each such namespace
id=ksmeco-$(cut -c1-8 /proc/sys/kernel/random/uuid)

suite_setup() {
	rootfs_make "$work/root"
	cp "$BUILD/tests/equal" "$BUILD/tests/pieces" "$work/root/bin/" || exit 1
	config_folder_take
	mkdir -p /run/ksm-hook
	mount -t tmpfs -o mode=755 none /etc/ksm-hook && mount -t tmpfs -o mode=755 none /run/ksm-hook || exit 1
	for _f in advisor_mode:none use_zero_pages:0 smart_scan:0 pages_to_scan:20000 sleep_millisecs:5 run:1; do
		[ ! -e $ksm/${_f%:*} ] || echo ${_f#*:} >$ksm/${_f%:*}
	done
}

suite_teardown() {
	umount /etc/ksm-hook /run/ksm-hook
	config_folder_leave
}

each_setup() {
	started=
	rm -f /run/ksm-hook/economy
}

each_teardown() {
	! command -v also_teardown >/dev/null || also_teardown
	for _c in ${started:-}; do runc delete -f "$id-$_c" 2>/dev/null; done
}

# container NAME ANNOTATIONS COMMAND: which says "ready"
container() {
	bundle_make "$work/b-$1" "$work/root" '{}' "$2" /bin/sh -c "$3"
	started="$started $1"
	: >"$work/$1.out"
	runc run -d -b "$work/b-$1" "$id-$1" </dev/null >"$work/$1.out" 2>&1
	wait_for 10 grep -q ready "$work/$1.out"
}

pids_of() {
	runc ps -f json "$id-$1" | jq -r '.[]'
}

# apart NAME: no other has the pages of its program "equal" any more
apart() {
	for _p in $(pids_of "$1"); do
		[ "$(cat "/proc/$_p/comm")" != equal ] || kill -USR1 "$_p"
	done
	wait_for 10 grep -q apart "$work/$1.out"
}

mergeable() {
	for _p in $(pids_of "$1"); do
		sed -n 's/^ksm_merge_any: //p' "/proc/$_p/ksm_stat"
	done | sort -u | xargs
}

scanned() { [ "$(cat $ksm/full_scans)" -ge "$1" ]; }

# scans N: ksmd has been through so often from now on; and rests then, as on a machine that has nothing else to
# do it would be through again between two commands
scans() {
	_until=$(($(cat $ksm/full_scans) + $1 + 1))
	echo 1 >$ksm/run
	wait_for 60 scanned $_until
	echo 0 >$ksm/run
}

# economize CONFIG ARGUMENT...: with that in config.json
economize() {
	printf '%s' "$1" >/etc/ksm-hook/config.json
	shift
	"$KSM_HOOK" economize "$@" >"$work/said" 2>"$work/err"
	_status=$?
}
said() { cat "$work/said" "$work/err"; }

# of NAME: what the last economize --json said of it
of() {
	jq -r --arg id "$id-$1" '.containers[] | select(.id == $id) | .action + " " + .reason' "$work/said"
}

attach() {
	echo '{}' >/etc/ksm-hook/config.json
	"$KSM_HOOK" attach $(for _c; do echo "$id-$_c"; done) >"$work/attached" 2>&1 ||
		fail "attach: $(cat "$work/attached")"
}
