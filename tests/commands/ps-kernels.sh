#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# ps and metrics on other kernels (tests/kernels/README.md), which tell less, or nothing, of
# what is merged in a process.

suite_setup() {
	. "$top/tests/lib/kernels-lib.sh"
	guest=$work/guest
	mkdir -p "$guest/tmp"
	"$top/tests/kernels/stage" "$guest" "$KSM_HOOK:/usr/sbin/ksm-hook" \
		"$BUILD/bench/look-load:/usr/sbin/look-load"
	cat >"$guest/run.test" <<-'S'
		#!/bin/sh
		base=$(awk '$3 == "cgroup2" || $4 ~ /freezer/ { print $2; exit }' /proc/mounts)/look
		mkdir "$base"
		mkfifo /tmp/in
		look-load "$base" 3 2 256 exec </tmp/in >/tmp/out &
		exec 7>/tmp/in
		tries=0
		until grep -q ready /tmp/out && [ "$(cat /sys/kernel/mm/ksm/pages_sharing)" -ge 1270 ]; do
			tries=$((tries + 1))
			[ $tries -lt 200 ] || break
			sleep 0.2 # until merged
		done
		ksm-hook ps
		echo "status $?"
		ksm-hook ps --exact
		echo "status $?"
		ksm-hook metrics | grep -c '^ksm_container_saved_bytes'
	S
	chmod 755 "$guest/run.test"
	ask_all 5.10 6.1 6.12 6.17 7
	for _k in "$BUILD"/kernels/6.1.*/vmlinuz; do ask v1-6.1 "$_k" -1; done
}

# three containers of two processes: what 6 MiB would be is 1; on kernels that do not scan what
# was executed, 3 MiB are 1; on the oldest nobody counts what is merged
testSavings() {
	for _file in "$work"/out/*; do
		_said=$(cat "$_file")
		case $_file in
		*/as-6.7) _merged='1\.0 MiB' _saved='(68|69).\.. KiB' ;;
		*/5.10*) _merged='1\.7 MiB' _saved='1\.[67] MiB' ;;
		*) _merged='2\.0 MiB' _saved='1\.[67] MiB' ;;
		esac
		assertEquals "$(basename "$_file"): $_said" 6 \
			"$(grep -cE "^docker +000000000000 +2  yes +(prctl|madvise) +2\.[0-9] MiB +$_merged +$_saved " "$_file")"
		assertEquals "$(basename "$_file"): $_said" 2 "$(grep -c '^status 0$' "$_file")"
		assertEquals "$(basename "$_file"): $_said" 3 "$(tail -n 1 "$_file")"
	done
}

. "$(dirname "$0")/../lib/common.sh"
