#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Who has taken over a command of root's by what it reads of a container's processes: it has no
# more power than reading takes, and had given it up before it read a byte of theirs.
# needs: nothing

faults=${BUILD:-$(dirname "$0")/../../build}/ksm-hook-faults

# CAP_DAC_READ_SEARCH 2, CAP_SYS_PTRACE 19; and CAP_IPC_LOCK 14, CAP_SYS_ADMIN 21; and
# CAP_DAC_OVERRIDE 1, CAP_KILL 5
reads=0000000000080004 pages=0000000000284004 injects=0000000000280026

commands='ps
ps --json
ps --exact
metrics
metrics --format=collectd
capacity
capacity --json
status
status --json
doctor
policy
estimate --format=prometheus pid:
estimate pid:'

suite_setup() {
	sleep 1000 &
	victim=$!
	# runs a command whose output nobody takes, and says what /proc says of it while it waits
	cat >"$work/held" <<'EOP'
import os, subprocess, sys, time
r, w = os.pipe()
os.set_blocking(w, False)
try:
    while True:
        os.write(w, b"x" * 4096)
except BlockingIOError:
    os.set_blocking(w, True)
child = subprocess.Popen(sys.argv[1:], stdin=subprocess.DEVNULL, stdout=w)
end = time.monotonic() + 60
while child.poll() is None and time.monotonic() < end:
    with open(f"/proc/{child.pid}/stat") as f:
        waits = f.read().rsplit(")", 1)[1].split()[0] == "S"
    with open(f"/proc/{child.pid}/syscall") as f:
        # write(2) or writev(2) to standard output; x86_64's numbers
        call = f.read().split()[:2]
    if waits and call in (["1", "0x1"], ["20", "0x1"]):
        break
    time.sleep(0.01)
with open(f"/proc/{child.pid}/status") as f:
    print(*(line.split()[1] for line in f if line.split(":")[0] in
            ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb", "NoNewPrivs", "Seccomp")))
os.close(r)
child.kill()
EOP
	# a kernel that refuses prctl(PR_SET_SECCOMP), as another filter may
	sed 's/JUMP_EQ, 1, 0, 67/JUMP_EQ, 1, 0, 22/; s/JUMP_EQ, 0, 1, 68/JUMP_EQ, 0, 1, 22/' \
		"$top/tests/lib/no-prctl" >"$work/no-seccomp"
}

suite_teardown() {
	kill "$victim"
}

# each DO: DO COMMAND KEPT for every command that only reads
each() {
	while read -r _command; do
		case $_command in
		estimate*) "$1" "$_command$victim" $pages ;;
		*--exact) "$1" "$_command" $pages ;;
		# with a configuration that no other suite has; of who is no container nothing is printed
		policy)
			echo '{}' >"$work/config.json"
			case $1 in keeps) _what=check ;; *) _what="explain pid:$victim" ;; esac
			"$1" "policy --config=$work/config.json $_what" $reads
			;;
		*) "$1" "$_command" $reads ;;
		esac
	done <<-END
		$commands
	END
}

# ours MASK CapPrm|CapBnd: what of it root has here
ours() {
	printf '%016x' $((0x$1 & 0x$(sed -n "s/^$2:[[:space:]]*//p" /proc/self/status)))
}

keeps() {
	# shellcheck disable=SC2086 # words
	assertEquals "$1" "0000000000000000 $(ours "$2" CapPrm) $(ours "$2" CapPrm) $(ours "$2" CapBnd) 0000000000000000 1 2" \
		"$(python3 "$work/held" "$KSM_HOOK" $1 </dev/null)"
}

testWhatACommandKeeps() {
	each keeps
}

testWhatAttachKeeps() {
	"$KSM_HOOK" attach --watch=600 $victim >"$work/out" 2>&1 &
	_attach=$!
	wait_for 60 test -s "$work/out"
	assertEquals "$(cat "$work/out")" "0000000000000000 $(ours $injects CapPrm) $(ours $injects CapPrm) $(ours $injects CapBnd) 0000000000000000 1" \
		"$(sed -n 's/^\(Cap[A-Z][a-z]*\|NoNewPrivs\):[[:space:]]*//p' /proc/$_attach/status | xargs)"
	kill $_attach
	wait $_attach
	"$KSM_HOOK" detach $victim >/dev/null 2>&1
}

# once it has decided to do something; the one that has nothing to do does not pay for it
testWhatAHookKeeps() {
	sleep 1000 &
	_init=$!
	echo '{}' >"$work/config.json"
	for _merge in true false; do
		printf '{"id":"box","pid":%d,"bundle":"/","annotations":{"io.ksm.merge":"%s"}}' $_init $_merge >"$work/state"
		traced_beside "$work/calls" -e trace=capset,prctl,ptrace,execve "$KSM_HOOK" createRuntime \
			--config "$work/config.json" <"$work/state" 2>"$work/err"
		_ended=$?
		assertEquals "$_merge: $(cat "$work/err")" 0 $_ended
		_kept=$(sed -n 's/.*effective=\([^,}]*CAP_SYS_PTRACE[^,}]*\).*/\1/p' "$work/calls" |
			sed 's/|1<<CAP_SYS_RESOURCE//' | sort -u)
		if [ $_merge = true ]; then
			assertTrue "it did" "grep -q 'ksm_merge_any: yes' /proc/$_init/ksm_stat"
			assertEquals "1<<CAP_DAC_OVERRIDE|1<<CAP_DAC_READ_SEARCH|1<<CAP_KILL|1<<CAP_SYS_PTRACE|1<<CAP_SYS_ADMIN" "$_kept"
		else
			assertEquals "" "$_kept"
			assertFalse "bounding set" "grep -q PR_CAPBSET_DROP '$work/calls'"
		fi
	done
	kill $_init
}

# before_looking COMMAND: the filter comes before the first look at a process that is not its own
before_looking() {
	# shellcheck disable=SC2086
	strace -f -qq -e trace=open,openat,prctl -o "$work/trace" "$KSM_HOOK" $1 >/dev/null 2>&1 </dev/null
	_first=$(grep -n 'PR_SET_SECCOMP' "$work/trace" | head -n 1)
	assertNotNull "$1: there is a filter" "$_first"
	assertContains "$1: it looks at the victim" "$(cat "$work/trace")" "\"/proc/$victim/"
	# of the probe's children the number is not known before
	assertEquals "$1" "" "$(head -n "${_first%%:*}" "$work/trace" | grep -E "\"/proc/($victim|1|2|$$)/")"
}

testBeforeItLooks() {
	each before_looking
}

# attack attack|control COMMAND...: what became of each attempt in $tried, on a file and a process
# of its own
attack() {
	_when=$1
	shift
	rm -f "$work"/file*
	echo precious >"$work/file"
	chmod 600 "$work/file"
	tried=$(KSM_FAULT=$_when KSM_FAULT_FILE=$work/file KSM_FAULT_PID=$victim \
		timeout 60 "$faults" "$@" 2>&1 </dev/null)
	_rc=$?
	assertEquals "$*: $tried" 1 $_rc
	assertTrue "$*: $tried" "[ $(echo "$tried" | grep -cE '^[a-z0-9-]+ (worked|refused|died)$') -ge 25 ]"
}

refuses() {
	# shellcheck disable=SC2086
	attack attack $1
	# the line more is that of metrics --output, or of who waits for a reader's answer
	assertEquals "$1" "" "$(echo "$tried" | grep -v -e ' refused$' -e ': not replaced, ' -e 'that reads /proc was killed$')"
	assertEquals "$1: the file" precious "$(cat "$work/file")"
	assertEquals "$1: its mode" 600 "$(stat -c %a "$work/file")"
	assertEquals "$1: beside it" "$work/file" "$(echo "$work"/file*)"
}

testATakeover() {
	each refuses
	assertEquals "the victim lives" sleep "$(cat "/proc/$victim/comm")"
}

# A command that stops processes reads what it has to know of them in a child that has no such power.
testATakeoverOfWhoReadsForOneThatActs() {
	for _command in "attach $victim" "detach $victim" "economize --dry-run --pieces"; do
		refuses "$_command"
	done
	assertEquals "the victim lives" sleep "$(cat "/proc/$victim/comm")"
}

# Each of them works where nothing was given up yet. A strict host refuses root these, too.
testTheAttacksWork() {
	sleep 1000 &
	_other=$victim victim=$!
	attack control ps
	assertEquals "" "$(echo "$tried" | grep -vE ' worked$|^(uring|bpf|write-memory) refused$')"
	kill $victim 2>/dev/null
	victim=$_other
}

# made_by TRACES PID: which of them made it
made_by() {
	# shellcheck disable=SC2086 # a pattern
	grep -lE "^(clone3?|v?fork)\(.* = $2\$" $1
}

# who writes the file has not looked at a process, and who has looked writes none
testMetricsOutput() {
	strace -ff -qq -e trace=open,openat,renameat,rename,prctl,capset,process -o "$work/trace" \
		"$KSM_HOOK" metrics --output="$work/ksm.prom" </dev/null
	assertTrue "written" "grep -q '^ksm_' '$work/ksm.prom'"
	_writer=$(grep -lE 'rename' "$work"/trace.*)
	# one after the other, where one took too long
	_readers=$(grep -l "\"/proc/$victim/" "$work"/trace.*)
	assertTrue "somebody writes, and somebody looks" "[ -f '$_writer' ] && [ -n '$_readers' ]"
	_confined=$(grep -l PR_SET_SECCOMP "$work"/trace.*)
	assertTrue "$_confined: one gives up" "[ -f '$_confined' ]"
	for _reader in $_readers; do
		assertNotEquals "the writer looks" "$_writer" "$_reader"
		assertEquals "the reader writes" "" "$(grep -E 'O_WRONLY|O_RDWR|O_CREAT|rename' "$_reader")"
		# or by a thread's or process's maker that is: where there are many processes, several look at once
		_made=${_reader##*.}
		until made_by "$_confined" "$_made" >/dev/null || ! _maker=$(made_by "$work/trace.*" "$_made"); do
			_made=${_maker##*.}
		done
		assertContains "the reader is made by one that has given up: $(tail -n 2 "$_reader"; grep -h "= ${_reader##*.}\$" "$work"/trace.*)" \
			"$(sed -n '/PR_SET_SECCOMP/,$p' "$_confined")" " = $_made"
	done
	assertContains "the writer" "$(cat "$_writer")" "permitted=1<<CAP_DAC_OVERRIDE|1<<CAP_DAC_READ_SEARCH|1<<CAP_SYS_PTRACE,"
	rm "$work"/trace.*
	cp "$work/ksm.prom" "$work/before"
	refuses "metrics --output=$work/ksm.prom"
	assertTrue "the old file stays" "cmp -s '$work/before' '$work/ksm.prom'"
}

# closed COMMAND: a line and no look, where there can be no filter
closed() {
	# shellcheck disable=SC2086
	python3 "$work/no-seccomp" strace -f -qq -e trace=open,openat -o "$work/trace" "$KSM_HOOK" $1 \
		>"$work/out" 2>"$work/err" </dev/null
	assertNotEquals "$1: exit status" 0 $?
	assertEquals "$1: printed" "" "$(cat "$work/out")"
	assertEquals "$1: lines: $(cat "$work/err")" 1 "$(wc -l <"$work/err")"
	assertContains "$1" "$(cat "$work/err")" "giving up privileges: seccomp: "
	assertNotContains "$1: it looks" "$(cat "$work/trace")" "\"/proc/$victim/"
}

testWithoutAFilterNothingIsRead() {
	each closed
}

. "$(dirname "$0")/../lib/common.sh"
