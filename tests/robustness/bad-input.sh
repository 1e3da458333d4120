#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Whatever is fed to a hook stage: one clear line, no crash, no hang, nothing written.

ask='"annotations":{"io.ksm.merge":"true"}'

suite_setup() {
	echo '{}' >"$work/plain.json"
	echo '{"required": true}' >"$work/required.json"
	echo '{"containers": "annotated", oops' >"$work/broken.json"
	mkdir "$work/in" "$work/empty"
	setsid sh -c 'sleep 300 & echo $!' >"$work/stranger" </dev/null
	stranger=$(cat "$work/stranger")
}

suite_teardown() {
	kill "$stranger"
}

# judge NAME STATUS LINES TEXT: what the last run did, of which $rc is the exit status
judge() {
	_said=$(cat "$work/err")
	# of hundreds of runs: by two processes instead of a dozen
	facts=$(wc -l <"$work/err" && LC_ALL=C awk '
		{ size += length($0) + 1 }
		/the parser / { parser++ }
		/not made mergeable/ && !/ reason=/ { uncoded++ }
		/[^ -~]/ { unclean++ }
		END { print parser + 0, uncoded + 0, unclean + 0, size < 900 ? "short" : "long" }' "$work/err")
	assertEquals "$1: exit status; lines, of them of the parser's own, of a reason without its code, with control characters; their length: $_said" \
		"$2 $3 0 0 0 short" "$rc $(echo $facts)"
	case $_said in *"$4"*) ;; *) fail "$1: \"$4\" expected: $_said" ;; esac
	assertFalse "$1: stdout" "[ -s '$work/out' ]"
}

# hook STAGE CONFIG: with the caller's stdin, in a directory where a dropping would show
hook() {
	(
		cd "$work/empty" || exit 99
		exec timeout -s KILL 5 "$KSM_HOOK" "$1" --config "$work/$2.json"
	) >"$work/out" 2>"$work/err"
	rc=$?
}

# undecided NAME CODE: the file in/NAME asks, or nobody can tell: one line with CODE as the reason
undecided() {
	for stage in createRuntime prestart poststart poststop; do
		hook $stage plain <"$work/in/$1"
		judge "$1 $stage" 0 1 "ksm-hook[$stage]"
		assertContains "$1 $stage" "$(cat "$work/err")" " reason=$2: not made mergeable: container state"
		hook $stage required <"$work/in/$1"
		judge "$1 $stage required" 1 1 " reason=$2: "
	done
}

# left_alone NAME: the file in/NAME does not ask: not a word, even where merging is required
left_alone() {
	for config in plain required broken; do
		hook createRuntime $config <"$work/in/$1"
		judge "$1 $config" 0 0 ""
	done
	# what stands in a file that is not there nobody knows
	hook createRuntime missing <"$work/in/$1"
	judge "$1 missing" 0 1 " reason=config-unreadable: not made mergeable: "
}

test_empty() {
	: >"$work/in/empty"
	undecided empty state-unreadable
}

test_truncated() {
	state="{\"id\":\"c1\",\"pid\":7,$ask}"
	# from where the name is complete; a text that is shorter does not ask
	len=47
	while [ $len -lt ${#state} ]; do
		printf "%.${len}s" "$state" >"$work/in/truncated"
		hook createRuntime plain <"$work/in/truncated"
		judge "$len bytes" 0 1 "container state:1:"
		len=$((len + 1))
	done
	undecided truncated state-invalid
	printf '{"id":"c1","pi' >"$work/in/short"
	left_alone short
}

# as_json NAME TEXT CODE
as_json() {
	printf '%s' "$2" >"$work/in/$1"
	undecided "$1" "$3"
}

test_wrong_types() {
	as_json array "[{$ask}]" state-invalid
	as_json string '"io.ksm.merge"' state-invalid
	as_json boolean '{"pid":1,"annotations":{"io.ksm.merge":true}}' \
		state-invalid
	as_json list '{"pid":1,"annotations":["io.ksm.merge"]}' \
		state-invalid
	as_json id "{\"id\":[],$ask}" state-invalid
	printf '[1,2,3]' >"$work/in/other"
	left_alone other
	printf '{"pid":"x","id":7,"annotations":7}' >"$work/in/other"
	left_alone other
}

# createRuntime acts on the pid, so it says more than the other stages
pid_says() {
	printf '{"id":"c1"%s,%s}' "$1" "$ask" >"$work/in/pid"
	hook createRuntime plain <"$work/in/pid"
	judge "pid $1" 0 1 " reason=$2: "
	hook createRuntime required <"$work/in/pid"
	judge "pid $1 required" 1 1 " reason=$2: "
	printf '{"id":"c1"%s}' "$1" >"$work/in/pid"
	left_alone pid
}

test_pids() {
	pid_says '' init-missing
	pid_says ',"pid":0' init-missing
	for pid in -1 2147483648 99999999999999999999999 1.5 1e3 true null '"1"' '[]'; do
		pid_says ",\"pid\":$pid" state-invalid
	done
	pid_says ',"pid":2147483647' init-gone
	pid_says ',"pid":1' init-foreign
	pid_says ",\"pid\":$stranger" init-foreign
	# as everywhere else the stranger is left as it was
	assertNotContains "$(cat "/proc/$stranger/ksm_stat")" "ksm_merge_any: yes"
	kernel=$(ps -o pid= --ppid 2 2>/dev/null | head -n 1 | tr -d ' ')
	if [ -n "$kernel" ]; then
		pid_says ",\"pid\":$kernel" init-foreign
	else
		skip "no kernel threads to be seen in this pid namespace"
	fi
}

test_own_pid() {
	# shellcheck disable=SC2016 # for the inner shell, which becomes the hook
	sh -c 'printf "{\"pid\":%d,%s}" $$ "$1" >"$2"; exec "$3" createRuntime --config "$4" <"$2"' \
		sh "$ask" "$work/in/own" "$KSM_HOOK" "$work/plain.json" >"$work/out" 2>"$work/err"
	rc=$?
	judge "own pid" 0 1 " reason=init-foreign: "
}

test_noise() {
	# the same noise every time
	openssl enc -aes-128-ctr -nosalt -K 00 -iv 00 </dev/zero 2>/dev/null | head -c 307200 \
		>"$work/in/noise"
	left_alone noise
	{ printf '{"io.ksm.merge":"' && cat "$work/in/noise"; } >"$work/in/asking"
	undecided asking state-invalid
	{ cat "$work/in/noise" && printf 'io.ksm.merge'; } >"$work/in/asking"
	undecided asking state-invalid
}

test_endless() {
	for text in '{"io.ksm.merge":"true"}' 'x'; do
		for config in plain required; do
			mkfifo "$work/endless"
			yes "$text" >"$work/endless" 2>/dev/null &
			hook createRuntime $config <"$work/endless"
			judge "endless $text" "$([ $config = plain ]; echo $?)" 1 \
				"container state: longer than 1048576 bytes"
			wait $!
			rm "$work/endless"
		done
	done
	hook createRuntime plain </dev/zero
	judge "endless zeros" 0 1 "container state: longer than 1048576 bytes"
}

test_silent() {
	mkfifo "$work/silent"
	exec 8<>"$work/silent"
	hook createRuntime plain <&8
	judge silent 0 1 "container state: stdin did not end within 2000 ms"
	printf '{"pid":1,%s}' "$ask" >&8
	hook createRuntime required <&8
	judge "all but the end" 1 1 "container state: stdin did not end within 2000 ms"
	exec 8<&-
}

test_closed() {
	hook createRuntime plain <&-
	judge closed 0 1 "container state on stdin: Bad file descriptor"
	hook createRuntime required <&-
	judge "closed required" 1 1 "container state on stdin: Bad file descriptor"
	printf '{"pid":1,%s}' "$ask" >"$work/in/closed"
	"$KSM_HOOK" createRuntime --config "$work/plain.json" <"$work/in/closed" >&- 2>&-
	assertEquals "no stderr" 0 $?
}

# repeat N TEXT
repeat() {
	yes "$2" | head -n "$1" | tr -d '\n'
}

test_nesting() {
	{ printf '{%s,"x":' "$ask" && repeat 200000 '['; } >"$work/in/deep"
	undecided deep state-invalid
	{ printf '{%s,"x":' "$ask" && repeat 100000 '{"a":'; } >"$work/in/deep"
	undecided deep state-invalid
	repeat 200000 '[' >"$work/in/deep"
	left_alone deep
}

test_nul_and_utf8() {
	printf '{"pid":1,%s}\0' "$ask" >"$work/in/bytes"
	undecided bytes state-invalid
	printf '\0{"pid":1,%s}' "$ask" >"$work/in/bytes"
	undecided bytes state-invalid
	printf '{"pid":1,"annotations":{"io.ksm.merge":"tr\377ue"}}' >"$work/in/bytes"
	undecided bytes state-invalid
	as_json escape '{"pid":1,"annotations":{"io.ksm.merge":"true\u0000"}}' \
		state-invalid
	as_json key '{"pid":1,"annotations":{"io.ksm.merge\u0000":"true"}}' \
		state-invalid
	as_json terminal '{"annotations":{"io.ksm.merge":"true","io.ksm.\u001b[2J\n":7}}' state-invalid
	assertContains "$(cat "$work/err")" 'container state: annotation io.ksm.\x1b[2J\x0a must be a string'
}

test_escapes() {
	for name in 'io.ksm.\u006derge' 'io\u002Eksm.merge' 'io.ksm.me\u0072ge' \
		'\u0069\u006f\u002e\u006b\u0073\u006d\u002e\u006d\u0065\u0072\u0067\u0065'; do
		printf '%s' "{\"pid\":1,\"annotations\":{\"$name\":\"true\"}}" >"$work/in/escape"
		hook createRuntime plain <"$work/in/escape"
		judge "$name" 0 1 "process 1 is not a child of the runtime"
	done
	# what Go's encoder makes of <, > and & hides no name: nothing is parsed
	printf '%s' '{"pid":"x","annotations":{"a":"\u003cb\u003e \u0026 \u00' >"$work/in/escape"
	left_alone escape
}

test_large_annotation() {
	{
		printf '{"pid":1,"annotations":{"io.ksm.merge":"'
		repeat 1000000 x
		printf '"}}'
	} >"$work/in/large"
	undecided large state-invalid
	# as somebody else's it is nobody's business here
	{
		printf '{"pid":1,%s,"x":"' "$ask"
		repeat 1000000 x
		printf '"}'
	} >"$work/in/large"
	hook createRuntime plain <"$work/in/large"
	judge "large, of others" 0 1 "process 1 is not a child of the runtime"
	{ printf '{"pid":1,%s,"x":[' "$ask" && repeat 340000 '"",' && printf '""]}'; } \
		>"$work/in/large"
	hook createRuntime plain <"$work/in/large"
	judge "many short strings" 0 1 "process 1 is not a child of the runtime"
}

test_unknown_values_are_named() {
	printf '{"pid":1,"annotations":{"io.ksm.merge":"maybe"}}' >"$work/in/maybe"
	hook createRuntime required <"$work/in/maybe"
	judge "unknown value" 0 1 'invalid value annotation io.ksm.merge="maybe", expected one of true, false'
}

test_broken_config() {
	printf '{"pid":1,%s}' "$ask" >"$work/in/asks"
	hook createRuntime broken <"$work/in/asks"
	judge "broken config" 0 1 "$work/broken.json:1:"
	printf '{"pid":1,"annotations":{"io.ksm.merge":"true","io.ksm.required":"true"}}' \
		>"$work/in/requires"
	hook createRuntime broken <"$work/in/requires"
	judge "broken config, required" 1 1 "the container is refused: $work/broken.json:1:"
	printf '{"pid":1,"annotations":{"io.ksm.merge":"false","io.ksm.required":"true"}}' \
		>"$work/in/refuses"
	hook createRuntime broken <"$work/in/refuses"
	judge "broken config, not wanted" 0 1 "not made mergeable: $work/broken.json:1:"
	cp "$work/plain.json" "$work/loose.json"
	chmod 666 "$work/loose.json"
	hook createRuntime loose <"$work/in/asks"
	judge "config of all" 0 1 "$work/loose.json: must belong to root"
	hook createRuntime loose <"$work/in/requires"
	judge "config of all, required" 1 1 "the container is refused: $work/loose.json: must"
	mkfifo "$work/fifo.json"
	hook createRuntime fifo <"$work/in/asks"
	judge "a fifo as config" 0 1 "$work/fifo.json: not a regular file"
}

test_wrong_usage() {
	printf '{"pid":1,%s}' "$ask" >"$work/in/asks"
	printf '{"pid":1,"annotations":{"io.ksm.merge":"true","io.ksm.required":"true"}}' \
		>"$work/in/requires"
	for args in --bogus --config extra "--config=$work/plain.json extra" -x; do
		for stage in createRuntime poststart poststop; do
			# told, but exit status 0: one typing error must not stop every container
			# shellcheck disable=SC2086
			"$KSM_HOOK" $stage $args <"$work/in/asks" >"$work/out" 2>"$work/err"
			rc=$?
			judge "$stage $args" 0 1 "; nothing was done, fix the hook's \"args\""
			# but for the container that is to be refused rather than not merged
			want=1 then="the container is refused, as merging is required"
			[ $stage != poststop ] || want=0 then="nothing was done"
			# shellcheck disable=SC2086
			"$KSM_HOOK" $stage $args <"$work/in/requires" >"$work/out" 2>"$work/err"
			rc=$?
			judge "$stage $args, required" $want 1 "; $then, fix the hook's \"args\""
		done
	done
	"$KSM_HOOK" nosuch >"$work/out" 2>"$work/err"
	rc=$?
	judge "unknown command" 2 1 'unknown command "nosuch"'
	"$KSM_HOOK" >"$work/out" 2>"$work/err"
	assertEquals "no command" 2 $?
	assertContains "$(cat "$work/err")" "usage: ksm-hook"
	"$KSM_HOOK" run >"$work/out" 2>"$work/err"
	rc=$?
	judge "run without a command" 2 1 "no command given"
	"$KSM_HOOK" run --bogus true >"$work/out" 2>"$work/err"
	assertEquals "run --bogus" 2 $?
}

test_help_and_version() {
	for args in --help "createRuntime --help" "poststart --help" "run --help"; do
		# shellcheck disable=SC2086
		"$KSM_HOOK" $args >"$work/out" 2>"$work/err" </dev/null
		assertEquals "$args" 0 $?
		assertContains "$args" "$(cat "$work/out")" "usage: ksm-hook"
		assertEquals "$args" "" "$(cat "$work/err")"
	done
	version=$("$KSM_HOOK" --version)
	assertEquals 0 $?
	assertTrue "$version" "expr '$version' : 'ksm-hook [0-9][0-9.]*$' >/dev/null"
	"$KSM_HOOK" --help >/dev/full 2>"$work/err"
	assertEquals "a full disk" 1 $?
	# printed in pieces, of which the last was none
	echo '{}' >"$work/in/valid.json"
	for args in "policy check $work/in/valid.json" \
		"policy explain --config $work/in/valid.json --annotation io.ksm.merge=true"; do
		# shellcheck disable=SC2086
		"$KSM_HOOK" $args >/dev/full 2>"$work/err"
		_ended=$?
		assertEquals "$args: a full disk: $(cat "$work/err")" 1 $_ended
		assertContains "$args" "$(cat "$work/err")" "standard output: "
	done
	# whatever else the exit status says
	echo '{"log": 1}' >"$work/in/invalid.json"
	for args in "policy check --json $work/in/valid.json" "policy check --json $work/in/invalid.json" \
		"policy check $work/in/invalid.json" "policy explain --json --annotation io.ksm.merge=true" "status --json" "ps --json" \
		"metrics" "doctor --json pid:$$"; do
		# shellcheck disable=SC2086
		"$KSM_HOOK" $args >/dev/full 2>"$work/err"
		assertNotEquals "$args: a full disk" 0 $?
		assertEquals "$args: one line says so: $(cat "$work/err")" 1 "$(grep -c "standard output: " "$work/err")"
	done
}

test_nothing_is_written() {
	assertEquals "droppings" "" "$(ls -A "$work/empty")"
	printf '{"pid":1,%s}' "$ask" >"$work/in/asks"
	ASAN_OPTIONS=detect_leaks=0 strace -f -o "$work/trace" \
		-e trace=open,openat,openat2,creat,mkdir,mkdirat,unlink,unlinkat,rename,renameat,renameat2,link,linkat,symlink,symlinkat,mknod,mknodat,truncate,ftruncate,chmod,fchmod,fchmodat,chown,fchown,fchownat,mount,setxattr \
		"$KSM_HOOK" createRuntime --config "$work/plain.json" <"$work/in/asks" 2>/dev/null
	assertTrue "strace shows nothing" "grep -q plain.json '$work/trace'"
	# what a call of two processes at once asked for stands where it began
	assertEquals "" "$(grep -vE 'O_RDONLY|^[0-9]+ +(\+\+\+|---|<\.\.\. [a-z0-9]+ resumed>)' "$work/trace")"
	assertEquals "" "$(grep -E 'O_CREAT|O_TRUNC|O_WRONLY|O_RDWR' "$work/trace")"
}

. "$(dirname "$0")/../lib/common.sh"
