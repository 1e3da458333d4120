#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# ksm-hook nri --listen: /metrics, /healthz and /readyz, and what serves them may do. The agent is in
# a network namespace of its own, before a stand-in for the runtime (lib/fakes/nri-starts); the
# containers are runc's.
# needs: containers ksmd

id() {
	printf '%056x%08x' $$ "$1"
}

suite_setup() {
	. "$top/tests/lib/bundle.sh"
	rootfs_make "$work/root"
	echo '{}' >"$work/config.json"
	bundle_make "$work/box" "$work/root" '{}' '{}' sleep 600
	set --
	for n in 1 2 3; do
		timeout 60 runc create -b "$work/box" --pid-file "$work/pid" "$(id $n)" </dev/null >"$work/runc" 2>&1 ||
			cat "$work/runc"
		case $n in
		1) names=shop/web-5d4f8c7b9d-x7x2q/main ;;
		2) names=shop/web-5d4f8c7b9d-bbbbb/main ;;
		3) names=other/db-0/side ;;
		esac
		set -- "$@" "$names:$(id $n):$(cat "$work/pid")"
	done
	echo "$*" >"$work/containers"
	mkdir -p /run/ksm-hook
	unshare -n sh -c 'ip link set lo up && echo $$ >"$1" && exec sleep 86400' sh "$work/net" &
	net=$!
	wait_for 10 test -s "$work/net"
	start_agent
}

# in_net COMMAND...: where the agent listens
in_net() {
	nsenter -t "$net" -n "$@"
}

start_agent() {
	# shellcheck disable=SC2016,SC2086 # for the inner shell; words or none
	nsenter -t "$net" -n unshare ${clock:-} -m sh -c 'mount -t tmpfs none /run/ksm-hook && exec "$@"' sh \
		"$KSM_HOOK" nri --config="$work/config.json" --socket="$work/nri.sock" --listen=:9473 "$@" \
		2>>"$work/log" 3>&- &
	agent=$!
	wait_for 20 answers /healthz 200
}

stop_agent() {
	kill -TERM "$agent"
	wait "$agent"
}

start_runtime() {
	rm -f "$work/nri.sock" "$work/hold"
	mkfifo "$work/hold"
	# shellcheck disable=SC2046 # words
	timeout 600 python3 "$top/tests/lib/fakes/nri-starts" "$work/nri.sock" $(cat "$work/containers") \
		<"$work/hold" >"$work/runtime" 2>&1 &
	runtime=$!
	exec 3>"$work/hold"
	wait_for 30 grep -q started "$work/runtime"
}

stop_runtime() {
	exec 3>&-
	wait "$runtime"
}

# get PATH [OPTION...]
get() {
	_path=$1
	shift
	in_net curl -s --max-time 20 "$@" "http://127.0.0.1:9473$_path"
}

status() {
	_path=$1
	shift
	get "$_path" -o "$work/body" -w '%{http_code}' "$@"
}

answers() {
	[ "$(status "$1")" = "$2" ]
}

# the agent's children by what they are
process() {
	for _pid in $(cat "/proc/$agent/task/$agent/children"); do
		case $1:$(cat "/proc/$_pid/comm"):$(sed -n 's/^CapEff:[[:space:]]*//p' "/proc/$_pid/status") in
		http:ksm-hook-http:*) echo "$_pid" ;;
		pages:ksm-hook:0000000000000000) ;;
		pages:ksm-hook:*) echo "$_pid" ;;
		esac
	done
}

status_of() {
	sed -n "s/^$2:[[:space:]]*//p" "/proc/$1/status"
}

testReadyIsRegisteredAndKsmdRuns() {
	echo 1 >$ksm/run
	assertEquals 200 "$(status /healthz)"
	assertEquals 503 "$(status /readyz)"
	assertContains "$(cat "$work/body")" "not registered"
	start_runtime
	wait_for 20 answers /readyz 200
	echo 0 >$ksm/run
	assertEquals 503 "$(status /readyz)"
	assertContains "$(cat "$work/body")" "ksmd does not run"
	assertEquals 200 "$(status /healthz)"
	echo 1 >$ksm/run
	assertEquals 200 "$(status /readyz)"
}

testMetrics() {
	assertEquals 200 "$(status /metrics)"
	body=$(cat "$work/body")
	assertContains "$body" "ksm_hook_nri_registered 1"
	assertContains "$body" 'ksm_hook_nri_starts_total{result="mergeable"} 2'
	assertContains "$body" "ksm_run 1"
	for n in 1:x7x2q 2:bbbbb; do
		assertContains "$body" "ksm_container_mergeable_processes{engine=\"oci\",id=\"$(id ${n%:*})\",namespace=\"shop\",pod=\"web-5d4f8c7b9d-${n#*:}\",container=\"main\"} 1"
	done
	# who did not ask is shown, and not mergeable
	assertContains "$body" "ksm_container_mergeable_processes{engine=\"oci\",id=\"$(id 3)\",namespace=\"\",pod=\"\",container=\"\"} 0"
	# what Prometheus makes of it
	out=$(promtool check metrics <"$work/body" 2>&1)
	assertEquals "$out" 0 $?
	assertContains "$(get /metrics -o /dev/null -D -)" "text/plain; version=0.0.4"
}

testAggregate() {
	stop_agent
	start_agent --aggregate=workload
	assertEquals 200 "$(status /metrics)"
	assertContains "$(cat "$work/body")" 'ksm_container_processes{engine="oci",namespace="",workload=""} '
	assertNotContains "$(cat "$work/body")" "$(id 1)"
	stop_agent
	start_agent --aggregate=namespace
	assertEquals 200 "$(status /metrics)"
	assertContains "$(cat "$work/body")" 'ksm_container_processes{engine="oci",namespace=""} '
	assertNotContains "$(cat "$work/body")" "pod="
	stop_agent
	start_agent
	wait_for 20 answers /readyz 200
}

# as ksm-hook capacity has it, from a sample with each scrape, over restarts of the agent
testCapacity() {
	figure() { get /metrics | sed -n "s/^ksm_hook_capacity_$1 //p"; }
	assertTrue "in memory: $(figure covered_seconds)" "[ $(figure covered_seconds) -lt 86400 ]"
	assertEquals "" "$(figure room_bytes)"
	stop_agent
	# on a machine that has been up for a while; two days of the boot before this one, up to now
	clock="-T --boottime $((20 * 86400))"
	awk -v now="$(date +%s)" 'BEGIN {
		print "ksm-hook samples 1"
		for (t = 3 * 86400; t >= 86400; t -= 600)
			printf "00000000000000ab %d %d 1073741824 2147483648\n", 4 * 86400 - t, now - 600 - t + 86400
	}' >"$work/samples"
	before=$(wc -l <"$work/samples")
	start_agent --samples="$work/samples"
	get /metrics >/dev/null
	assertTrue "$(figure covered_seconds)" "[ $(figure covered_seconds) -ge $((2 * 86400)) ]"
	# what the file says, or less, as little is saved now
	assertTrue "$(figure held_bytes)" "[ $(figure held_bytes) -le 1073741824 ]"
	assertNotNull "$(figure room_bytes)"
	stop_agent
	assertEquals "this boot's sample is stored" $((before + 1)) "$(wc -l <"$work/samples")"
	assertNotEquals 00000000000000ab "$(tail -n 1 "$work/samples" | cut -d' ' -f1)"
	# what the file does not have is not taken from it
	echo broken >"$work/samples"
	start_agent --samples="$work/samples"
	assertEquals 200 "$(status /metrics)"
	assertContains "$(cat "$work/log")" "begun anew"
	stop_agent
	assertEquals 2 "$(wc -l <"$work/samples")"
	out=$(timeout 10 "$KSM_HOOK" nri --socket="$work/none" --samples="$work/samples" 2>&1)
	assertEquals "$out" 2 $?
	clock=
	start_agent
	[ -z "${runtime:-}" ] || wait_for 20 answers /readyz 200
}

# the agent's configuration, not what is installed: nobody is merged by a broken one, and that is told
testABrokenConfiguration() {
	assertContains "$(get /metrics)" 'ksm_hook_nri_starts_total{result="failed"} 0'
	assertContains "$(get /metrics)" "ksm_hook_config_valid 1"
	[ -z "${runtime:-}" ] || stop_runtime
	echo '{' >"$work/config.json"
	start_runtime
	both_failed() { get /metrics | grep -qx 'ksm_hook_nri_starts_total{result="failed"} 2'; }
	wait_for 20 both_failed
	body=$(get /metrics)
	assertContains "$body" 'ksm_hook_nri_starts_total{result="mergeable"} 0'
	assertContains "$body" "ksm_hook_config_valid 0"
	# one that was named, and is gone, is no default
	rm "$work/config.json"
	assertContains "$(get /metrics)" "ksm_hook_config_valid 0"
	echo '{}' >"$work/config.json"
	assertContains "$(get /metrics)" "ksm_hook_config_valid 1"
}

# before enforcing: how many would be merged
testObserved() {
	[ -z "${runtime:-}" ] || stop_runtime
	echo '{ "mode": "observe" }' >"$work/config.json"
	before=$(get /metrics | sed -n 's/^ksm_hook_nri_starts_total{result="mergeable"} //p')
	start_runtime
	body=$(get /metrics)
	assertContains "$body" 'ksm_hook_nri_starts_total{result="observed"} 2'
	assertContains "$body" "ksm_hook_nri_starts_total{result=\"mergeable\"} $before"
	assertContains "$(cat "$work/log")" 'would merge, but "mode" is "observe"'
	echo '{}' >"$work/config.json"
}

testWhoTalksToTheNetworkHasNoRight() {
	http=$(process http)
	assertEquals "0000000000000000 1 2" "$(status_of "$http" CapEff) $(status_of "$http" NoNewPrivs) $(status_of "$http" Seccomp)"
	assertEquals "0000000000000000 0000000000000000" "$(status_of "$http" CapPrm) $(status_of "$http" CapBnd)"
	# its two sockets and the log
	assertEquals "0 1 2" "$(cd "/proc/$http/fd" && echo *)"
	case $(readlink "/proc/$http/fd/0") in socket:*) ;; *) fail "no socket: $(readlink "/proc/$http/fd/0")" ;; esac
	case $(readlink "/proc/$http/fd/1") in socket:*) ;; *) fail "no socket: $(readlink "/proc/$http/fd/1")" ;; esac
}

# CAP_DAC_READ_SEARCH and CAP_SYS_PTRACE, and a filter that only lets it look
testWhoLooksTalksToNobodyElse() {
	pages=$(process pages)
	assertEquals "0000000000080004 1 2" "$(status_of "$pages" CapEff) $(status_of "$pages" NoNewPrivs) $(status_of "$pages" Seccomp)"
	assertEquals 1 "$(find "/proc/$pages/fd" -lname 'socket:*' | wc -l)"
}

testNothingElseIsServed() {
	assertEquals 404 "$(status /)"
	assertEquals 404 "$(status /metrics/../etc/passwd --path-as-is)"
	assertEquals 405 "$(status /metrics -X POST -d a=b)"
	assertContains "$(get /healthz -I)" "200 OK"
	# a header without end
	{ printf 'x: ' && head -c 90000 /dev/zero | tr '\0' a; } >"$work/long"
	code=$(in_net curl -s --max-time 20 -o /dev/null -w '%{http_code}' -H "@$work/long" http://127.0.0.1:9473/healthz)
	assertNotEquals 200 "$code"
	assertEquals 200 "$(status /healthz)"
	assertTrue "$(status_of "$(process http)" VmRSS)" "[ $(status_of "$(process http)" VmRSS | tr -dc 0-9) -le 4096 ]"
}

# hold N ADDRESS...: N connections from each that send a byte of a header now and then; a line for each
# of them that is closed
hold() {
	rm -f "$work/held" "$work/closed"
	nsenter -t "$net" -n python3 - "$work" "$@" <<-'P' &
		import select, socket, sys, time
		work, n = sys.argv[1], int(sys.argv[2])
		held = [socket.create_connection(("127.0.0.1", 9473), source_address=(a, 0)) for a in sys.argv[3:] for i in range(n)]
		for one in held:
		    one.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-")
		open(work + "/held", "w").close()
		with open(work + "/closed", "w", buffering=1) as closed:
		    while held:
		        for one in list(held):
		            try:
		                one.sendall(b"a")
		                if select.select([one], [], [], 0)[0] and one.recv(4096) == b"":
		                    raise OSError
		            except OSError:
		                held.remove(one)
		                closed.write("closed\n")
		        time.sleep(0.5)
	P
	holder=$!
	left=$holder
	wait_for 30 test -e "$work/held"
}

are_closed() {
	[ "$(grep -c closed "$work/closed")" -ge "$1" ]
}

# whoever holds connections, the probes of any address are answered, and his are closed in the end
testConnectionsAreBounded() {
	hold 150 127.0.0.1 127.0.0.3 127.0.0.4
	for address in 127.0.0.1 127.0.0.2 127.0.0.3; do
		assertEquals "$address" 200 "$(status /healthz --max-time 2 --interface $address)"
	done
	http=$(process http)
	assertTrue "$(ls "/proc/$http/fd" | wc -l)" "[ $(ls "/proc/$http/fd" | wc -l) -le 131 ]"
	kill "$holder"
	wait "$holder" 2>/dev/null
	wait_for 20 answers /healthz 200
}

testSlowRequestsEnd() {
	hold 4 127.0.0.3 127.0.0.4
	wait_for 60 are_closed 8
	wait "$holder"
	assertEquals 0 $?
}

# at once: all get the whole text, from as many as one look
testManyAtOnce() {
	for n in 1 2 3 4 5 6 7 8 9 10 11 12; do
		nsenter -t "$net" -n curl -s --max-time 30 --interface "127.0.0.$n" -o "$work/at-once.$n" http://127.0.0.1:9473/metrics &
		eval "curl_$n=$!"
	done
	for n in 1 2 3 4 5 6 7 8 9 10 11 12; do
		eval "wait \$curl_$n"
		assertEquals "$n" 0 $?
		assertContains "$(cat "$work/at-once.$n")" "ksm_hook_nri_registered 1"
	done
}

serves_anew() {
	[ -n "$(process "$1")" ] && [ "$(process "$1")" != "$2" ] && answers /readyz 200
}

testWhoIsKilledIsStartedAnew() {
	closed=$(grep -c "closed the connection" "$work/log")
	for what in http pages; do
		old=$(process $what)
		kill -KILL "$old"
		wait_for 30 serves_anew $what "$old"
		assertEquals 200 "$(status /metrics)"
		# and the runtime did not notice
		assertContains "$(cat "$work/body")" "ksm_hook_nri_registered 1"
	done
	assertEquals "$closed" "$(grep -c "closed the connection" "$work/log")"
}

gone() {
	! [ -e "/proc/$1" ]
}

testTheyEndWithTheAgent() {
	http=$(process http) pages=$(process pages)
	kill -KILL "$agent"
	wait "$agent" 2>/dev/null
	wait_for 20 gone "$http"
	wait_for 20 gone "$pages"
	start_agent
	assertNotEquals "$http" "$(process http)"
}

testAddresses() {
	for wrong in 9473 127.0.0.1 localhost:9473 127.0.0.1:0 127.0.0.1:99999 '[::1:9473' '::1:9473' 127.0.0.1:; do
		out=$(timeout 10 "$KSM_HOOK" nri --socket="$work/none" --listen="$wrong" 2>&1)
		assertEquals "$wrong: $out" 2 $?
		assertContains "$out" "--listen"
	done
	out=$(in_net timeout 10 "$KSM_HOOK" nri --socket="$work/none" --listen=127.0.0.1:9473 2>&1)
	assertEquals "$out" 1 $?
	assertContains "$out" "--listen=127.0.0.1:9473: listening: "
	# every address is those of IPv6 as well
	assertEquals 200 "$(in_net curl -g -s --max-time 20 -o /dev/null -w '%{http_code}' 'http://[::1]:9473/healthz')"
}

testItIsNotForPeople() {
	out=$("$BUILD/ksm-hook-http" 2>&1)
	assertEquals 2 $?
	assertContains "$out" "ksm-hook nri --listen"
}

suite_teardown() {
	[ ! -e "$work/hold" ] || exec 3>&-
	kill "$agent" "$net" ${left:-} 2>/dev/null
	[ -z "${runtime:-}" ] || kill "$runtime" 2>/dev/null
	for n in 1 2 3; do
		runc delete -f "$(id $n)" >/dev/null 2>&1
	done
	wait "$agent" "$net" 2>/dev/null
	return 0
}

. "$(dirname "$0")/../lib/common.sh"
