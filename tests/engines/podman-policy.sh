#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC1091,SC2154 # what common.sh sets
# The administrator's word on podman's containers that run: "observe" changes no process, and who made
# himself mergeable against the rules is found. In a pid namespace, whose processes are all that
# there are, and with an /etc and a /run of its own.
# needs: containers ksmd

suite_setup() {
	. "$top/tests/lib/bundle.sh"
	. "$top/tests/lib/podman-lib.sh"
	echo 1 >$ksm/run
	echo 20000 >$ksm/pages_to_scan
	echo 5 >$ksm/sleep_millisecs
	rootfs_make "$work/root" /usr/bin/perl
	tar -C "$work/root" -cf "$work/image.tar" .
	ln -s "$KSM_HOOK" "$work/ksm-runc"
	cat >"$work/lib.sh" <<-'E'
		mkdir -p "$work/upper" "$work/upwork" "$work/hooks.d"
		mount -t overlay overlay -o "lowerdir=/etc,upperdir=$work/upper,workdir=$work/upwork" /etc || exit 1
		mount -t tmpfs tmpfs /run
		# the host's may come and go below the overlay
		mkdir -p /etc/ksm-hook && mount -t tmpfs tmpfs /etc/ksm-hook || exit 1
		for _hook in 50-ksm-hook 50-ksm-hook-poststop; do
			sed "s|@SBINDIR@|${KSM_HOOK%/*}|" "$top/oci-config/hooks.d/$_hook.json.in" >"$work/hooks.d/$_hook.json"
		done
		configure() { echo "$1" >/etc/ksm-hook/config.json; }
		image() { podman_in "$work/r" import "$work/image.tar" image >/dev/null 2>&1; }
		# box NAME RUNTIME ASKS PERL: started, and its perl has said ready; as user 1000 under podman's
		# default profile
		box() {
			podman_in "$work/r" --hooks-dir "$work/hooks.d" --runtime "$2" run -d --name "$1" $limits \
				--user 1000 --cap-drop ALL ${3:+--annotation io.ksm.merge=true} image \
				/usr/bin/perl -e '$| = 1; '"$4"'; print "ready\n"; sleep 600' >/dev/null 2>"$work/err" ||
				cat "$work/err"
			_n=0
			until podman_in "$work/r" logs "$1" 2>/dev/null | grep -q ready || [ $_n -ge 200 ]; do
				_n=$((_n + 1))
				perl -e 'select undef, undef, undef, 0.1'
			done
		}
		pid_of() { podman_in "$work/r" inspect -f '{{.State.Pid}}' "$1"; }
		end() {
			podman_in "$work/r" rm -fa -t 0 >/dev/null 2>&1
			exit
		}
		# of each process of this machine that has memory, what KSM does with it
		all() {
			for _p in /proc/[0-9]*; do
				[ -n "$(readlink "$_p/exe")" ] || continue
				echo "${_p#/proc/} $(cat "$_p/comm") $(paste -sd ' ' "$_p/ksm_stat")"
			done 2>/dev/null | grep -v -e ' cat ' -e ' sh ' -e ' paste ' -e ' grep ' -e ' sort ' | sort
		}
	E
}

# inside: the script on stdin, where there is nothing but it
inside() {
	rm -rf "${work:?}/upper" "$work/upwork"
	{ cat "$top/tests/lib/podman-lib.sh" "$work/lib.sh" && cat; } >"$work/script"
	out=$(env work="$work" top="$top" KSM_HOOK="$KSM_HOOK" \
		timeout 300 unshare -m -p -f --mount-proc --kill-child sh "$work/script" 2>&1)
}

# of "LABEL text" lines
of() {
	echo "$out" | sed -n "s/^$1 //p" | paste -sd ' '
}

# What was merged stays merged, what is started is decided about, and is in no way different from a
# container that nobody asked for.
testObserveChangesNoProcess() {
	inside <<-'E'
		image
		configure '{}'
		box was runc yes '$x = "y" x (8 << 20)'
		box plain runc '' ''
		# until merged, and nothing changes any more
		_n=0 _same=0 _before='' _was=$(pid_of was)
		until [ $_same -ge 20 ] || [ $_n -ge 600 ]; do
			_n=$((_n + 1)) _now=$(cat "/proc/$_was/ksm_stat")
			case $_now in
			*merging_pages\ [2-9]???*) [ "$_now" = "$_before" ] && _same=$((_same + 1)) || _same=0 ;;
			esac
			_before=$_now
			perl -e 'select undef, undef, undef, 0.1'
		done
		echo "settled $_same"
		echo "merged $(awk '/ksm_merging_pages/ { print ($2 >= 2000) ? "yes" : "no " $2 }' "/proc/$_was/ksm_stat")"
		# so that it adds no page for somebody else on the machine
		echo 0 >/sys/kernel/mm/ksm/run
		configure '{"mode": "observe"}'
		all >"$work/before"
		box asks runc yes '$x = "y" x (8 << 20)'
		box wrapped "$work/ksm-runc" yes '$x = "y" x (8 << 20)'
		box silent runc '' ''
		podman_in "$work/r" exec -d asks /bin/sleep 600
		podman_in "$work/r" exec -d wrapped /bin/sleep 600
		"$KSM_HOOK" ps >"$work/table"
		"$KSM_HOOK" ps --json >"$work/json"
		"$KSM_HOOK" ps --watch=1 >"$work/watched" &
		_watch=$!
		until grep -qs '^total' "$work/watched"; do perl -e 'select undef, undef, undef, 0.1'; done
		kill $_watch
		wait $_watch
		"$KSM_HOOK" metrics >"$work/metrics"
		"$KSM_HOOK" doctor >/dev/null
		"$KSM_HOOK" status >/dev/null
		"$KSM_HOOK" policy explain asks | sed -n 's/^  would merge.*reason=/explained /p'
		all >"$work/after"
		for _p in $(cut -d ' ' -f 1 "$work/before"); do
			grep "^$_p " "$work/before" >"$work/1"
			grep "^$_p " "$work/after" >"$work/2"
			cmp -s "$work/1" "$work/2" && echo "same $_p" || { echo "differs $_p"; cat "$work/1" "$work/2"; }
		done
		cut -d ' ' -f 1 "$work/before" >"$work/old"
		# of those that are new, whoever is mergeable, is scanned or has merged pages
		grep -vwFf "$work/old" "$work/after" >"$work/new"
		echo "new $(wc -l <"$work/new")"
		grep -v 'ksm_rmap_items 0 ksm_zero_pages 0 ksm_merging_pages 0 ksm_process_profit 0 ksm_merge_any: no ksm_mergeable: no$' "$work/new" |
			sed 's/^/touched /'
		for _c in was plain asks wrapped silent; do
			echo "table $_c $(awk -v c="$_c" '$2 == c { print $4 }' "$work/table")"
			echo "watched $_c $(awk -v c="$_c" '$2 == c { print $4; exit }' "$work/watched")"
			echo "json $_c $(jq -r --arg c "$_c" '.[] | select(.container == $c) | .would' "$work/json")"
			echo "metrics $_c $(sed -n "s/^ksm_container_would_merge{.*container=\"$_c\".*} //p" "$work/metrics")"
		done
		# the control: the same start is not the same where it counts
		configure '{"mode": "enforce"}'
		for _runtime in runc "$work/ksm-runc"; do
			box "control" "$_runtime" yes ''
			echo "control $(sed -n 's/^ksm_merge_any: //p' "/proc/$(pid_of control)/ksm_stat")"
			podman_in "$work/r" rm -f -t 0 control >/dev/null 2>&1
		done
		echo "enforced $("$KSM_HOOK" ps --json | jq -r '.[] | select(.container == "asks") | .would')"
		end
	E
	echo 1 >$ksm/run
	assertEquals "$out" "20 yes" "$(of settled) $(of merged)"
	assertEquals "$out" "" "$(of differs)$(of touched)"
	assertTrue "two containers and their monitors: $out" "[ $(of same | wc -w) -ge 4 ]"
	assertTrue "three containers, two sessions, their monitors: $out" "[ $(of new | head -n 1) -ge 8 ]"
	for _how in table watched; do
		assertEquals "$out" "was yes plain no asks would wrapped would silent no" "$(of $_how)"
	done
	assertEquals "$out" "was false plain false asks true wrapped true silent false" "$(of json)"
	assertEquals "$out" "was 0 plain 0 asks 1 wrapped 1 silent 0" "$(of metrics)"
	assertContains "$out" "$(of explained)" "requested: "
	assertEquals "$out" "yes yes" "$(of control)"
	assertEquals "$out" "false" "$(of enforced)"
}

# One call, with no privilege, that no rule keeps a program from (docs/security.md).
testWhoMadeHimselfMergeableAgainstTheRules() {
	inside <<-'E'
		image
		configure '{}'
		# prctl(PR_SET_MEMORY_MERGE), by its machine's number
		_prctl=157
		[ "$(uname -m)" != aarch64 ] || _prctl=167
		call="syscall($_prctl, 67, 1, 0, 0, 0) == 0 or die 'refused'"
		box selfish runc '' "$call; fork"
		box quiet runc '' ''
		echo "pids $(cat /proc/[0-9]*/ksm_stat | grep -c 'ksm_merge_any: yes')"
		look() {
			configure "$2"
			"$KSM_HOOK" doctor --json selfish >"$work/found"
			echo "$1 $(jq -r '.findings[] | select(.id == "container-against-rules") | .level + "," + .reason' "$work/found")"
			for _c in selfish quiet; do
				echo "$1 $(sed -n "s/^ksm_container_denied_mergeable_processes{.*container=\"$_c\".*} //p" "$work/metrics.$1")" \
					"$("$KSM_HOOK" ps --json | jq -r --arg c $_c '.[] | select(.container == $c) | .against_rules')"
			done
		}
		try() {
			configure "$2"
			"$KSM_HOOK" metrics >"$work/metrics.$1"
			look "$1" "$2"
		}
		try free '{}'
		try deny '{"deny": [{"engine": "podman"}]}'
		try name '{"deny": [{"name": "self*"}]}'
		try other '{"deny": [{"name": "quiet"}]}'
		try allow '{"containers": "all", "allow": [{"engine": "docker"}]}'
		try unknown '{"deny": [{"namespace": "payments"}]}'
		try none '{"containers": "none"}'
		try observe '{"mode": "observe", "deny": [{"engine": "podman"}]}'
		# all are named, whom it is about
		_named=$(jq -r '.findings[] | select(.id == "container-against-rules") | .what' "$work/found" | sed 's/.*mergeable (\([0-9, ]*\)).*/\1/' | tr -d ,)
		for _p in $_named; do echo "named $(sed -n 's/^ksm_merge_any: //p' "/proc/$_p/ksm_stat")"; done
		sh -c "$(jq -r '.findings[] | select(.id == "container-against-rules") | .fix' "$work/found")"
		try fixed '{"deny": [{"engine": "podman"}]}'
		end
	E
	assertEquals "$out" "2" "$(of pids)"
	assertEquals "$out" "0 false 0 false" "$(of free | xargs)"
	for _rule in deny,denied-by-rule name,denied-by-rule allow,not-allowed unknown,denied-unknown none,containers-none \
		observe,denied-by-rule; do
		assertEquals "$out" "warning,${_rule#*,} 2 true 0 false" "$(of "${_rule%,*}")"
	done
	assertEquals "$out" "0 false 0 false" "$(of other | xargs)"
	assertEquals "$out" "yes yes" "$(of named)"
	assertEquals "$out" "0 false 0 false" "$(of fixed | xargs)"
}

. "$(dirname "$0")/../lib/common.sh"
