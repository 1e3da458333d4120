#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# metrics: Prometheus and collectd take what it says, and the dashboard and the manual name what there is.
# needs: machine ksmd

# shellcheck source=/dev/null
. "$(dirname "$0")/../lib/ps-lib.sh"

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

testWrongUsage() {
	for _o in --format=json '--format=collectd --output=x' extra; do
		# shellcheck disable=SC2086
		"$KSM_HOOK" metrics $_o >"$work/o" 2>"$work/e"
		assertEquals "metrics $_o" 2 $?
	done
}

. "$(dirname "$0")/../lib/common.sh"
