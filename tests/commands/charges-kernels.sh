#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Who pays for merged pages on cgroup v2, on other kernels (tests/kernels/README.md), with real
# containers of runc: docs/memory-accounting.md is from here. KEEP=DIR leaves there what they said.

suite_setup() {
	. "$top/tests/lib/kernels-lib.sh"
	guest=$work/guest
	mkdir -p "$guest"
	"$top/tests/kernels/stage" "$guest" "$KSM_HOOK:/usr/sbin/ksm-hook" "$(command -v runc):/usr/sbin/runc" \
		"$(command -v jq):/usr/bin/jq" "$BUILD/tests/equal:/root/container/bin/equal"
	cat >"$guest/run.test" <<-'S'
		#!/bin/sh
		# five containers of 1024 equal pages each: "STATE NAME KERNEL EXACT ELSEWHERE LEAST MOST", in KiB
		pages=1024 tree=/sys/fs/cgroup ksm=/sys/kernel/mm/ksm
		mkdir -p /root/container/proc /root/container/sys /root/container/dev /b
		cd /b
		runc spec
		sed -i 's/"terminal": true/"terminal": false/; s|"rootfs"|"/root/container"|; s|"sh"|"/bin/equal","1024"|' \
			config.json
		echo 0 >$ksm/run
		for c in a b c d e; do
			# pivot_root cannot leave the first root file system
			ksm-hook run -- runc run --no-pivot -d $c >/tmp/out.$c 2>&1
		done
		kib() { echo $((${1:-0} / 1024)); }
		stat_of() { kib "$(sed -n 's/^anon //p' "$1/memory.stat")"; }
		field() { kib "$(jq ".[] | select(.id == \"$2\") | .$3" "$1")"; }
		state() {
			sleep 3 # the kernel adds up every two seconds
			ksm-hook ps --json --exact >/tmp/exact
			ksm-hook ps --json >/tmp/bounds
			for c in a b c d e; do
				[ -d $tree/$c ] || continue
				echo "$1 $c $(stat_of $tree/$c) $(field /tmp/exact $c charged_bytes)" \
					"$(field /tmp/exact $c charged_elsewhere_bytes)" \
					"$(field /tmp/bounds $c charged_bytes) $(field /tmp/bounds $c charged_at_most_bytes)"
			done
			echo "$1 all $(stat_of $tree)"
		}
		state before
		echo 1 >$ksm/run
		tries=0
		until [ "$(cat $ksm/pages_sharing)" -ge $((4 * pages)) ] || [ $tries -eq 200 ]; do
			tries=$((tries + 1))
			sleep 0.2 # until merged
		done
		echo 0 >$ksm/run
		state merged
		payer=$(jq -r 'max_by(.charged_bytes).id' /tmp/exact)
		echo "payer $payer"
		runc kill "$payer" USR1
		state written
		runc delete -f "$payer"
		state stopped
		for c in a b c d e; do
			[ ! -d $tree/$c ] || echo 3M >$tree/$c/memory.max
		done
		for c in a b c d e; do
			[ ! -d $tree/$c ] || runc kill $c USR1
		done
		sleep 3 # they write, and end
		for c in a b c d e; do
			[ ! -d $tree/$c ] || echo "storm $c $(sed -n 's/^oom_kill //p' $tree/$c/memory.events)"
		done
	S
	chmod 755 "$guest/run.test"
	mkdir "$work/out"
	# shellcheck disable=SC2086 # a list
	"$top/tests/kernels/fetch" "$BUILD/kernels" ${KERNELS:-6.12 6.18 7} >"$work/list"
	while read -r _k; do
		ask "$(basename "$(dirname "$_k")")" "$_k" -m 700 -t 400
	done <"$work/list"
	[ -z "${KEEP:-}" ] || cp "$work"/out/* "$KEEP/"
}

# each_line STATE COMMAND...: for the containers of every kernel, with the fields of their lines
each_line() {
	_state=$1 _lines=0
	shift
	for _file in "$work"/out/*; do
		_payer=$(sed -n 's/^payer //p' "$_file")
		while read -r _ _name _kernel _exact _elsewhere _least _most; do
			_lines=$((_lines + 1))
			"$@"
		done <<-L
			$(grep "^$_state [a-e] " "$_file")
		L
	done
	assertTrue "$_lines lines of $_state" "[ $_lines -ge 4 ]"
}

# near WHAT GOT WANTED: KiB; each program has a few pages of its own
near() {
	assertTrue "$(basename "$_file"), $_state $_name: $1 $2, wanted $3" \
		"[ $2 -ge $(($3 - 64)) ] && [ $2 -le $(($3 + 64)) ]"
}

of_all() { sed -n "s/^$_state all //p" "$_file"; }

apart() { near "charged" "$_kernel" 4148; }

testBefore() { each_line before apart; }

merged_one() {
	near "charged and elsewhere" $((_exact + _elsewhere)) 4108
	near "of the kernel's figure for others" "$_exact" "$_kernel"
	assertTrue "$_state $_name: $_least <= $_exact <= $_most" \
		"[ $_least -le $((_exact + 64)) ] && [ $_most -ge $((_exact - 64)) ]"
	if [ "$_name" = "$_payer" ]; then near "payer" "$_exact" 4108; else near "other" "$_exact" 0; fi
}

testOnePays() { each_line merged merged_one; }

written_one() {
	near "for others" "$_exact" "$([ "$_name" = "$_payer" ] && echo 4108 || echo 0)"
	[ "$_name" != "$_payer" ] || near "charged" "$_kernel" $((2 * 4108 + 40))
}

testThePayerWrites() { each_line written written_one; }

# its charge is with the cgroups above, and no other container's
stopped_one() {
	near "charged" "$_kernel" 40
	near "elsewhere" "$_elsewhere" 4108
	assertTrue "above: $(of_all)" "[ $(of_all) -ge 4108 ]"
}

testThePayerStops() { each_line stopped stopped_one; }

testAStormUnderALimit() {
	for _file in "$work"/out/*; do
		assertEquals "$(basename "$_file")" "1 1 1 1" "$(sed -n 's/^storm [a-e] //p' "$_file" | xargs)"
	done
}

. "$(dirname "$0")/../lib/common.sh"
