#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Which process a hook acts on: the child of the runtime that calls it, whoever calls it for the
# runtime; not another one of a supervisor's, as the init of each older container of a shim is.
# needs: nothing

suite_setup() {
	echo '{}' >"$work/config.json"
	# A shim has a container that runs, and starts a runtime, which makes an init and calls the
	# hook. Says what is mergeable then: the init, the runtime's other processes, the shim's, and
	# one that the shim's own parent has started meanwhile.
	cat >"$work/shim" <<'EOP'
import ctypes, json, os, subprocess, sys, time

work, hook, whom, how = sys.argv[1:5]


def sleeper():
    return subprocess.Popen(["sleep", "1000"], stdin=subprocess.DEVNULL).pid


def merged(pid):
    with open(f"/proc/{pid}/ksm_stat") as f:
        return "ksm_merge_any: yes" in f.read()


def orphan():
    """Made by a process in between that has ended: crun's way with a user namespace."""
    r, w = os.pipe()
    if os.fork() == 0:
        os.write(w, str(sleeper()).encode())
        os._exit(0)
    os.wait()
    return int(os.read(r, 20))


# above the shim: asked by a byte, it starts a process of its own
asked, late = os.pipe(), os.pipe()
shim = os.fork()
if shim:
    os.close(asked[1])
    if os.read(asked[0], 1):
        cousin = subprocess.Popen(["sleep", "1000"], stdin=subprocess.DEVNULL)
        os.write(late[1], str(cousin.pid).encode())
    status = os.waitpid(shim, 0)[1]
    cousin.kill()
    cousin.wait()
    sys.exit(status != 0)
os.close(asked[0])
os.close(late[1])
# as containerd's shim and conmon do: PR_SET_CHILD_SUBREAPER
ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)
processes = {"victim": sleeper(), "shim": os.getpid()}
# the kernel counts starts in hundredths of a second
time.sleep(0.05)
runtime = os.fork()
if runtime == 0:
    processes["runtime"] = os.getpid()
    processes["init"] = sleeper()
    processes["orphan"] = orphan()
    middle = subprocess.Popen(["sh", "-c", "sleep 1000 & echo $!; wait"], stdout=subprocess.PIPE, text=True)
    processes["grandchild"] = int(middle.stdout.readline())
    os.write(asked[1], b"x")
    processes["cousin"] = int(os.read(late[0], 20))
    state = {"id": "box", "status": "creating", "bundle": "/", "annotations": {"io.ksm.merge": "true"},
             "pid": processes[whom]}
    command = [hook, "createRuntime", "--config", work + "/config.json"]
    # the last word keeps the shell from becoming what it starts
    quoted = " ".join(f"'{word}'" for word in command)
    for shell in filter(None, how.split(",")):
        command = [shell, "-c", quoted + "; exit $?"]
        quoted = " ".join("'" + word.replace("'", "'\\''") + "'" for word in command)
    if how.startswith("by"):
        # a program between that is no shell, younger than the init by what the kernel counts
        time.sleep(0.05)
        command = [sys.executable, "-c", "import subprocess, sys; sys.exit(subprocess.run(sys.argv[1:]).returncode)",
                   hook, "createRuntime", "--config", work + "/config.json"]
    done = subprocess.run(command, input=json.dumps(state), text=True, stderr=subprocess.PIPE)
    print(done.returncode, *(n for n, p in processes.items() if n != "runtime" and merged(p)))
    with open(work + "/err", "w") as f:
        f.write(done.stderr)
    for name in ("init", "grandchild", "orphan"):
        os.kill(processes[name], 9)
    middle.wait()
    sys.stdout.flush()
    os._exit(0)
os.waitpid(runtime, 0)
os.kill(processes["victim"], 9)
EOP
}

# acts WHOM HOW ANSWER: the hook's exit status and what is mergeable
acts() {
	assertEquals "$1, by ${2:-the runtime}: $(cat "$work/err" 2>/dev/null)" "$3" \
		"$(timeout 60 python3 "$work/shim" "$work" "$KSM_HOOK" "$1" "$2")"
	case $3 in
	"0") assertContains "$1, by $2" "$(cat "$work/err")" "is not a child of the runtime that called this hook" ;;
	esac
}

testTheRuntimesChild() {
	acts init "" "0 init"
	for _shell in sh bash dash zsh; do
		command -v $_shell >/dev/null || continue
		acts init $_shell "0 init"
	done
	acts init sh,bash "0 init"
	acts init sh,bash,sh "0 init"
}

testAnInitWithoutItsParent() {
	for _how in "" sh sh,bash; do
		acts orphan "$_how" "0 orphan"
	done
}

testNobodyElses() {
	for _how in "" sh sh,bash sh,bash,sh; do
		for _whom in victim shim runtime grandchild cousin; do
			acts $_whom "$_how" "0"
		done
	done
}

# what is no shell is taken for the runtime, whose parent's children are not ours
testAProgramBetween() {
	acts init by "0"
	acts orphan by "0"
	acts victim by "0"
	acts cousin by "0"
}

. "$(dirname "$0")/../lib/common.sh"
