#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2154 # what common.sh sets
# "audit": a line in syslog for each decision, whoever decides and whatever came of it. Each in a mount
# namespace of its own, whose /dev/log is ours.
# needs: containers

suite_setup() {
	cat >"$work/syslog.py" <<-'E'
		import socket, sys
		s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
		s.bind(sys.argv[1])
		open(sys.argv[2], "w").close()
		while True:
		    with open(sys.argv[2], "ab") as f:
		        f.write(s.recv(65536) + b"\n")
	E
	python3 "$work/syslog.py" "$work/devlog" "$work/syslog" &
	syslog=$!
	wait_for 30 [ -e "$work/syslog" ]
	cat >"$work/logging" <<-'E'
		mount -t tmpfs none /dev && mknod -m 666 /dev/null c 1 3 && ln -s "$1" /dev/log || exit 1
		shift
		exec "$@"
	E
	etc=$work/etc
}

suite_teardown() {
	kill $syslog
	wait $syslog 2>/dev/null
}

each_setup() {
	: >"$work/syslog"
	rm -rf "$etc"
	mkdir -p "$etc/conf.d"
	echo '{"log": "error", "audit": true}' >"$etc/config.json"
}

# state [ID [ANNOTATION...]]: of a container that asks to be merged
state() {
	_id=${1:-c1}
	[ $# = 0 ] || shift
	printf '{"ociVersion":"1.0.2","id":"%s","status":"creating","pid":0,"bundle":"%s","annotations":{"io.ksm.merge":"true"' \
		"$_id" "${bundle:-/b}"
	for _a in "$@"; do printf ',%s' "$_a"; done
	printf '}}'
}

# logging WORDS...: run them where our socket is /dev/log
logging() {
	unshare -m sh "$work/logging" "$work/devlog" "$@"
}

hook() {
	logging "$KSM_HOOK" "${stage:-createRuntime}" --config "$etc/config.json" 2>"$work/err"
}

# audited N: there are so many lines, without what syslog puts in front
audited() {
	wait_for 30 has_lines "$1"
	sed -n 's/.*\[audit\]/[audit]/p' "$work/syslog"
}

has_lines() {
	[ "$(grep -c '\[audit\]' "$work/syslog")" -ge "$1" ]
}

# A second line would have come before the last one's, which is another container's.
testEachOutcome() {
	state merged | hook
	echo '{"log": "error", "audit": true, "mode": "observe"}' >"$etc/config.json"
	state observed | hook
	echo '{"log": "error", "audit": true, "deny": [{"user": "0"}]}' >"$etc/config.json"
	state denied | hook
	echo '{"log": "error"}' >"$etc/config.json"
	state silent | hook
	echo '{"log": "error", "audit": true}' >"$etc/config.json"
	state silent | sed 's/"io.ksm.merge":"true"/"a":"b"/' | hook
	state last | hook
	assertEquals "$(cat "$work/syslog")" "[audit] decision=merge reason=requested id=merged
[audit] decision=would-merge reason=requested id=observed
[audit] decision=leave-alone reason=denied-by-rule id=denied
[audit] decision=merge reason=requested id=last" "$(audited 4)"
}

# What cannot be decided is decided too, by each of those that decide. The configuration says by what of it
# can be read that it wants to hear of it.
testABrokenConfiguration() {
	echo '{"deny": [{"user": 7}]}' >"$etc/conf.d/50-deny.json"
	state c1 | hook
	state c2 '"io.ksm.required":"true"' | hook
	assertEquals "it is refused" 1 $?
	# the word stands behind what is broken
	echo '{"log": "error"}' >"$etc/config.json"
	echo '{"audit": true}' >"$etc/conf.d/60-audit.json"
	state c3 | hook
	# unreadable, not invalid
	echo '{"log": "error", "audit": true}' >"$etc/config.json"
	echo '{}' >"$etc/conf.d/50-deny.json"
	chmod 666 "$etc/conf.d/50-deny.json"
	state c4 | hook
	# and one whose own text is broken
	chmod 644 "$etc/conf.d/50-deny.json"
	echo '{"id": 7, "io.ksm.merge": "true"}' | hook
	state last | hook
	assertEquals "$(cat "$work/syslog" "$work/err")" "[audit] decision=leave-alone reason=config-invalid id=c1
[audit] decision=refuse reason=config-invalid id=c2
[audit] decision=leave-alone reason=config-invalid id=c3
[audit] decision=leave-alone reason=config-untrusted id=c4
[audit] decision=leave-alone reason=state-invalid
[audit] decision=merge reason=requested id=last" "$(audited 6)"
}

testABrokenConfigurationWithoutAState() {
	echo '{"deny": 7}' >"$etc/conf.d/50-deny.json"
	echo '{"ociVersion":"1.0.2","process":{"args":["a"]},"annotations":{"io.ksm.merge":"true"}}' |
		logging "$KSM_HOOK" precreate --config "$etc/config.json" --id p1 >/dev/null 2>&1
	mkdir -p "$work/bundle"
	echo '{"ociVersion":"1.0.2","process":{"args":["a"]},"annotations":{"io.ksm.merge":"true"}}' >"$work/bundle/config.json"
	# it becomes the runtime, which fails with a bundle like this
	logging "$KSM_HOOK" runtime --config "$etc/config.json" --root "$work/state" create -b "$work/bundle" r1 >/dev/null 2>&1
	KSM_MERGE=yes logging "$KSM_HOOK" lxc --config "$etc/config.json" l1 lxc mount >/dev/null 2>&1
	out=$(audited 3)
	for one in p1 r1 l1; do
		assertEquals "$one: $out" 1 "$(echo "$out" | grep -c "^\[audit\] decision=leave-alone reason=config-invalid id=$one\( pid=[0-9]*\)\{0,1\}$")"
	done
}

# Whatever bytes a name has, it is told, and no part of it looks like a field of the line.
testNames() {
	# shellcheck disable=SC2089,SC2090 # JSON
	bundle=/run/containerd/io.containerd.runtime.v2.task/k8s.io/c1
	long=$(printf 'x%.0s' $(seq 253))
	state c1 '"io.kubernetes.cri.sandbox-namespace":"pay ments"' '"io.kubernetes.cri.sandbox-name":"'"$long"'"' \
		'"io.kubernetes.cri.container-name":"a\u0007b=c reason=x"' '"io.kubernetes.cri.container-type":"container"' \
		'"io.kubernetes.cri.image-name":"r\u00e9g/i:1"' | hook
	bundle=
	state "c2 decision=merge" | hook
	assertEquals "$(cat "$work/syslog")" "[audit] decision=merge reason=requested id=c1 namespace=pay\\x20ments pod=$long container=a\\x07b=c\\x20reason=x image=r\\xc3\\xa9g/i:1
[audit] decision=merge reason=requested id=c2\\x20decision=merge" "$(audited 2)"
}

# The agent's containers that run already when it comes, as each that starts: merged, denied, and while the
# configuration is broken.
testWhatRunsWhenTheAgentComes() {
	cat >"$work/runtime.py" <<-'E'
		import os, sys
		sys.path.insert(0, sys.argv[1])
		sys.dont_write_bytecode = True
		from nri import RUNNING, Plugin, container_of, field, listen, pod_of
		listener = listen(sys.argv[2])
		open(sys.argv[2] + ".there", "w").close()
		plugin = Plugin(listener)
		plugin.register()
		def there(names):
		    return b"".join(field(1, pod_of("p-" + n, n, {"io.ksm.merge": "true"} if n != "silent" else {}))
		                    + field(2, container_of("p-" + n, (n + "-c", 999999999), RUNNING)) for n in names)
		plugin.call("Synchronize", there(["shop", "payments", "silent"]))
		plugin.start("p-payments", ("starts", 999999999), {"io.ksm.merge": "true"}, "payments")
		with open(sys.argv[3], "w") as f:
		    f.write('{')
		plugin.call("Synchronize", there(["shop"]))
		plugin.start("p-shop", ("broken", 999999999), {"io.ksm.merge": "true"}, "shop")
		plugin.call("Shutdown", b"")
		plugin.socket.close()
	E
	echo '{"deny": [{"namespace": "payments"}]}' >"$etc/conf.d/50-deny.json"
	timeout 120 python3 "$work/runtime.py" "$top/tests/lib/fakes" "$work/nri.sock" "$etc/conf.d/60-broken.json" >"$work/out" 2>&1 &
	runtime=$!
	wait_for 30 [ -e "$work/nri.sock.there" ]
	# not by a function, whose process would be another
	unshare -m sh "$work/logging" "$work/devlog" "$KSM_HOOK" nri --existing --config="$etc/config.json" --socket="$work/nri.sock" 2>"$work/log" &
	agent=$!
	wait $runtime
	ended=$?
	assertEquals "$(cat "$work/out")" 0 $ended
	kill $agent
	wait $agent 2>/dev/null
	pid='pid=999999999 namespace'
	assertEquals "$(cat "$work/syslog" "$work/log")" "[audit] decision=merge reason=requested id=shop-c $pid=shop pod=p-shop container=main
[audit] decision=leave-alone reason=denied-by-rule id=payments-c $pid=payments pod=p-payments container=main
[audit] decision=leave-alone reason=denied-by-rule id=starts $pid=payments pod=p-payments container=main
[audit] decision=leave-alone reason=config-invalid id=shop-c $pid=shop pod=p-shop container=main
[audit] decision=leave-alone reason=config-invalid id=broken $pid=shop pod=p-shop container=main" "$(audited 5)"
}

. "$(dirname "$0")/../lib/common.sh"
