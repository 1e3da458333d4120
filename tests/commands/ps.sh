#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What ps and metrics say is true: of equal, forked and huge memory, of names, of costs; and
# Prometheus and collectd take it.
# needs: machine ksmd

merge='{"io.ksm.merge":"true"}'
kube='{"io.ksm.merge":"true", "io.kubernetes.cri.container-type":"container",
	"io.kubernetes.cri.sandbox-name":"web-7d9c", "io.kubernetes.cri.sandbox-namespace":"shop",
	"io.kubernetes.cri.container-name":"nginx", "io.kubernetes.cri.image-name":"docker.io/library/nginx:1.25"}'
page=$(getconf PAGESIZE)
records=/run/ksm-hook/containers

suite_setup() {
	. "$top/tests/lib/bundle.sh"
	rootfs_make "$work/root"
	echo '{}' >"$work/config.json"
	cgroup=$(awk '$3 == "cgroup2" { print $2; exit }' /proc/mounts)/ksm-look-$$
	mkdir "$cgroup"
	mkfifo "$work/in"
	load=
}

leave() {
	[ -n "$load" ] || return 0
	exec 7>&-
	wait "$load"
	load=
}

suite_teardown() {
	leave
	rmdir "$cgroup"
	for _id in $(runc list -q | grep "^look-$$"); do runc delete -f "$_id"; done
}

# load CONTAINERS PROCESSES PAGES KIND: they run, and PLACES of them are merged
load() {
	: >"$work/out"
	"$BUILD/bench/look-load" "$cgroup" "$1" "$2" "$3" "$4" <"$work/in" >"$work/out" 2>&1 &
	load=$!
	exec 7>"$work/in"
	_ready() { grep -q ready "$work/out"; }
	wait_for 20 _ready || fail "load: $(cat "$work/out")"
	wanted=$(($1 * $2 * $3))
	_all_merged() { [ "$(ours merged_bytes)" -ge $((wanted * page * 99 / 100)) ]; }
	echo 20000 >$ksm/pages_to_scan
	echo 1 >$ksm/run
	[ "$5" = alone ] || wait_for 30 _all_merged || fail "not merged: $("$KSM_HOOK" ps)"
	echo 0 >$ksm/run
}

# ours FIELD [OPTION...]: the sum over our containers
ours() {
	_field=$1
	shift
	"$KSM_HOOK" ps --json "$@" |
		jq "[.[] | select(.id | test(\"^0{50,}c0ff\")) | .$_field] | add // 0"
}

# near WHAT GOT WANTED PERCENT
near() {
	assertTrue "$1: got $2, wanted $3 within $4 %" \
		"[ $2 -ge $(($3 * (100 - $4) / 100)) ] && [ $2 -le $(($3 * (100 + $4) / 100)) ]"
}

testEqualProcesses() {
	load 5 2 1024 exec
	_truth=$((9 * 1024 * page))
	near "by default" "$(ours saved_bytes)" $_truth 2
	near "at most" "$(ours saved_at_most_bytes)" $_truth 2
	near "exactly" "$(ours saved_bytes --exact)" $_truth 2
	# the kernel's own total, of which nothing is fork's here
	_all=$("$KSM_HOOK" ps --json --exact | jq '[.[].saved_bytes] | add')
	near "sum" "$_all" $(($(cat $ksm/pages_sharing) * page)) 3
	near "cost" "$(ours cost_bytes)" $((10 * 1024 * 64)) 5
	leave
}

# what workers have in common since they were forked was one copy before
testForkIsNoSaving() {
	load 4 5 1024 fork
	_truth=$((3 * 1024 * page))
	near "by default" "$(ours saved_bytes)" $_truth 5
	near "at most" "$(ours saved_at_most_bytes)" $_truth 10
	near "exactly" "$(ours saved_bytes --exact)" $_truth 5
	assertTrue "the kernel's reckoning is wrong here, or this tests nothing" \
		"[ $(ours profit_bytes) -gt $((_truth * 3)) ]"
	leave
}

# equal memory of forked processes that each of them wrote
testOwnMemoryOfForkedLiesBetween() {
	load 2 4 1024 own
	_truth=$((7 * 1024 * page))
	assertTrue "at least $(ours saved_bytes), truth $_truth" "[ $(ours saved_bytes) -le $_truth ]"
	near "at most" "$(ours saved_at_most_bytes)" $_truth 3
	assertContains "$("$KSM_HOOK" ps)" "MiB-"
	leave
}

testHugePages() {
	load 4 1 1024 huge
	near "by default" "$(ours saved_bytes)" $((3 * 1024 * page)) 2
	near "exactly" "$(ours saved_bytes --exact)" $((3 * 1024 * page)) 2
	leave
}

# counters lag behind: what was unmerged or has ended saves nothing
testNothingInCommonCostsMoreThanItSaves() {
	load 1 1 1024 exec alone
	echo 1 >$ksm/run
	_scanned() { [ "$(ours cost_bytes)" -ge $((1000 * 64)) ]; }
	wait_for 20 _scanned
	_ended=$?
	assertTrue "scanned: $("$KSM_HOOK" ps)" $_ended
	echo 0 >$ksm/run
	out=$("$KSM_HOOK" ps)
	assertContains "$out" "$out" "KiB !"
	assertContains "$out" "$out" "cost more than they save"
	leave
}

testProcessesOfTheHost() {
	# suites beside this one run sleep
	_name=host-$$
	cp "$(command -v sleep)" "$work/$_name"
	"$KSM_HOOK" run "$work/$_name" 60 &
	_pid=$!
	_shown() { "$KSM_HOOK" ps --json | jq -e '.[] | select(.engine == "host" and .id == $id and .mergeable)' --arg id $_name >/dev/null; }
	wait_for 30 _shown
	_ended=$?
	assertTrue "$("$KSM_HOOK" ps)" $_ended
	kill $_pid
	wait $_pid 2>/dev/null
	"$work/$_name" 60 &
	_pid=$!
	out=$("$KSM_HOOK" ps --json | jq --arg id $_name '[.[] | select(.id == $id)] | length')
	assertEquals "one that did not ask" 0 "$out"
	kill $_pid
}

# contain ID ANNOTATIONS STAGE...: a container that sleeps
contain() {
	_id=$1 _annotations=$2
	shift 2
	bundle_make "$(bundle_of containerd "$_id")" "$work/root" "$(hooks_json "$@")" "$_annotations" \
		/bin/sleep 60
	runc run -d -b "$(bundle_of containerd "$_id")" "$_id" >/dev/null 2>&1 </dev/null
}

of() { "$KSM_HOOK" ps --json | jq -r ".[] | select(.id == \"$1\") | [.namespace, .pod, .container, .image] | map(. // \"-\") | join(\" \")"; }

testNamesOfKubernetes() {
	contain "look-$$-1" "$kube" createRuntime poststop
	assertEquals "shop web-7d9c nginx docker.io/library/nginx:1.25" "$(of "look-$$-1")"
	assertContains "$("$KSM_HOOK" ps)" "shop/web-7d9c/nginx"
	# the column of layout groups is there for those that have one (layout.sh), and here is nobody else
	assertNotContains "$("$KSM_HOOK" ps)" GROUP
	assertEquals "700 600" "$(stat -c %a $records) $(stat -c %a "$records/look-$$-1")"
	contain "look-$$-2" '{"io.ksm.merge":"true","io.kubernetes.cri.sandbox-name":"api-0",
		"io.kubernetes.cri.sandbox-namespace":"shop"}' createRuntime poststop
	assertEquals "shop api-0 - -" "$(of "look-$$-2")"
	runc delete -f "look-$$-1"
	assertFalse "poststop removes it" "[ -e $records/look-$$-1 ]"
	assertTrue "and no other" "[ -e $records/look-$$-2 ]"
	runc delete -f "look-$$-2"
}

# a hook that was never called: its record goes with the next look
testStaleNamesGo() {
	contain "look-$$-3" "$kube" createRuntime
	assertTrue "written" "[ -e $records/look-$$-3 ]"
	runc delete -f "look-$$-3"
	assertTrue "still there" "[ -e $records/look-$$-3 ]"
	"$KSM_HOOK" ps >/dev/null
	wait_for 20 test ! -e "$records/look-$$-3"
	# of the wrapper, which knows no init: as no such container runs
	printf 'init 0 0\npod web\n' >"$records/look-$$-3"
	touch -d '2 minutes ago' "$records/look-$$-3"
	"$KSM_HOOK" metrics >/dev/null
	wait_for 20 test ! -e "$records/look-$$-3"
}

testNamesOfTheWrapper() {
	ln -sf "$KSM_HOOK" "$work/ksm-runc"
	_b=$(bundle_of containerd "look-$$-4")
	bundle_make "$_b" "$work/root" '{}' "$kube" /bin/sleep 60
	"$work/ksm-runc" run -d -b "$_b" "look-$$-4" >/dev/null 2>&1 </dev/null
	assertEquals "shop web-7d9c nginx docker.io/library/nginx:1.25" "$(of "look-$$-4")"
	"$work/ksm-runc" delete -f "look-$$-4"
	assertFalse "gone" "[ -e $records/look-$$-4 ]"
}

# what a tenant writes into annotations is no name if it does not look like one
testHostileNames() {
	contain "look-$$-5" "$(jq -n '{"io.ksm.merge":"true", "io.kubernetes.cri.container-type":"container",
		"io.kubernetes.cri.sandbox-name":"evil\nnamespace kube-system",
		"io.kubernetes.cri.sandbox-namespace":"a\u001b[31m",
		"io.kubernetes.cri.container-name":("x" * 300),
		"io.kubernetes.cri.image-name":"ok"}')" createRuntime poststop
	assertEquals "- - - ok" "$(of "look-$$-5")"
	runc delete -f "look-$$-5"
	# a link in its place is not followed
	ln -s /etc/hostname "$records/look-$$-6"
	contain "look-$$-6" '{"io.ksm.merge":"true"}' createRuntime
	assertEquals "- - - -" "$(of "look-$$-6")"
	runc delete -f "look-$$-6"
	contain "look-$$-6" "$kube" createRuntime poststop
	assertFalse "replaced" "[ -L $records/look-$$-6 ]"
	runc delete -f "look-$$-6"
	# nor is a directory that others may write to
	chmod 777 $records
	contain "look-$$-7" "$kube" createRuntime poststop
	assertEquals "- - - -" "$(of "look-$$-7")"
	runc delete -f "look-$$-7"
	chmod 700 $records
}

testNothingIsWrittenWithoutNames() {
	_before=$(ls -A $records)
	contain "look-$$-8" "$merge" createRuntime poststop
	assertEquals "$_before" "$(ls -A $records)"
	runc delete -f "look-$$-8"
}

testPromtoolIsContent() {
	contain "look-$$-9" "$kube" createRuntime poststop
	"$KSM_HOOK" metrics >"$work/ksm.prom"
	assertEquals 0 $?
	out=$(promtool check metrics <"$work/ksm.prom" 2>&1)
	assertEquals "$out" 0 $?
	assertEquals "$out" "" "$out"
	assertContains "$(cat "$work/ksm.prom")" "pod=\"web-7d9c\",container=\"nginx\"}"
	runc delete -f "look-$$-9"
}

testDashboardNamesWhatExists() {
	# what is promised of a day's samples is asked for in project/prometheus
	_names=$(grep -o 'ksm_[a-z_]*' "$top/docs/grafana-dashboard.json" | grep -v '^ksm_hook_capacity_' | sort -u)
	assertTrue "there are some" "[ $(echo "$_names" | wc -l) -gt 8 ]"
	load 1 1 16 exec alone
	"$KSM_HOOK" metrics >"$work/ksm.prom"
	leave
	for _n in $_names; do
		grep -q "^# TYPE $_n " "$work/ksm.prom"
		assertTrue "$_n" $?
	done
	for _n in $(grep -o 'ksm_[a-z_]*' "$top/docs/ksm-hook-metrics.8" | sort -u); do
		[ "$_n" = cow_ksm ] || grep -q "^# TYPE $_n " "$work/ksm.prom"
		assertTrue "manual: $_n" $?
	done
}

# the real node_exporter reads the file, and a real Prometheus gets it from there
testPrometheusScrapesIt() {
	mkdir -p "$work/text" "$work/tsdb"
	"$KSM_HOOK" metrics --output="$work/text/ksm.prom"
	assertEquals 0 $?
	assertEquals "one file, for all to read" "644 ksm.prom" "$(cd "$work/text" && stat -c '%a %n' -- *)"
	prometheus-node-exporter --collector.disable-defaults --collector.textfile \
		--collector.textfile.directory="$work/text" --web.listen-address=127.0.0.1:19100 \
		>"$work/exporter.log" 2>&1 &
	_exporter=$!
	printf 'global: {scrape_interval: 1s}\nscrape_configs: [{job_name: ksm, static_configs: [{targets: ["127.0.0.1:19100"]}]}]\n' >"$work/prometheus.yml"
	prometheus --config.file="$work/prometheus.yml" --storage.tsdb.path="$work/tsdb" \
		--web.listen-address=127.0.0.1:19090 >"$work/prometheus.log" 2>&1 &
	_prometheus=$!
	_scraped() {
		curl -s --max-time 10 'http://127.0.0.1:19090/api/v1/query?query=ksm_scan_batch_pages' |
			jq -e ".data.result[0].value[1] == \"$(cat $ksm/pages_to_scan)\"" >/dev/null
	}
	wait_for 30 _scraped
	_ended=$?
	assertTrue "$(tail -n 3 "$work/prometheus.log" "$work/exporter.log")" $_ended
	_taken_without_error() {
		curl -sS --max-time 10 -o "$work/scrape" http://127.0.0.1:19100/metrics 2>"$work/curl.log" &&
			grep -qx 'node_textfile_scrape_error 0' "$work/scrape"
	}
	wait_for 30 _taken_without_error
	_ended=$?
	assertTrue "$(tail -n 5 "$work/curl.log" "$work/exporter.log" "$work/scrape")" $_ended
	kill $_prometheus $_exporter
	wait $_prometheus $_exporter 2>/dev/null
	true
}

testOutputThatCannotBeWritten() {
	out=$("$KSM_HOOK" metrics --output="$work/no/such/ksm.prom" 2>&1)
	assertEquals "$out" 1 $?
	assertContains "$out" "$out" "No such file"
}

# the unit has no more than these
testMetricsWithTheUnitsCapabilities() {
	load 2 1 64 exec
	_all=$("$KSM_HOOK" metrics | grep -c '^ksm_container_saved_bytes.*} [1-9]')
	_caps=$(sed -n 's/^CapabilityBoundingSet=//p' "$BUILD/systemd/ksm-hook-metrics.service" |
		tr 'A-Z ' 'a-z,' | sed 's/cap_/+/g')
	out=$(setpriv --bounding-set "-all,$_caps" --inh-caps -all --no-new-privs "$KSM_HOOK" metrics |
		grep -c '^ksm_container_saved_bytes.*} [1-9]')
	assertEquals "$_all" "$out"
	assertTrue "$_all" "[ $_all -ge 2 ]"
	leave
}

testOlderKernelsLackFiles() {
	for _f in run pages_shared; do cat $ksm/$_f >"$work/ksm-$_f"; done
	out=$(unshare -m sh -c "mount -t tmpfs none $ksm &&
		cp '$work/ksm-run' $ksm/run && cp '$work/ksm-pages_shared' $ksm/pages_shared &&
		'$KSM_HOOK' metrics && '$KSM_HOOK' ps >/dev/null && '$KSM_HOOK' status >/dev/null" 2>&1)
	assertEquals "$out" 0 $?
	assertContains "$out" "ksm_shared_bytes"
	assertNotContains "$out" "ksm_profit_bytes"
	promtool check metrics <<-M
		$out
	M
	assertEquals 0 $?
}

# Linux 6.18's counter was seen at -27
testACountBelowZeroIsNoSaving() {
	for _zeros in -27 0 5; do
		unshare -m sh -c "mount -t tmpfs none $ksm && echo $_zeros >$ksm/ksm_zero_pages &&
			echo 1 >$ksm/run && '$KSM_HOOK' status" >"$work/status.$_zeros" 2>&1
	done
	assertNotContains "$(cat "$work/status.-27")" "zero pages"
	assertNotContains "$(cat "$work/status.0")" "zero pages"
	assertContains "$(cat "$work/status.5")" " 5 zero pages: 20.0 KiB"
}

# the real collectd starts it by sudo, as the manual says, and writes what it gets
testCollectd() {
	_program=$work/sbin/ksm-hook
	chmod 755 "$work"
	mkdir -p "$work/sbin" "$work/csv"
	cp "$KSM_HOOK" "$_program"
	sed -n '/^Defaults!/p; /^nobody ALL/p' "$top/docs/ksm-hook-metrics.8" |
		sed "s|/usr/local/sbin/ksm-hook|$_program|" >"$work/sudoers"
	visudo -qcf "$work/sudoers"
	assertEquals "sudo takes what the manual has" 0 $?
	install -m 440 "$work/sudoers" "/etc/sudoers.d/ksm-hook-test-$$"
	{
		echo "Hostname \"testhost\"
			Interval 1
			BaseDir \"$work\"
			PIDFile \"$work/collectd.pid\"
			TypesDB \"/usr/share/collectd/types.db\"
			LoadPlugin logfile
			<Plugin logfile>
			  File \"$work/collectd.log\"
			</Plugin>
			LoadPlugin csv
			<Plugin csv>
			  DataDir \"$work/csv\"
			</Plugin>"
		sed -n '/^LoadPlugin exec/,/^<\/Plugin>/p' "$top/docs/ksm-hook-metrics.8" |
			sed "s|/usr/local/sbin/ksm-hook|$_program|"
	} >"$work/collectd.conf"
	load 2 1 64 exec
	collectd -f -C "$work/collectd.conf" >"$work/collectd.out" 2>&1 &
	_collectd=$!
	_twice() { [ "$(cat "$work"/csv/testhost/ksm/memory-shared-* 2>/dev/null | wc -l)" -ge 3 ]; }
	wait_for 20 _twice
	_ended=$?
	assertTrue "$(cat "$work/collectd.log" "$work/collectd.out")" $_ended
	out=$(tail -qn 1 "$work"/csv/testhost/ksm/memory-shared-* | cut -d, -f2 | cut -d. -f1)
	assertEquals $(($(cat $ksm/pages_shared) * page)) "$out"
	out=$(find "$work/csv" -path '*/ksm-docker_000*/memory-saved-*' | wc -l)
	assertTrue "containers: $out" "[ $out -ge 1 ]"
	assertNotContains "$(cat "$work/collectd.log")" "rror"
	_running() { pgrep -f "^$_program metrics" >/dev/null; }
	assertTrue "it runs" _running
	kill $_collectd
	wait $_collectd
	_ended() { ! _running; }
	wait_for 10 _ended
	assertTrue "it ends with collectd" $?
	leave
	rm -f "/etc/sudoers.d/ksm-hook-test-$$"
}

testCollectdLoopEndsWithItsReader() {
	COLLECTD_INTERVAL=0.2 COLLECTD_HOSTNAME='a b/c' timeout 10 "$KSM_HOOK" metrics --format=collectd 2>"$work/err" |
		awk '{ print } /memory-shared/ && ++n == 2 { exit }' >"$work/put"
	assertEquals "" "$(cat "$work/err")"
	assertTrue "more than one round" "[ $(grep -c memory-shared "$work/put") -eq 2 ]"
	assertEquals "PUTVAL \"a%20b%2fc/ksm/gauge-run\" interval=0.2 N:$(cat $ksm/run)" "$(head -n 1 "$work/put")"
}

testWatchOnATerminal() {
	out=$(python3 "$top/tests/commands/ps-terminal" "$KSM_HOOK" 2>&1)
	assertEquals "$out" 0 $?
}

testWatchIntoAPipe() {
	out=$(timeout -s INT 2.5 "$KSM_HOOK" ps --watch=1 </dev/null | tee "$work/tables" | grep -c '^ENGINE')
	assertTrue "$out tables" "[ $out -ge 2 ]"
	assertNotContains "no escapes" "$(cat "$work/tables")" "$(printf '\033')"
}

testWrongUsage() {
	for _o in --sort=size --watch=0 --watch=x '--watch --json' extra --frob; do
		# shellcheck disable=SC2086 # two words
		"$KSM_HOOK" ps $_o >"$work/o" 2>"$work/e"
		assertEquals "ps $_o" 2 $?
		assertEquals "" "$(cat "$work/o")"
	done
	for _o in --format=json '--format=collectd --output=x' extra; do
		# shellcheck disable=SC2086
		"$KSM_HOOK" metrics $_o >"$work/o" 2>"$work/e"
		assertEquals "metrics $_o" 2 $?
	done
}

. "$(dirname "$0")/../lib/common.sh"
