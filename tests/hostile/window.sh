#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A tenant of podman, under its default profile, as user 1000 and without capabilities, waits for attach
# and detach to get a call past the profile. window-soak.sh has 10,000 rounds.
# needs: containers

: "${ROUNDS:=500}"
# by the commands themselves, which first look at all processes of the machine
commands=50

suite_setup() {
	. "$top/tests/lib/bundle.sh"
	. "$top/tests/lib/podman-lib.sh"
	rootfs_make "$work/root"
	cp "$BUILD/attach/escape" "$work/root/bin/escape"
	tar -C "$work/root" -cf "$work/image.tar" .
	podman_in "$work/r" import "$work/image.tar" image >"$work/import" 2>&1
	_ended=$?
	assertEquals "$(cat "$work/import")" 0 $_ended
}

suite_teardown() {
	podman_in "$work/r" rm -f -t 0 --all >/dev/null 2>&1
	# mounted by podman, in a directory that common.sh removes
	! grep -q " $work/r/storage " /proc/mounts || umount "$work/r/storage"
}

# begin SAYS OPTION...: the container; its init's number in $init
begin() {
	_first=$1
	shift
	# shellcheck disable=SC2086 # words
	podman_in "$work/r" --runtime runc run -d --name tenant $limits --user 1000:1000 --cap-drop all "$@" \
		image /bin/escape >"$work/run" 2>&1
	_ended=$?
	assertEquals "$(cat "$work/run")" 0 $_ended
	init=$(podman_in "$work/r" inspect -f '{{.State.Pid}}' tenant)
	wait_for 30 says "$_first"
}

says() { podman_in "$work/r" logs tenant 2>&1 | grep -q "$1"; }

end() { podman_in "$work/r" rm -f -t 0 tenant >/dev/null 2>&1; }

# else it would show nothing
testWithoutAProfileItGetsThrough() {
	begin through --security-opt seccomp=unconfined
	assertTrue "it says so" "says through"
	end
}

testNoWindowIsOpen() {
	begin tries
	assertEquals "a filter" 2 "$(sed -n 's/^Seccomp:[[:space:]]*//p' "/proc/$init/status")"
	assertEquals "a user" 1000 "$(stat -c %u "/proc/$init")"
	_done=0 _late=0
	while [ $_done -lt $commands ] && [ $_late -lt $((commands * 50)) ]; do
		# one that is always on a processor may not be reached in time, and is told of
		if "$KSM_HOOK" attach "$init" >"$work/out" 2>&1 && "$KSM_HOOK" detach "$init" >"$work/out" 2>&1; then
			_done=$((_done + 1))
		elif [ -e "/proc/$init" ]; then
			_late=$((_late + 1))
		else
			break
		fi
	done
	assertEquals "rounds, $_late not in time: $(cat "$work/out")" $commands $_done
	# the same calls, one after the other
	_said=$("$BUILD/inject-drive" -t 5000 -r "$ROUNDS" "$init" 2>&1)
	assertContains "$_said" "$_said" "ok $ROUNDS "
	assertFalse "got through: $(podman_in "$work/r" logs tenant 2>&1)" "says through"
	kill -TERM "$init"
	wait_for 30 says refused
	podman_in "$work/r" logs tenant 2>&1 | grep refused
	end
}

. "$(dirname "$0")/../lib/common.sh"
