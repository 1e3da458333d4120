#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Our units are as closed as they can be, and what they start works within that: by what systemd
# says of them, without a systemd that runs.
# needs: nothing

suite_setup() {
	units=$BUILD/systemd
	command -v systemd-analyze >/dev/null || return 0
	systemd-analyze syscall-filter >"$work/sets"
}

# there MIN: whether systemd-analyze is of that version
there() {
	[ "$(systemd-analyze --version 2>/dev/null | sed -n '1s/^systemd \([0-9]*\).*/\1/p')" -ge "$1" ] 2>/dev/null
}

# exposure UNIT: 0.0 to 10.0
exposure() {
	systemd-analyze security --no-pager --offline=true "$units/$1" 2>"$work/err" |
		sed -n 's/.*Overall exposure level for .*: \([0-9.]*\) .*/\1/p'
}

# exposed UNIT MAX
exposed() {
	_is=$(exposure "$1")
	assertNotNull "$1: $(cat "$work/err")" "$_is"
	assertTrue "$1: $_is, at most $2" "awk -v is='$_is' -v most='$2' 'BEGIN { exit !(is <= most) }'"
}

# said WHOSE: the figure that docs/security.md has
said() {
	tr '\n' ' ' <"$top/docs/security.md" | sed -n "s/.*\([0-9]\.[0-9]\) for $1.*/\1/p"
}

testExposure() {
	there 250 || { skip "no systemd-analyze of systemd 250"; return; }
	exposed ksm-hook-metrics.service "$(said "the timer's")"
	exposed ksm-hook-ksmd@.service "$(said "ksmd's")"
	# a filter of system calls of its own would keep it from suspending those of containers
	exposed ksm-hook-nri.service "$(said "the agent's")"
	exposed ksm-hook-economize.service "$(said "economize's")"
	for _whose in "the timer's" "ksmd's"; do
		assertTrue "$_whose: $(said "$_whose"), at most 2.0" "awk -v is='$(said "$_whose")' 'BEGIN { exit !(is && is <= 2) }'"
	done
	for _unit in "$units"/*.service; do
		case $_unit in
		*/ksm-hook-metrics.service | */ksm-hook-ksmd@.service | */ksm-hook-nri.service | */ksm-hook-economize.service) ;;
		*) exposed "${_unit##*/}" 5.0 ;;
		esac
	done
	# the measure can say no
	printf '[Service]\nExecStart=/bin/true\n' >"$work/open.service"
	units=$work
	assertEquals 9 "$(exposure open.service | cut -d. -f1)"
	units=$BUILD/systemd
}

testVerify() {
	there 250 || { skip "no systemd-analyze of systemd 250"; return; }
	# without drop-ins, some of which are for a later systemd
	mkdir "$work/verified"
	cp "$units"/*.service "$top"/systemd/*.timer "$work/verified"
	for _unit in "$work"/verified/*; do
		assertEquals "$_unit" "" "$(systemd-analyze verify --man=no "$_unit" 2>&1 |
			grep -v 'is not executable: No such file')"
	done
}

# calls SET...: the system calls, sorted
calls() {
	for _set; do
		case $_set in
		@*)
			# shellcheck disable=SC2046 # names
			calls $(awk -v set="$_set" '$1 == set && NF == 1 && /^@/ { on = 1; next }
				/^[^ ]/ { on = 0 } on && $1 != "#" { print $1 }' "$work/sets")
			;;
		*) echo "$_set" ;;
		esac
	done
}

# allowed UNIT: what its SystemCallFilter= lines leave, one after the other as systemd takes them
allowed() {
	: >"$work/allowed"
	sed -n 's/^SystemCallFilter=//p' "$units/$1" | while read -r _line; do
		case $_line in
		~*)
			# shellcheck disable=SC2086 # sets
			calls ${_line#\~} | sort -u | comm -23 "$work/allowed" - >"$work/left"
			;;
		*)
			# shellcheck disable=SC2086
			{ cat "$work/allowed" && calls $_line; } | sort -u >"$work/left"
			;;
		esac
		mv "$work/left" "$work/allowed"
	done
	cat "$work/allowed"
}

# within UNIT COMMAND...: with its capabilities; no call that its filter refuses is needed
within() {
	_unit=$1
	shift
	_caps=$(sed -n 's/^CapabilityBoundingSet=//p' "$units/$_unit" | tr 'A-Z ' 'a-z,' | sed 's/cap_/+/g')
	assertNotNull "$_unit" "$_caps"
	# shellcheck disable=SC2086 # words, or none
	out=$($in setpriv --bounding-set "-all,$_caps" --inh-caps -all --no-new-privs "$@" 2>&1)
	assertEquals "$_unit: $out" 0 $?
	there 250 || return 0
	# shellcheck disable=SC2086
	$in strace -f -qq -o "$work/trace" "$@" >/dev/null 2>&1
	# execve(2) is systemd's own; the other one has its parser on one processor, where it may
	assertEquals "$_unit" "" "$(sed -n 's/^[0-9]* *\([a-z0-9_]*\)(.*/\1/p' "$work/trace" | sort -u |
		grep -vx -e sched_setaffinity | comm -23 - "$work/allowed")"
}

testMetricsWithinItsUnit() {
	! there 250 || allowed ksm-hook-metrics.service >/dev/null
	mkdir "$work/text"
	chown nobody "$work/text"
	within ksm-hook-metrics.service "$KSM_HOOK" metrics --output="$work/text/ksm.prom" \
		--samples="$work/text/samples"
	assertContains "$(cat "$work/text/ksm.prom")" ksm_shared_bytes
	assertEquals "a sample" 2 "$(wc -l <"$work/text/samples")"
}

# on files that look like the kernel's, so that ksmd is left alone
testEnableWithinItsUnit() {
	! there 250 || allowed ksm-hook-ksmd@.service >/dev/null
	cat >"$work/in" <<-END
		cp -r $ksm "$work/ksm.\$\$" && mount --bind "$work/ksm.\$\$" $ksm && mount -t tmpfs none /run &&
		echo 0 >$ksm/run && "\$@" && cp $ksm/run "$work/run"
	END
	in="unshare -m sh $work/in"
	within ksm-hook-ksmd@.service "$KSM_HOOK" enable --profile=gentle
	in=
	assertEquals "$out" 1 "$(cat "$work/run")"
}

# a directory that is not ours is written to where the unit says so, in both places
testTheDirectoryIsWritable() {
	_directory=$(sed -n 's/^Environment=TEXTFILE_DIRECTORY=//p' "$units/ksm-hook-metrics.service")
	assertContains " $(sed -n 's/^ReadWritePaths=//p' "$units/ksm-hook-metrics.service") " " -$_directory "
	assertContains "$(cat "$top/docs/ksm-hook-metrics.8")" "Li ReadWritePaths="
	# where `ksm-hook capacity` looks for the samples
	_samples=$(sed -n 's/^ExecStart=.* --samples=//p' "$units/ksm-hook-metrics.service")
	assertContains "$("$KSM_HOOK" capacity --help)" "$_samples"
	assertEquals "$_samples" "/var/lib/$(sed -n 's/^StateDirectory=//p' "$units/ksm-hook-metrics.service")/samples"
}

testTheAgentsUnit() {
	sed "s|^ExecStart=[^ ]*|ExecStart=$KSM_HOOK|; /^Documentation/d" \
		"$BUILD/systemd/ksm-hook-nri.service" >"$work/ksm-hook-nri.service"
	out=$(systemd-analyze verify --man=no --recursive-errors=no "$work/ksm-hook-nri.service" 2>&1)
	assertEquals "$out" 0 $?
	assertNotContains "$out" ksm-hook-nri
	# none that loads a filter, behind which no filter of others can be suspended
	assertEquals "" "$(grep -E '^(SystemCall|Restrict(A|N|R|S)|MemoryDeny|LockP|ProtectKernel|ProtectClock|ProtectHost|PrivateDev)' \
		"$work/ksm-hook-nri.service")"
	assertContains "$(cat "$work/ksm-hook-nri.service")" "CapabilityBoundingSet=CAP_SYS_PTRACE CAP_SYS_ADMIN CAP_KILL CAP_DAC_READ_SEARCH"
}

. "$(dirname "$0")/../lib/common.sh"
