#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What is started by a caller that ignores SIGCHLD, as some daemons and shells leave it: the kernel then
# tells nobody that a child has ended. Done all the same, for the right reason, and the target is
# stopped no longer.

suite_setup() {
	cat >"$work/drive" <<'EOP'
import json, mmap, os, signal, struct, subprocess, sys, time

program, how, dir = sys.argv[1:]
gap = mmap.mmap(-1, 8)
target = os.fork()
if target == 0:
    # the longest time for which it did not get to run; it is stopped in a system call
    last = time.monotonic()
    while os.getppid():
        now = time.monotonic()
        if now - last > struct.unpack("d", gap[:8])[0]:
            gap[:8] = struct.pack("d", now - last)
        last = now

def ignore():
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)

def mergeable():
    with open(f"/proc/{target}/ksm_stat") as f:
        return "ksm_merge_any: yes" in f.read()

def call(*args, text=""):
    gap[:8] = struct.pack("d", 0)
    done = subprocess.run([program, *args], input=text, capture_output=True, text=True, timeout=60,
                          preexec_fn=ignore if how == "ignored" else None)
    return done, struct.unpack("d", gap[:8])[0] * 1000

state = json.dumps({"ociVersion": "1.0.2", "id": "box", "status": "creating", "pid": target, "bundle": dir,
                    "annotations": {"io.ksm.merge": "true", "io.ksm.required": "true"}})
shortest = 1e9
try:
    # by chance anybody waits for a processor: not each time
    for i in range(200):
        for args, text, after in ((["attach", f"pid:{target}"], "", True),
                                  (["detach", "--force", f"pid:{target}"], "", False),
                                  (["createRuntime", "--config", dir + "/config.json"], state, True),
                                  (["detach", "--force", f"pid:{target}"], "", False)):
            done, ms = call(*args, text=text)
            if done.returncode or mergeable() != after:
                sys.exit(f"{args[0]}: {done.returncode} {mergeable()} {done.stdout}{done.stderr}")
            if args[0] == "attach":
                shortest = min(shortest, ms)
        if i >= 2 and shortest < 25:
            break
    print("stopped for", "less than 25 ms" if shortest < 25 else f"{shortest:.0f} ms and more")
    # one that nobody can attach to, and why
    held, _ = call("attach", "pid:1000000000")
    print(held.returncode, held.stderr.strip())
finally:
    os.kill(target, signal.SIGKILL)
EOP
	echo '{}' >"$work/config.json"
}

# the control is a caller that does not
testAttachDetachAndAHook() {
	python3 "$work/drive" "$KSM_HOOK" default "$work" >"$work/default" 2>&1
	_rc=$?
	assertEquals "$(cat "$work/default")" 0 $_rc
	python3 "$work/drive" "$KSM_HOOK" ignored "$work" >"$work/ignored" 2>&1
	_rc=$?
	assertEquals "$(cat "$work/ignored")" 0 $_rc
	assertEquals "stopped for less than 25 ms" "$(head -n 1 "$work/ignored")"
	assertEquals "the same reason" "$(cat "$work/default")" "$(cat "$work/ignored")"
}

# What children of ours are asked to find out: by it they are waited for, and their answers are believed.
testWhatChildrenAnswer() {
	cat >"$work/ignoring" <<'EOP'
import os, signal, sys
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
os.execv(sys.argv[1], sys.argv[1:])
EOP
	sleep 1000 &
	_pid=$!
	for _command in "doctor --json pid:$_pid" "estimate --json pid:$_pid" "attach pid:$_pid" "ps --json" status; do
		# shellcheck disable=SC2086 # arguments
		timeout 60 "$KSM_HOOK" $_command >"$work/expected" 2>&1
		_status=$?
		# shellcheck disable=SC2086
		timeout 60 python3 "$work/ignoring" "$KSM_HOOK" $_command >"$work/out" 2>&1
		_rc=$?
		assertEquals "$_command: $(cat "$work/out")" $_status $_rc
		assertNotContains "$_command" "$(cat "$work/out")" "No child processes"
	done
	kill $_pid
}

. "$(dirname "$0")/../lib/common.sh"
