#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The rules and alerts for Prometheus and the dashboard for Grafana: every alert fires in a test of
# promtool, and a real Prometheus, with what a real node_exporter has of ksm-hook, answers every query.

rules=$(cd "$(dirname "$0")/../.." && pwd)/docs/prometheus-rules.yml

suite_teardown() {
	for _p in ${processes:-}; do kill "$_p" 2>/dev/null; done
	for _p in ${processes:-}; do wait "$_p" 2>/dev/null; done
	[ -z "${cgroup:-}" ] || wait_for 20 cgroup_removed "${cgroup##*/}"
}

testEachAlertFires() {
	out=$(promtool test rules "$top/tests/project/prometheus-rules-test.yml" 2>&1)
	assertEquals "$out" 0 $?
	_alerts=$(sed -n 's/^ *- alert: //p' "$rules" | sort)
	assertEquals "$_alerts" \
		"$(awk '/alertname:/ && !/exp_alerts/ { print $2 }' "$top/tests/project/prometheus-rules-test.yml" | sort -u)"
	for _a in $_alerts; do
		assertContains "docs/monitoring.md" "$(cat "$top/docs/monitoring.md")" "| $_a |"
	done
}

# a test that would pass whatever the rules say proves nothing
testTheTestNoticesAChange() {
	sed 's/> 0\.5$/> 0.8/' "$rules" >"$work/prometheus-rules.yml"
	assertFalse "changed" "cmp -s '$rules' '$work/prometheus-rules.yml'"
	sed "s|\.\./\.\./docs|$work|" "$top/tests/project/prometheus-rules-test.yml" >"$work/test.yml"
	promtool test rules "$work/test.yml" >"$work/out" 2>&1
	_ended=$?
	assertNotEquals "$(cat "$work/out")" 0 $_ended
}

# per container no more than docs/monitoring.md counts
testSeriesOfAContainer() {
	# of no unit, by the longest of its cgroups
	cgroup=$(awk '$3 == "cgroup2" { print $2; exit }' /proc/mounts)/ksm-hook-test-of-the-rules-for-prometheus-$$
	mkdir -p "$cgroup"
	"$KSM_HOOK" run sleep 300 &
	processes="${processes:-} $!"
	echo $! >"$cgroup/cgroup.procs"
	_shown() {
		"$KSM_HOOK" metrics >"$work/ksm.prom" &&
			grep -q '^ksm_container_info{engine="host",id="sleep"' "$work/ksm.prom"
	}
	wait_for 30 _shown
	# a process of the host has no memory cgroup of its own: four are left out
	assertEquals 11 "$(grep -c '^ksm_container.*{engine="host",id="sleep",' "$work/ksm.prom")"
	assertEquals 15 "$(grep -c '^# TYPE ksm_container' "$work/ksm.prom")"
	assertContains "$(cat "$top/docs/monitoring.md")" "A container is 15 series"
}

# another checkout may run this at the same time
port=$((20000 + $$ % 5000 * 2))

query() {
	curl -sS --max-time 10 -G --data-urlencode "query=$1" "http://127.0.0.1:$port/api/v1/query" 2>>"$work/curl.log"
}

answers() { query "$1" | jq -e '.status == "success" and (.data.result | length) > 0' >/dev/null; }

# what only a container with a memory cgroup, or Kubernetes' agent, has
testEveryQueryIsAnswered() {
	mkdir -p "$work/text" "$work/tsdb"
	[ -s "$work/ksm.prom" ] || testSeriesOfAContainer
	cat "$work/ksm.prom" >"$work/text/ksm.prom"
	_like='engine="docker",id="c1",namespace="shop",pod="web-0",container="web"'
	for _m in $(sed -n 's/^# TYPE \(ksm_container_charged[a-z_]*\) .*/\1/p' "$work/ksm.prom") ksm_container_saved_bytes; do
		[ "$_m" = ksm_container_saved_bytes ] || sed -i "/^# [A-Z]* $_m /d" "$work/text/ksm.prom"
		echo "$_m{$_like} 4096" >>"$work/text/more"
	done
	# the lines of one metric stand together
	{
		grep -v '^ksm_container_saved_bytes' "$work/text/more"
		cat "$work/text/ksm.prom"
	} >"$work/all.prom"
	awk -v extra="ksm_container_saved_bytes{$_like} 4096" \
		'{ print } /^# TYPE ksm_container_saved_bytes / { print extra }' "$work/all.prom" >"$work/text/ksm.prom"
	rm "$work/text/more"
	# a day's samples are promised of
	for _m in held largest_fall reserve room; do
		assertContains "$(cat "$top/hook/stats/capacity_print.c")" "\"${_m}_bytes\""
		printf '# TYPE ksm_hook_capacity_%s_bytes gauge\nksm_hook_capacity_%s_bytes 4096\n' $_m $_m >>"$work/text/ksm.prom"
	done
	prometheus-node-exporter --collector.disable-defaults --collector.textfile --collector.meminfo \
		--collector.textfile.directory="$work/text" --web.listen-address=127.0.0.1:$((port + 1)) \
		>"$work/exporter.log" 2>&1 &
	processes="${processes:-} $!"
	cat >"$work/prometheus.yml" <<-Y
		global: {scrape_interval: 1s, evaluation_interval: 1s}
		rule_files: ["$rules"]
		scrape_configs: [{job_name: node, static_configs: [{targets: ["127.0.0.1:$((port + 1))"]}]}]
	Y
	prometheus --config.file="$work/prometheus.yml" --storage.tsdb.path="$work/tsdb" \
		--web.listen-address=127.0.0.1:$port >"$work/prometheus.log" 2>&1 &
	processes="$processes $!"
	wait_for 60 answers 'rate(ksm_scanned_pages_total[5m])' ||
		tail -n 3 "$work/prometheus.log" "$work/exporter.log" "$work/curl.log"
	jq -r '.panels[].targets[].expr' "$top/docs/grafana-dashboard.json" |
		sed 's/\$instance/.*/g' >"$work/queries"
	sed -n 's/^ *- record: //p' "$rules" >>"$work/queries"
	assertTrue "queries" "[ $(wc -l <"$work/queries") -ge 25 ]"
	while read -r _q; do
		wait_for 30 answers "$_q" || fail "$_q: $(query "$_q")"
	done <"$work/queries"
	# rules that cannot be evaluated are said to be so here only
	_bad=$(curl -sS --max-time 10 "http://127.0.0.1:$port/api/v1/rules" |
		jq -r '.data.groups[].rules[] | select(.health == "err") | .name + ": " + .lastError')
	assertEquals "" "$_bad"
}

. "$(dirname "$0")/../lib/common.sh"
