#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# ksm-hook nri --features: the file that Node Feature Discovery makes labels of, as its documentation
# describes it (v0.14 and later), before a stand-in for the runtime. There is no NFD here.
# needs: nothing

# what is the node's lies in a mount namespace of the suite's own
[ -n "${FEATURES_NAMESPACE:-}" ] ||
	FEATURES_NAMESPACE=1 exec unshare -m --propagation private "$0" "$@"

features=/etc/kubernetes/node-feature-discovery/features.d

suite_setup() {
	ksm_stand_in || exit 1
	mkdir "$work/upper" "$work/upwork" "$work/tmpfs"
	mount -t tmpfs none "$work/tmpfs"
	mkdir "$work/tmpfs/upper" "$work/tmpfs/work"
	mount -t overlay none -o "lowerdir=/etc,upperdir=$work/tmpfs/upper,workdir=$work/tmpfs/work" /etc
	mkdir -p "$features" /etc/ksm-hook
	mount -t tmpfs none /etc/ksm-hook
	echo '{}' >"$work/config.json"
}

suite_teardown() {
	umount "$work/slow" 2>/dev/null
	umount /etc/ksm-hook /etc "$work/tmpfs" /run/ksm-hook "$ksm"
	return 0
}

each_setup() {
	agent='' runtime=''
	echo 1 >"$ksm/run"
	rm -f "$features"/* "$features"/.[!.]* /run/ksm-hook/stop
	start_runtime
}

each_teardown() {
	# first, as who waits for it takes no signal
	[ ! -e "$work/frozen" ] || fsfreeze -u "$work/slow"
	rm -f "$work/frozen"
	[ -z "$agent" ] || stop_agent TERM
	stop_runtime
}

start_runtime() {
	rm -f "$work/nri.sock" "$work/hold"
	mkfifo "$work/hold"
	timeout 600 python3 "$top/tests/lib/fakes/nri-starts" "$work/nri.sock" <"$work/hold" >"$work/runtime" 2>&1 &
	runtime=$!
	exec 3>"$work/hold"
	wait_for 30 test -S "$work/nri.sock"
}

stop_runtime() {
	exec 3>&-
	wait "$runtime"
}

# start_agent [OPTION...]: until it is registered
start_agent() {
	: >"$work/runtime"
	"$KSM_HOOK" nri --config="$work/config.json" --socket="$work/nri.sock" "$@" 2>"$work/log" 3>&- &
	agent=$!
	wait_for 30 grep -q started "$work/runtime"
}

stop_agent() {
	kill "-$1" "$agent"
	wait "$agent" 2>/dev/null
	agent=
}

file_has() {
	grep -qx "feature.node.kubernetes.io/$1" "$features/ksm-hook"
}

file_lacks() {
	[ -e "$features/ksm-hook" ] && ! grep -q "^feature.node.kubernetes.io/$1=" "$features/ksm-hook"
}

# as NFD takes it: lines "NAMESPACE/NAME=VALUE", labels that the API takes, a time of RFC 3339 to come
testWhatIsWritten() {
	start_agent --features=$features
	wait_for 20 file_has ksm-agent=inject
	out=$(python3 - $features/ksm-hook <<-'P' 2>&1
		import datetime, re, sys
		lines = open(sys.argv[1]).read().splitlines()
		until = datetime.datetime.fromisoformat(re.fullmatch(r"# \+expiry-time=(\S+)Z", lines[0])[1] + "+00:00")
		print(0 < (until - datetime.datetime.now(datetime.timezone.utc)).total_seconds() <= 300)
		for line in lines[1:]:
		    namespace, name, value = re.fullmatch(r"([a-z.]+)/([^=]+)=(.*)", line).groups()
		    label = r"[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?"
		    print(namespace, name, value, bool(re.fullmatch(label, name)), bool(re.fullmatch(label, value)))
	P
	)
	assertEquals "True
feature.node.kubernetes.io ksm-kernel inherited True True
feature.node.kubernetes.io ksm-running true True True
feature.node.kubernetes.io ksm-agent inject True True" "$out"
	assertEquals 644 "$(stat -c %a $features/ksm-hook)"
	stop_agent TERM
	assertEquals "" "$(ls -A $features)"
	# and by the other signal
	start_agent --features=$features
	wait_for 20 test -e $features/ksm-hook
	stop_agent INT
	assertEquals "" "$(ls -A $features)"
}

testWhatItSays() {
	echo 0 >"$ksm/run"
	start_agent --features=$features --way=exec --share="$work/share"
	wait_for 20 file_has ksm-agent=exec
	assertTrue "$(cat $features/ksm-hook)" "file_has ksm-running=false"
	stop_agent TERM
	# who is stopped makes nothing mergeable
	touch /run/ksm-hook/stop
	start_agent --features=$features
	wait_for 20 file_lacks ksm-agent
	assertTrue "$(cat $features/ksm-hook)" "file_has ksm-kernel=inherited"
}

testWithoutTheRuntime() {
	start_agent --features=$features
	wait_for 20 file_has ksm-agent=inject
	stop_runtime
	wait_for 20 file_lacks ksm-agent
	assertTrue "$(cat $features/ksm-hook)" "file_has ksm-running=true"
	start_runtime
	wait_for 60 file_has ksm-agent=inject
}

testNotAskedFor() {
	start_agent
	assertEquals "" "$(ls -A $features)"
}

# the next one takes it over; or disable removes it, unless there is one
testKilled() {
	start_agent --features=$features
	wait_for 20 file_has ksm-agent=inject
	stop_agent KILL
	assertTrue "left" "[ -e $features/ksm-hook ]"
	start_agent --features=$features
	"$KSM_HOOK" disable >/dev/null 2>&1
	assertTrue "of one that is there" "[ -e $features/ksm-hook ]"
	stop_agent TERM
	assertEquals "" "$(ls -A $features)"
	start_agent --features=$features
	wait_for 20 file_has ksm-agent=inject
	stop_agent KILL
	out=$("$KSM_HOOK" disable 2>&1)
	assertContains "$out" "no longer labelled"
	assertEquals "" "$(ls -A $features)"
	out=$("$KSM_HOOK" disable 2>&1)
	assertNotContains "$out" "labelled"
}

# said once, and nothing else is the worse for it
testWhereItCannotBeWritten() {
	start_agent --features="$work/none"
	wait_for 20 grep -q "no labels of this node: --features: $work/none/ksm-hook" "$work/log"
	stop_runtime
	start_runtime
	wait_for 60 grep -q started "$work/runtime"
	assertEquals "$(cat "$work/log")" 1 "$(grep -c 'no labels' "$work/log")"
	stop_agent TERM
}

# a disk that does not answer keeps nobody waiting: the runtime is taken on and lost meanwhile
testADiskThatDoesNotAnswer() {
	truncate -s 8M "$work/disk"
	mkfs.ext4 -q -F "$work/disk"
	mkdir "$work/slow"
	mount -o loop "$work/disk" "$work/slow"
	touch "$work/frozen"
	fsfreeze -f "$work/slow"
	start_agent --features="$work/slow"
	for round in 1 2; do
		stop_runtime
		start_runtime
		wait_for 60 grep -q started "$work/runtime"
		assertEquals "round $round" "" "$(find "$work/slow" -type f)"
	done
	fsfreeze -u "$work/slow" && rm "$work/frozen"
	wait_for 60 grep -q ksm-agent=inject "$work/slow/ksm-hook"
	stop_agent TERM
	assertEquals "lost+found" "$(ls -A "$work/slow")"
}

. "$(dirname "$0")/../lib/common.sh"
