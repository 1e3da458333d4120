#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The parser of a container's text is an attacker's, and answers the worst that is still believed:
# his process, his directory and another container's id wherever one could stand. Root executes
# nothing of his, changes none of his files and does nothing to a process of his choice.
# needs: nothing

faults=${BUILD:-$(dirname "$0")/../../build}/ksm-hook-faults

suite_setup() {
	. "$top/tests/lib/bundle.sh"
	for _config in plain:'{}' layout:'{"shared_layout":true}' preload:'{"method":"preload"}'; do
		echo "${_config#*:}" >"$work/${_config%%:*}.json"
	done
	# a process that is nobody's child here, and what the attacker would like to be used
	setsid -f sh -c 'echo $$ >"$1" && exec sleep 1000' sh "$work/victim"
	wait_for 20 test -s "$work/victim"
	victim=$(cat "$work/victim")
	enemy=$work/enemy
	mkdir -p "$enemy/root"
	for _program in program runc crun config.json ksm-hook library.so root/program root/runc; do
		printf '#!/bin/sh\necho "%s" >>"%s"\n' "$_program" "$work/ran" >"$enemy/$_program"
		chmod 755 "$enemy/$_program"
	done
	mkdir "$work/bundle"
	printf '{"process":{"args":["/x"],"env":["A=1"]},"mounts":[{"destination":"/dev","type":"tmpfs"}],"annotations":{"io.ksm.merge":"true"}}' \
		>"$work/bundle/config.json"
	printf '{"id":"mine","pid":%d,"status":"created","bundle":"%s","annotations":{"io.ksm.merge":"true"}}' \
		$$ "$work/bundle" >"$work/state"
	printf '#!/bin/sh\nread -r p </proc/self/personality && echo $p >%s\n' "$work/personality" >"$work/runc"
	chmod 755 "$work/runc"
}

suite_teardown() {
	kill "$victim"
}

start_of() {
	sed 's/.*) //' "/proc/$1/stat" | cut -d' ' -f20
}

# what the victim is, and what lies in the attacker's directory
seen() {
	cat "/proc/$victim/personality" "/proc/$victim/limits"
	grep ksm_merge_any "/proc/$victim/ksm_stat"
	grep TracerPid "/proc/$victim/status"
	cat "/proc/$victim/oom_score_adj" "/proc/$victim/timerslack_ns"
	ls -lA --time-style=full-iso "$enemy" "$enemy/root"
	cat "$enemy"/* 2>/dev/null
}

# traced COMMAND...: by strace, as root of a machine without records
traced() {
	rm -f "$work/trace" "$work/ran" "$work/personality"
	seen >"$work/before"
	timeout -s KILL 60 unshare -m sh -c 'mount -t tmpfs none /run && mount -t tmpfs none /dev/shm &&
		exec "$@"' sh strace -f -qq -o "$work/trace" -e trace=%process,%file,ptrace,kill,tkill,tgkill,prlimit64,process_vm_readv,process_vm_writev,process_madvise,pidfd_send_signal,pidfd_getfd,sched_setaffinity,setns \
		"$@" >"$work/out" 2>"$work/err"
	rc=$?
	seen >"$work/after"
}

# unharmed WHAT PROGRAM...: by what was traced, only these were executed
unharmed() {
	_what=$1
	shift
	assertTrue "$_what: it was traced" "[ -s '$work/trace' ]"
	assertEquals "$_what: the victim and the attacker's files" "$(cat "$work/before")" "$(cat "$work/after")"
	assertFalse "$_what: something of the attacker's ran" "[ -e '$work/ran' ]"
	# his process is pinned and looked at, and that is all
	assertEquals "$_what: the victim" "" \
		"$(grep -E "(ptrace|kill|prlimit64|process_vm_[a-z]*|process_madvise|setns|sched_setaffinity)\(([A-Z_]*, )?$victim\b" "$work/trace")"
	# his directory may be looked into, by its name; nothing is written, made or removed there
	assertEquals "$_what: written" "" "$(grep -F "$enemy" "$work/trace" |
		grep -vE '^[0-9]+ +(open|openat|stat|newfstatat|access|faccessat2?|readlink|execve)\(' |
		grep -v "resumed")"
	assertEquals "$_what: opened to be written" "" "$(grep -F "$enemy" "$work/trace" | grep -E 'O_WRONLY|O_RDWR|O_CREAT|O_TRUNC')"
	assertEquals "$_what: executed" "$(printf '%s\n' "$@" | sort -u)" \
		"$(grep -v ' = -1 E' "$work/trace" | sed -n 's/^[0-9]* *execve("\([^"]*\)".*/\1/p' | sort -u)"
	# what it would have said is in one line, and not as its own
	assertEquals "$_what: a forged line" "" "$(grep -a '^forged' "$work/err")"
	assertFalse "$_what: an escape" "grep -aq '$(printf '\033')' '$work/err'"
}

# every method, with his process and with numbers that are special; with and without a group.
# Each fourth of the 27 here, in which every value occurs; all of them in takeover-soak.sh.
each_answer() {
	for _method in 0 1 2; do
		for _pid in "$victim" 1 0; do
			for _group in - ns:victim/db user:0/db; do
				echo "takeover:$_method,$_pid,$(start_of "$victim"),$_group,$enemy"
			done
		done
	done | awk -v step="${STEP:-4}" 'NR % step == 0'
}

# of what an answer names as the bundle a config.json is read, as of one that the engine named: for a sandbox
# again, if it is no link
testCreateRuntime() {
	for _stage in createRuntime poststart poststop; do
		for _fault in $(each_answer); do
			KSM_FAULT=$_fault traced "$faults" $_stage --config "$work/plain.json" <"$work/state"
			assertEquals "$_stage $_fault: $(cat "$work/err")" 0 $rc
			unharmed "$_stage $_fault" "$faults"
			assertEquals "$_stage $_fault: opened of the container" "" \
				"$(grep -F -e "$enemy" -e "$work/bundle" "$work/trace" |
					grep -v "open[at]*([^\"]*\"$enemy/config.json\", O_RDONLY[A-Z_|]*|O_NOFOLLOW" | head -n 3)"
		done
	done
}

# his process, without a group, which is refused for itself
testNoProcessOfTheHost() {
	for _stage in createRuntime poststart; do
		for _method in 0 1; do
			KSM_FAULT=takeover:$_method,$victim,0,-,$enemy traced "$faults" $_stage --config "$work/plain.json" \
				<"$work/state"
			assertEquals "$_stage: $(cat "$work/err")" 0 $rc
			unharmed "$_stage $_method" "$faults"
			assertContains "$_stage" "$(cat "$work/err")" "reason=init-foreign"
		done
	done
}

# else all of this would show nothing
testTheAnswersAreTaken() {
	KSM_FAULT=takeover:1,$victim,0,-,$enemy traced "$faults" createRuntime --config "$work/plain.json" <"$work/state"
	assertContains "$(cat "$work/err")" "$(cat "$work/err")" "process $victim is not a child of the runtime"
	KSM_FAULT=takeover:1,0,0,-,$enemy traced "$faults" createRuntime --config "$work/plain.json" <"$work/state"
	assertContains "$(cat "$work/err")" "$(cat "$work/err")" "reason=init-missing"
}

# a group has a secret, which its members know: none where config.json has none
testNoGroupWithoutTheAdministratorsWord() {
	KSM_FAULT=takeover:1,$victim,0,user:0/db,$enemy traced "$faults" createRuntime --config "$work/plain.json" <"$work/state"
	assertContains "$(cat "$work/err")" "$(cat "$work/err")" "reason=parser-reply"
	printf '{"runtimes":["%s"]}' "$work/runc" >"$work/runtimes.json"
	KSM_FAULT=takeover:1,$victim,0,user:0/db,$enemy traced "$faults" runtime \
		--config "$work/runtimes.json" run -b "$work/bundle" mine
	assertContains "$(cat "$work/err")" "$(cat "$work/err")" "reason=parser-reply"
	assertEquals "of the runtime" 00000000 "$(cat "$work/personality")"
}

testPrecreate() {
	for _fault in $(each_answer); do
		KSM_FAULT=$_fault traced "$faults" precreate --config "$work/plain.json" \
			--library "$BUILD/libksm_preload.so" <"$work/bundle/config.json"
		case $_fault in *,-,*) ;; *)
			assertContains "$_fault" "$(cat "$work/err")" "reason=parser-reply" ;;
		esac
		assertEquals "$_fault: $(cat "$work/err")" 0 $rc
		unharmed "precreate $_fault" "$faults"
		# into the text come our own words, whatever places were named
		sed "s|:/dev/ksm-hook/libksm_preload.so||; s|\"env\":\[\"[A-Z_]*=[^]]*\"\],||;
			s|,{\"destination\":\"/dev/ksm-hook/libksm_preload.so\",\"type\":\"bind\",\"source\":\"$BUILD/libksm_preload.so\",\"options\":\[\"bind\",\"ro\",\"nosuid\",\"nodev\"\]}||" \
			"$work/out" >"$work/back"
		assertEquals "$_fault" "$(cat "$work/bundle/config.json")" "$(cat "$work/back")"
	done
}

testTheWrapper() {
	printf '{"runtimes":["%s"],"method":"preload"}' "$work/runc" >"$work/runtimes.json"
	cp "$work/bundle/config.json" "$work/saved.json"
	for _fault in $(each_answer); do
		for _command in "run -b $work/bundle" "create -b $work/bundle" "exec" "delete"; do
			# shellcheck disable=SC2086 # words
			KSM_FAULT=$_fault traced "$faults" runtime --config "$work/runtimes.json" \
				--library "$BUILD/libksm_preload.so" $_command mine
			assertEquals "$_command $_fault: $(cat "$work/err")" 0 $rc
			unharmed "$_command $_fault" "$faults" "$work/runc"
			assertEquals "$_command $_fault: of the runtime" 00000000 "$(cat "$work/personality")"
			cp "$work/saved.json" "$work/bundle/config.json"
		done
	done
}

# LXC's parser reads what the container says of itself; who it is is not asked
testLxc() {
	for _fault in $(each_answer); do
		for _type in mount start-host post-stop; do
			LXC_PID=$$ KSM_MERGE=yes KSM_FAULT=$_fault traced "$faults" lxc --config "$work/plain.json" \
				mine lxc $_type
			assertEquals "$_type $_fault: $(cat "$work/err")" 0 $rc
			unharmed "$_type $_fault" "$faults"
			assertNotContains "$_type $_fault" "$(cat "$work/err")" "[victim"
		done
	done
}

. "$(dirname "$0")/../lib/common.sh"
