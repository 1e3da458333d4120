#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Hooks whose surroundings are hostile or broken: nobody reads what they write, limits are tiny,
# system calls fail, signals are ignored. No container that did not ask may suffer from that.
# HOOK_IO=all: each call with each error, in each stage, instead of a part of them.

suite_setup() {
	mkdir "$work/cases"
	echo '{}' >"$work/config.json"
	echo '{"ociVersion":"1.0.2","id":"box","status":"creating","pid":1,"bundle":"/tmp"}' >"$work/state"
	sed 's|}$|,"annotations":{"io.ksm.merge":"true"}}|' "$work/state" >"$work/asks"
	# runs what it is given with stderr that has no reader, and signals as they are by default
	cat >"$work/unread" <<'EOP'
import os, signal, sys
r, w = os.pipe()
os.dup2(w, 2)
os.close(r)
signal.signal(signal.SIGPIPE, signal.SIG_DFL)
os.execvp(sys.argv[1], sys.argv[1:])
EOP
}

# Each ends with 0, or 1 where merging is required, by no signal, within 5 s; the container runs.
testFaults() {
	"$top/tests/hostile/hook-io-cases" "$KSM_HOOK" "$BUILD/attach/nothing" "$work/cases" "${HOOK_IO:-quick}" >"$work/out" 2>&1
	assertEquals "status" 0 $?
	_n=$(tail -n 1 "$work/out")
	assertEquals "cases that ended otherwise" "" "$(sed '$d' "$work/out" | head -n 20)"
	assertTrue "$_n cases" "[ '$_n' -ge 1000 ]"
}

testNobodyReadsStderr() {
	for _stage in createRuntime prestart poststart poststop; do
		for _input in asks config.json; do
			python3 "$work/unread" "$KSM_HOOK" "$_stage" <"$work/$_input"
			assertEquals "$_stage $_input" 0 $?
		done
		python3 "$work/unread" "$KSM_HOOK" "$_stage" --nosuch <"$work/state"
		assertEquals "$_stage --nosuch" 0 $?
	done
	python3 "$work/unread" "$KSM_HOOK" lxc
	assertEquals "lxc" 0 $?
	python3 "$work/unread" "$KSM_HOOK" precreate --nosuch <"$work/config.json" >"$work/out"
	assertEquals "precreate" 0 $?
	assertTrue "precreate passes on" "cmp '$work/config.json' '$work/out'"
	python3 "$work/unread" "$KSM_HOOK" run "$work/none"
	assertEquals "run of nothing" 127 $?
	echo '{"runtimes": ["/none/runc"]}' >"$work/none.json"
	python3 "$work/unread" "$KSM_HOOK" runtime --config "$work/none.json" run box
	assertEquals "wrapper without a runtime" 1 $?
}

# The runtime and the command find signals as their caller had them.
testSignalsAreGivenBack() {
	cat >"$work/signals" <<'EOP'
import os, signal, sys
how = {"i": signal.SIG_IGN, "d": signal.SIG_DFL}[sys.argv[1]]
for s in signal.SIGPIPE, signal.SIGCHLD, signal.SIGXFSZ, signal.SIGALRM:
    signal.signal(s, how)
signal.pthread_sigmask(signal.SIG_SETMASK, [signal.SIGALRM, signal.SIGPIPE] if how else [])
os.execvp(sys.argv[2], sys.argv[2:])
EOP
	# a runtime's name that shows what it finds, whatever it is told to do
	mkdir -p "$work/shows"
	printf '#!/bin/sh\nexec grep -E "^Sig(Ign|Blk|Cgt)" /proc/self/status\n' >"$work/shows/runc"
	chmod 755 "$work/shows/runc"
	jq -n --arg runc "$work/shows/runc" '{runtimes: [$runc]}' >"$work/shows.json"
	for _how in d i; do
		python3 "$work/signals" $_how "$work/shows/runc" >"$work/expected"
		python3 "$work/signals" $_how "$KSM_HOOK" run "$work/shows/runc" >"$work/out" 2>/dev/null
		assertEquals "run $_how" "$(cat "$work/expected")" "$(cat "$work/out")"
		python3 "$work/signals" $_how "$KSM_HOOK" runtime --config "$work/shows.json" run -b "$work/none" box \
			>"$work/out" 2>/dev/null
		assertEquals "wrapper $_how" "$(cat "$work/expected")" "$(cat "$work/out")"
	done
}

# /dev/log whose reader has stopped: syslog(3) would wait for it for ever, as the program of before the
# audit was seen to do in both stages (no end in 30 s).
testNobodyReadsSyslog() {
	cat >"$work/queue" <<'EOP'
import os, socket, subprocess, sys, time
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1] + "/log")
subprocess.run(["mount", "--bind", sys.argv[1], "/dev"], check=True)
# A sender's own buffer is full before the queue (net.unix.max_dgram_qlen) is: until one that is new cannot
# send at all.
senders, sent = [], 1
while sent:
    sent = 0
    senders.append(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM))
    senders[-1].setblocking(False)
    senders[-1].connect("/dev/log")
    try:
        while True:
            senders[-1].send(b"x")
            sent += 1
    except BlockingIOError:
        pass
begin = time.monotonic()
try:
    status = subprocess.run(sys.argv[2:], timeout=30, stdin=0, stderr=subprocess.DEVNULL).returncode
except subprocess.TimeoutExpired:
    status = "no end"
print(status, "in time" if time.monotonic() - begin < 5 else "late")
EOP
	mkdir -p "$work/dev"
	mknod -m 666 "$work/dev/null" c 1 3
	for _stage in createRuntime poststart; do
		rm -f "$work/dev/log"
		assertEquals "$_stage" "0 in time" \
			"$(unshare -m python3 "$work/queue" "$work/dev" "$KSM_HOOK" "$_stage" <"$work/asks")"
	done
}

# A file system (FUSE) that answers nothing, not even with a KILL, under the configuration, the bundle
# and the container's root. The children that wait for it end with its server.
testFilesThatDoNotAnswer() {
	cat >"$work/silent" <<'EOP'
# silent HOLD_LOCK HOOK LIBRARY: a line for each stage: its name, its status, and if it was late
mknod fuse c 10 229 && mkdir far && mkdir ends || exit 1
timeout -s KILL 60 "$1" "$PWD/fuse" "$PWD/far" 0 >said &
server=$!
sleep 1000 &
box=$!
hook=$2
until [ -s said ] || [ ! -e /proc/$server ]; do
	sleep 0.02 # between two looks
done
state() { echo "{\"ociVersion\":\"1.0.2\",\"id\":\"box\",\"status\":\"creating\",\"pid\":$box,\"bundle\":\"$PWD/far\",\"annotations\":{$1}}"; }
# ends NAME COMMAND...: its stdin is what it is given. Nothing but shells stands between the hook
# and the parent of the box; the end of the server ends every wait.
ends() {
	_name=$1 && shift
	_begin=$(date +%s%N)
	"$@" >"ends/$_name.out" 2>"ends/$_name.err"
	_status=$?
	[ $((($(date +%s%N) - _begin) / 1000000)) -lt 5000 ] || _status="$_status late"
	echo "$_name $_status" >"ends/$_name"
}
asks='"io.ksm.merge":"true"'
needs="$asks,\"io.ksm.required\":\"true\""
stages=
for stage in createRuntime prestart poststart poststop; do
	state | ends $stage "$hook" $stage --config far/config.json &
	stages="$stages $!"
done
state "$asks" | ends asks "$hook" createRuntime --config far/config.json &
stages="$stages $!"
state "$needs" | ends needs "$hook" createRuntime --config far/config.json &
stages="$stages $!"
state "$asks,\"io.ksm.method\":\"preload\"" | ends bundle "$hook" createRuntime --config near.json &
stages="$stages $!"
state "$asks,\"io.ksm.layout\":\"shared\",\"io.ksm.group\":\"silent\"" >state
ends layout "$hook" createRuntime --config near.json <state &
stages="$stages $!"
echo '{"process":{"args":["x"]}}' | ends precreate "$hook" precreate --config far/config.json &
stages="$stages $!"
jq -n --arg root "$PWD/far" '{ociVersion: "1.0.2", annotations: {"io.ksm.merge": "true", "io.ksm.method": "preload"},
	root: {path: $root}, process: {args: ["/bin/x"], env: ["A=b"]},
	mounts: [{destination: "/dev", type: "tmpfs", source: "tmpfs"}]}' >spec
ends program "$hook" precreate --library "$3" --config near.json <spec &
stages="$stages $!"
LXC_NAME=box LXC_HOOK_VERSION=1 LXC_HOOK_TYPE=start-host LXC_PID=$box ends lxc "$hook" lxc --config far/config.json &
wait $stages $!
kill -KILL $server $box
EOP
	mkdir "$work/silence"
	echo '{"shared_layout": true}' >"$work/silence/near.json"
	(cd "$work/silence" && unshare -m sh "$work/silent" "$BUILD/tests/hold-lock" "$KSM_HOOK" "$BUILD/libksm_preload.so") >"$work/out" 2>&1
	for _stage in createRuntime prestart poststart poststop asks needs bundle layout precreate program lxc; do
		case $_stage in needs) _want=1 ;; *) _want=0 ;; esac
		assertEquals "$(cat "$work/out" "$work/silence/ends/$_stage.err")" "$_stage $_want" \
			"$(cat "$work/silence/ends/$_stage")"
	done
	for _stage in createRuntime asks needs; do
		assertContains "$(cat "$work/silence/ends/$_stage.err")" reason=config-unreadable
	done
	assertContains "$(cat "$work/silence/ends/layout.err")" reason=spec-unreadable
	assertContains "a program that cannot be looked at may load it" "$(cat "$work/silence/ends/program.out")" libksm_preload
	assertEquals "precreate passes on" '{"process":{"args":["x"]}}' "$(cat "$work/silence/ends/precreate.out")"
}

# A file system that answers, with ETIMEDOUT, is not one that does not answer: what it says is told.
testFilesThatTimeOut() {
	cat >"$work/softerr" <<'EOP'
# softerr HOLD_LOCK HOOK STATE: the hook's status
mknod fuse c 10 229 && mkdir far || exit 1
timeout -s KILL 60 "$1" "$PWD/fuse" "$PWD/far" 0 timeout >said &
server=$!
until [ -s said ] || [ ! -e /proc/$server ]; do
	sleep 0.02 # between two looks
done
"$2" createRuntime --config far/config.json <"$3"
echo $?
kill -KILL $server
EOP
	mkdir "$work/times-out"
	(cd "$work/times-out" && unshare -m sh "$work/softerr" "$BUILD/tests/hold-lock" "$KSM_HOOK" "$work/asks") \
		>"$work/out" 2>"$work/err"
	assertEquals "$(cat "$work/err")" 0 "$(cat "$work/out")"
	assertContains "$(cat "$work/err")" "reason=config-unreadable: not made mergeable: far/config.json: "
	# each C library has its own word for it: the connection, the operation
	assertContains "$(cat "$work/err")" " timed out"
	assertNotContains "it has answered" "$(cat "$work/err")" "has not answered"
}

# slip STATUS FILE ARGV...: a registration that is wrong, called as an engine does, argv[0] included
slip() {
	_status=$1 _file=$2
	shift 2
	"$top/tests/lib/as-argv" "$KSM_HOOK" "$@" <"$work/$_file" >"$work/out" 2>"$work/err"
	_ended=$?
	assertEquals "$*: $(cat "$work/err")" "$_status" $_ended
	assertEquals "$*: lines" 1 "$(wc -l <"$work/err")"
	assertContains "$*" "$(cat "$work/err")" "fix the hook's \"args\""
}

testSlipsOfARegistration() {
	sed 's|"io.ksm.merge":"true"|"io.ksm.merge":"true","io.ksm.required":"true"|' "$work/asks" >"$work/needs"
	echo '{"ociVersion":"1.0.2","process":{"args":["x"]},"root":{"path":"x"}}' >"$work/spec"
	for _file in state asks; do
		slip 0 "$_file"
		slip 0 "$_file" "$KSM_HOOK"
		slip 0 "$_file" createRuntime
		slip 0 "$_file" ksm-hook crateRuntime
		slip 0 "$_file" ksm-hook createContainer
		slip 0 "$_file" ksm-hook --config "$work/config.json" createRuntime
		slip 0 "$_file" ksm-hook createRuntime --nosuch
		assertEquals "stdout" "" "$(cat "$work/out")"
	done
	# a command of ours is no stage either, and is not run
	for _command in attach detach run 'doctor x' ps status enable disable stop docker-register nri economize \
		estimate capacity metrics 'policy check'; do
		# shellcheck disable=SC2086
		slip 0 asks ksm-hook $_command
		assertEquals "stdout of $_command" "" "$(cat "$work/out")"
		# shellcheck disable=SC2086
		slip 1 needs ksm-hook $_command
	done
	# by a pipe that stays open
	mkfifo "$work/pipe"
	exec 9<>"$work/pipe"
	cat "$work/needs" >&9
	timeout 60 "$top/tests/lib/as-argv" "$KSM_HOOK" ksm-hook ps <"$work/pipe" >"$work/out" 2>"$work/err"
	_ended=$?
	assertEquals "a pipe: $(cat "$work/err")" 1 $_ended
	exec 9>&-
	# what is somebody's is left to whom it belongs
	assertEquals "run" "$(cat "$work/needs")" "$("$KSM_HOOK" run cat <"$work/needs" 2>/dev/null)"
	for _i in 1 2; do echo '{"ociVersion":"1.0.2","id":"x","pid":1,"status":"running","bundle":"/x","rootfs":"/x","created":"now"}'; done |
		while read -r _line; do
			"$KSM_HOOK" ps --help >/dev/null 2>"$work/err" || echo failed
			assertEquals "" "$(cat "$work/err")"
			echo "$_line"
		done >"$work/lines"
	assertEquals "$(cat "$work/lines")" 2 "$(wc -l <"$work/lines")"
	slip 1 needs ksm-hook crateRuntime
	slip 1 needs createRuntime
	# podman takes what such a hook writes for the container's config.json
	slip 0 spec ksm-hook precraete
	assertTrue "passed on" "cmp '$work/spec' '$work/out'"
	LXC_NAME=box LXC_CONFIG_FILE=/none slip 0 state ksm-hook box lxc mount
	LXC_NAME=box LXC_CONFIG_FILE=/none KSM_MERGE=yes KSM_REQUIRED=yes slip 1 state ksm-hook box lxc mount
	# LXC's words behind a command; a program that `run` is to run has them too
	for _command in ps attach detach stop run; do
		LXC_NAME=box slip 0 state ksm-hook $_command box lxc mount
		LXC_NAME=box KSM_MERGE=yes KSM_REQUIRED=yes slip 1 state ksm-hook $_command box lxc mount
	done
	assertEquals "of a script" "box lxc mount" "$(LXC_NAME=box "$KSM_HOOK" run echo box lxc mount 2>/dev/null)"
	# typed by somebody, it is wrong usage
	for _words in "" nosuch --config; do
		# shellcheck disable=SC2086
		"$KSM_HOOK" $_words </dev/null >/dev/null 2>&1
		assertEquals "ksm-hook $_words" 2 $?
		# shellcheck disable=SC2086
		echo text | "$KSM_HOOK" $_words >/dev/null 2>&1
		assertEquals "ksm-hook $_words, with a text" 2 $?
	done
}

# taken STATUS FILE ARGV...: nothing of stdin is left, for crun fails a container's start where its hook
# ends before the state is written
taken() {
	_status=$1 _file=$2
	shift 2
	exec 8<"$work/$_file"
	"$top/tests/lib/as-argv" "$KSM_HOOK" "$@" <&8 >"$work/out" 2>"$work/err"
	_ended=$?
	assertEquals "$*: $(cat "$work/err")" "$_status" $_ended
	assertEquals "$*: is left" "" "$(cat <&8)"
	exec 8<&-
	assertContains "$*" "$(cat "$work/err")" "fix the hook's \"args\""
}

testNoStateIsLeftUnread() {
	sed 's|"io.ksm.merge":"true"|"io.ksm.merge":"true","io.ksm.required":"true"|' "$work/asks" >"$work/needs"
	echo '{"ociVersion":"1.0.2","process":{"args":["x"]},"root":{"path":"x"}}' >"$work/spec"
	sed 's|}$|,"annotations":{"io.ksm.merge":"true","io.ksm.required":"true"}}|' "$work/spec" >"$work/spec-needs"
	for _words in 'createRuntime --help' 'prestart -h' 'createRuntime --nosuch' 'createRuntime extra' \
		'poststart --help' 'poststart --config' lxc 'lxc --nosuch' 'lxc --help' runtime 'runtime --help' \
		run 'run --help' 'ps --help' 'nri --help' --help -h --version; do
		# shellcheck disable=SC2086
		taken 0 asks ksm-hook $_words
		assertEquals "stdout of $_words" "" "$(cat "$work/out")"
		# shellcheck disable=SC2086
		taken 1 needs ksm-hook $_words
	done
	taken 0 asks ksm-runc
	for _words in --nosuch extra --config; do
		taken 0 needs ksm-hook poststop $_words
	done
	for _words in --help --nosuch extra --library; do
		taken 0 spec ksm-hook precreate $_words
		assertTrue "passed on: $_words" "cmp '$work/spec' '$work/out'"
		taken 1 spec-needs ksm-hook precreate $_words
	done
	# who only asks is answered
	for _words in --help --version 'createRuntime --help' 'lxc --help'; do
		# shellcheck disable=SC2086
		assertContains "$(echo '{"id":"x"}' | "$KSM_HOOK" $_words)" ksm-hook
	done
}

. "$(dirname "$0")/../lib/common.sh"
