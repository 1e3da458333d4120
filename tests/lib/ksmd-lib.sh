# shellcheck disable=SC2034 # suites use the names
# SPDX-License-Identifier: Apache-2.0
# What the suites about this machine's own ksmd share: it is put into a known state before each
# test, and what ksm-hook enable did is undone after each.
#
# What is remembered of that lies in a mount namespace of the suite's own: where it is seen, the
# start of any container begins a boost, and other suites start some.

[ -n "${KSMD_NAMESPACE:-}" ] ||
	KSMD_NAMESPACE=1 exec unshare -m --propagation private "$0" "$@"

run=/run/ksm-hook

suite_setup() {
	. "$top/tests/lib/bundle.sh"
	# whoever uses this machine may have enabled it
	"$KSM_HOOK" disable >/dev/null 2>&1
	mkdir -p $run
	mount -t tmpfs -o mode=755 none $run
	echo '{}' >"$work/config.json"
	for _knob in advisor_mode smart_scan use_zero_pages sleep_millisecs pages_to_scan run; do
		[ ! -e $ksm/$_knob ] || knobs="${knobs:-} $_knob"
	done
}

suite_teardown() {
	runc delete -f "ksmtest-$$" >/dev/null 2>&1
	"$KSM_HOOK" disable >/dev/null 2>&1
	rmdir "/sys/fs/cgroup/memory/ksmtest-$$" 2>/dev/null
	umount $run
}

each_setup() {
	known_values
}

each_teardown() {
	"$KSM_HOOK" disable >/dev/null 2>&1
	for _p in ${left:-}; do
		kill "$_p" 2>/dev/null
		wait "$_p" 2>/dev/null
	done
	left=
}

known_values() {
	[ ! -e $ksm/advisor_mode ] || echo none >$ksm/advisor_mode
	echo 0 >$ksm/run
	echo 321 >$ksm/pages_to_scan
	echo 37 >$ksm/sleep_millisecs
	echo 0 >$ksm/use_zero_pages
	[ ! -e $ksm/smart_scan ] || echo 1 >$ksm/smart_scan
}

# all that enable may touch, in one line
values() {
	for _knob in $knobs; do
		printf '%s=%s ' "$_knob" "$(sed 's/.*\[\(.*\)\].*/\1/' $ksm/$_knob)"
	done
}

is() { [ "$(cat $ksm/"$1")" = "$2" ]; }

# hook ARGUMENT...: what it says in $out, its status in $rc
hook() {
	out=$("$KSM_HOOK" "$@" 2>&1)
	rc=$?
}

# The processes that hold the lock: one drives, one watches over it
drivers() {
	for _p in /proc/[0-9]*; do
		case $(readlink "$_p/fd/3" 2>/dev/null) in
		"$run/boost" | "$run/boost (deleted)") echo "${_p#/proc/}" ;;
		esac
	done
}

boost_is_on() { "$KSM_HOOK" status | grep -q 'a boost is on'; }
boost_is_off() { [ -z "$(drivers)" ]; }
# once it has begun to drive
boost_drives() { [ -e $run/boost.pages ] && [ "$(drivers | wc -l)" -eq 2 ]; }
worker() { drivers | tail -n 1; }

# enabled, and the boost that comes with that is over
enable_quietly() {
	hook enable "$@"
	assertEquals "$out" 0 "$rc"
	assertEquals "$out" 1 "$(cat $ksm/run)"
	assertNotEquals "not the known one" 321 "$(cat $ksm/pages_to_scan)"
	drivers | xargs -r kill
	wait_for 30 boost_is_off || fail "the boost does not end"
}

# mergeable MIB: a process with so much of one page again and again
mergeable() {
	"$KSM_HOOK" run -- perl -e '$x = join("", map { chr(65 + $_ % 26) } 0..4095) x (256 * '"$1"');
		$| = 1; print "ready\n"; sleep 1000' >"$work/perl.out" &
	left="${left:-} $!"
	victim=$!
	wait_for 10 grep -q ready "$work/perl.out"
}

merged_pages() { awk '/^ksm_merging_pages/ { print $2 }' "/proc/$1/ksm_stat"; }
