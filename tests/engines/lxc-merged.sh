#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Pages of LXC's containers merge, and what docs/lxc.md tells a reader to type does what it says.
# needs: containers ksmd

suite_setup() {
	. "$top/tests/lib/lxc-suite.sh"
	lxc_suite_setup
	echo '{}' >"$work/config.json"
}

merging() {
	awk '/^ksm_merging_pages/ { print $2 }' "/proc/$1/ksm_stat"
}

both_merge() {
	[ "$(merging "$one")" -gt 300 ] && [ "$(merging "$two")" -gt 300 ]
}

# pages that are distinct in each of two containers, and the same in both
testTwoContainersMerge() {
	for name in one two; do
		lxc_make $name idmapped "lxc.environment = KSM_MERGE=yes" "lxc.init.cmd = /hold"
		printf '#!/bin/sh\nx=$(seq 1 500000)\nwhile true; do sleep 1; done\necho "$x"\n' >"$work/roots/$name/hold"
		chmod 755 "$work/roots/$name/hold"
		lxc_start $name -d
	done
	one=$(lxc_pid one) two=$(lxc_pid two)
	echo none >$ksm/advisor_mode 2>/dev/null
	echo 5000 >$ksm/pages_to_scan
	echo 5 >$ksm/sleep_millisecs
	echo 1 >$ksm/run
	wait_for 40 both_merge
	_ended=$?
	assertEquals "merged pages: $(merging "$one") $(merging "$two"), $(grep . $ksm/run $ksm/pages_to_scan $ksm/full_scans)" 0 $_ended
	said=$("$KSM_HOOK" ps)
	for name in one two; do
		row=$(echo "$said" | awk -v name=$name '$1 == "lxc" && $2 == name { print $4 }')
		assertEquals "$said" yes "$row"
	done
	lxc_stop one two
}

# What docs/lxc.md tells a reader to type, in a namespace in which the host's directories are
# overlays, with web, a container of the busybox template that has a dynamically linked cat.
testTheDocument() {
	doc_blocks LXC "$top/docs/lxc.md" >"$work/blocks"
	assertEquals "blocks" 8 "$(grep -c '^echo "== ' "$work/blocks")"
	echo "lxc.net.0.type = empty" >"$work/web.conf"
	cat >"$work/reader" <<-S
		set -e
		for d in /usr/local /usr/share /etc /var/lib; do
			mkdir -p "$work/overlay\$d/up" "$work/overlay\$d/work"
			mount -t overlay overlay -o "lowerdir=\$d,upperdir=$work/overlay\$d/up,workdir=$work/overlay\$d/work" \$d
		done
		lxc-create -n web -t busybox -f "$work/web.conf" >/dev/null 2>&1
		trap 'lxc-stop -n web -k 2>/dev/null' EXIT
		trap 'exit 1' TERM
		echo "lxc.include = /usr/share/lxc/config/common.conf" >>/var/lib/lxc/web/config
		cp --remove-destination /bin/cat /var/lib/lxc/web/rootfs/bin/cat
		PATH=/usr/local/sbin:\$PATH
		cd "$top"
		. "$work/blocks"
		echo "== end"
		lxc-attach -n web -- cat /proc/1/ksm_stat /proc/self/ksm_stat
		lxc-stop -n web -k
		trap - EXIT
		test ! -e /usr/local/sbin/ksm-hook
		test ! -e /usr/share/lxc/config/common.conf.d/50-ksm-hook.conf
		echo "== done"
	S
	said=$(BUILD="$BUILD" unshare -m timeout 60 sh -x "$work/reader" 2>&1)
	assertEquals "$said" 0 $?
	for block in 2 4; do
		assertNotEquals "block $block: $said" "" \
			"$(block $block | awk '$1 == "lxc" && $2 == "web" && $4 == "yes"')"
	done
	for block in 3 5 6 7; do
		assertContains "block $block: $said" "$(block $block)" "ksm_merge_any: yes"
	done
	assertNotContains "undone: $said" "$(block end)" "ksm_merge_any: yes"
	assertContains "$said" "$said" "== done"
}

suite_teardown() {
	lxc_stop one two
	lxc_suite_teardown
}

. "$(dirname "$0")/../lib/common.sh"
