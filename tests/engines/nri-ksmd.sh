#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# ksm-hook nri --profile: ksmd runs as long as the agent does, and is put back whatever ends it.
# needs: ksmd

. "$(dirname "$0")/../lib/ksmd-lib.sh"

start_agent() {
	: >"$work/log" # the last one's says the same
	echo '{}' >"$work/config.json"
	"$KSM_HOOK" nri --socket="$work/none" --config="$work/config.json" "$@" 2>"$work/log" &
	agent=$!
	left=$agent
	wait_for 20 grep -q nri-unreachable "$work/log"
}

stop_agent() {
	kill "-$1" "$agent"
	wait "$agent" 2>/dev/null
}

testItRunsWhileTheAgentDoes() {
	before=$(values)
	for signal in TERM INT; do
		start_agent --profile=fast
		assertEquals "$(cat "$work/log")" 200 "$(cat $ksm/pages_to_scan)"
		assertTrue "is 1" "is run 1 && is sleep_millisecs 20 && is use_zero_pages 1"
		assertContains "$(cat "$work/log")" "run              0 -> 1"
		stop_agent $signal
		assertEquals "$before" "$(values)"
		assertFalse "nothing is left" "[ -e $run/ksmd ] || [ -e $run/boost ]"
	done
}

testWithoutItIsLeftAlone() {
	before=$(values)
	start_agent
	assertEquals "$before" "$(values)"
	stop_agent TERM
	assertEquals "$before" "$(values)"
}

# what the first one found, not what it had set
testKilledThenStartedAgain() {
	before=$(values)
	start_agent --profile=fast
	stop_agent KILL
	assertTrue "still" "is run 1"
	start_agent --profile=gentle
	assertEquals 50 "$(cat $ksm/pages_to_scan)"
	stop_agent TERM
	assertEquals "$before" "$(values)"
}

# a rolling update, in which the old one ends late: what the new one has taken over stays
testTheSuccessorKeepsIt() {
	before=$(values)
	start_agent --profile=fast
	old=$agent
	start_agent --profile=gentle
	left="$old $agent"
	assertEquals 50 "$(cat $ksm/pages_to_scan)"
	assertContains "$(cat "$work/log")" "process $old, another agent, had set it to profile fast: the last to end sets it back"
	kill -TERM "$old"
	wait "$old" 2>/dev/null
	assertEquals 50 "$(cat $ksm/pages_to_scan)"
	assertTrue "still" "is run 1"
	stop_agent TERM
	assertEquals "$before" "$(values)"
	assertFalse "nothing is left" "[ -e $run/ksmd ] || [ -e $run/boost ]"
}

# two runtimes of a node: it runs until the last of their agents ends, also where the younger one ends
# first, or one was killed
testTheLastOneSetsItBack() {
	before=$(values)
	for how in TERM KILL; do
		start_agent --profile=fast
		first=$agent
		start_agent --profile=fast
		left="$first $agent"
		stop_agent $how
		# but for what a boost may have made of the rate
		assertTrue "$how: $(values)" "is run 1 && is sleep_millisecs 20 && is use_zero_pages 1"
		[ $how = KILL ] || assertContains "$(cat "$work/log")" "process $first, another agent, still runs"
		kill -TERM "$first"
		wait "$first" 2>/dev/null
		assertEquals "$how" "$before" "$(values)"
		# the older one is killed
		start_agent --profile=fast
		first=$agent
		start_agent --profile=fast
		kill -KILL "$first"
		wait "$first" 2>/dev/null
		stop_agent TERM
		assertEquals "$before" "$(values)"
	done
}

# neither of two writes again what somebody else has written
testTwoDoNotFight() {
	start_agent --profile=fast
	first=$agent
	start_agent --profile=gentle
	left="$first $agent"
	echo 4321 >$ksm/sleep_millisecs
	echo 0 >$ksm/run
	stop_agent TERM
	assertTrue "the second" "is sleep_millisecs 4321 && is run 0"
	kill -TERM "$first"
	wait "$first" 2>/dev/null
	assertTrue "the first" "is sleep_millisecs 4321 && is run 0"
	assertTrue "what nobody else has set is put back" "is pages_to_scan 321"
}

# what an administrator sets beside two of them is his
testEnableBesideTwo() {
	before=$(values)
	start_agent --profile=fast
	first=$agent
	start_agent --profile=fast
	left="$first $agent"
	enable_quietly --profile=gentle
	stop_agent TERM
	kill -TERM "$first"
	wait "$first" 2>/dev/null
	assertTrue "still" "is run 1 && is pages_to_scan 50"
	hook disable
	assertEquals "$before" "$(values)"
}

testKilledThenDisabled() {
	before=$(values)
	start_agent --profile=fast
	stop_agent KILL
	assertTrue "still" "is run 1"
	hook disable
	assertEquals "$out" 0 "$rc"
	assertEquals "$before" "$(values)"
}

testWhatEnableHasSetIsTheAdministrators() {
	enable_quietly --profile=gentle
	start_agent --profile=fast
	assertContains "$(cat "$work/log")" "ksmd is left as it is: ksm-hook enable was run on this node"
	assertEquals 50 "$(cat $ksm/pages_to_scan)"
	stop_agent TERM
	assertTrue "still" "is run 1"
	hook disable
	assertTrue "off" "is run 0"
}

testWhoEnablesMeanwhileHasItFromThen() {
	before=$(values)
	start_agent --profile=fast
	enable_quietly --profile=gentle
	stop_agent TERM
	assertTrue "still" "is run 1"
	assertEquals 50 "$(cat $ksm/pages_to_scan)"
	hook disable
	assertEquals "$before" "$(values)"
}

testWhatSomebodyElseHasSetIsLeftAlone() {
	start_agent --profile=fast
	echo 4321 >$ksm/sleep_millisecs
	stop_agent TERM
	assertTrue "kept" "is sleep_millisecs 4321"
	assertTrue "off" "is run 0"
}

# a pod without hostPID sees no other tuner
testNotInAnotherPidNamespace() {
	before=$(values)
	: >"$work/log"
	unshare --pid --fork --kill-child --mount-proc "$KSM_HOOK" nri --socket="$work/none" --config="$work/config.json" \
		--profile=fast 2>"$work/log" &
	agent=$!
	left=$agent
	wait_for 20 grep -q nri-unreachable "$work/log"
	assertContains "$(cat "$work/log")" "--profile needs the host's pid namespace"
	assertEquals "$before" "$(values)"
	stop_agent KILL
	assertEquals "$before" "$(values)"
}

testNotBesideAnotherTuner() {
	before=$(values)
	cp "$(command -v sleep)" "$work/ksmtuned"
	"$work/ksmtuned" 1000 &
	tuner=$!
	wait_for 30 grep -q ksmtuned "/proc/$tuner/comm"
	start_agent --profile=fast
	assertContains "$(cat "$work/log")" "reason=host-other-tuner"
	assertEquals "$before" "$(values)"
	stop_agent TERM
	assertEquals "$before" "$(values)"
	# shellcheck disable=SC2034 # ksmd-lib.sh ends it
	left=$tuner
	out=$("$KSM_HOOK" nri --profile=quick 2>&1)
	assertEquals "$out" 2 $?
}

. "$(dirname "$0")/../lib/common.sh"
