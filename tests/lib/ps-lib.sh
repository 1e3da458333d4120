# SPDX-License-Identifier: Apache-2.0
# What the suites of ps and metrics share: processes whose memory merges, and containers with names.
# shellcheck shell=sh disable=SC1091,SC2034,SC2154 # variables of suites, of common.sh

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

# contain ID ANNOTATIONS STAGE...: a container that sleeps
contain() {
	_id=$1 _annotations=$2
	shift 2
	bundle_make "$(bundle_of containerd "$_id")" "$work/root" "$(hooks_json "$@")" "$_annotations" \
		/bin/sleep 60
	runc run -d -b "$(bundle_of containerd "$_id")" "$_id" >/dev/null 2>&1 </dev/null
}
