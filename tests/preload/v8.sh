#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# needs: nothing
# shellcheck disable=SC2154,SC1091 # work and BUILD come from common.sh
# KSM_PRELOAD_V8_SEED: a real node's heap lies where the seed says, and nothing else is known.

suite_setup() {
	lib=$work/libksm_preload.so
	cp "$BUILD/libksm_preload.so" "$lib"
	chmod 755 "$lib"
	cat >"$work/heap.js" <<-'E'
		const maps = require('fs').readFileSync('/proc/self/maps', 'latin1').split('\n');
		const chunks = maps.filter((l) => /^[0-9a-f]{9,12}-[0-9a-f]{9,12} rw-p 0+ 00:00 0 *$/.test(l) && l < '7f');
		console.log(chunks.slice(0, 3).map((l) => l.split('-')[0]).join(' '));
	E
}

# node ENVIRONMENT... -- ARGUMENT...
run_node() {
	_env=
	while [ "$1" != -- ]; do
		_env="$_env $1"
		shift
	done
	shift
	# shellcheck disable=SC2086 # a list of assignments
	timeout 60 env LD_PRELOAD="$lib" $_env node "$@" 2>&1
}

heap() { run_node "$@" -- "$work/heap.js"; }

test_heap_lies_where_the_seed_says() {
	first=$(heap KSM_PRELOAD_V8_SEED=7)
	assertContains "no heap found" "$first" " "
	assertEquals "the same seed" "$first" "$(heap KSM_PRELOAD_V8_SEED=7)"
	assertNotEquals "another seed" "$first" "$(heap KSM_PRELOAD_V8_SEED=8)"
	assertNotEquals "none" "$(heap A=b)" "$(heap A=b)"
}

test_what_counts_as_no_seed() {
	for setting in KSM_PRELOAD_V8_SEED=0 KSM_PRELOAD_V8_SEED= KSM_PRELOAD_V8_SEED=7x \
		KSM_PRELOAD_V8_SEED=2147483648 "KSM_PRELOAD_V8_SEED=7 KSM_PRELOAD=off"; do
		assertTrue "$setting" "run_node $setting -- --print-flag-values -p 1 | grep -qx -- --no-single-threaded-gc"
	done
}

test_flags() {
	run_node KSM_PRELOAD_V8_SEED=2147483647 -- --print-flag-values -p 1 >"$work/flags"
	for flag in --single-threaded-gc --no-concurrent-recompilation --hash-seed=2147483647 \
		--random-seed=0 --no-single-threaded; do
		assertTrue "$flag" "grep -qx -- $flag $work/flags"
	done
}

test_command_line_has_the_last_word() {
	run_node KSM_PRELOAD_V8_SEED=7 -- --concurrent-recompilation --hash-seed=9 --print-flag-values -p 1 >"$work/flags"
	for flag in --concurrent-recompilation --hash-seed=9 --single-threaded-gc; do
		assertTrue "$flag" "grep -qx -- $flag $work/flags"
	done
}

test_random_numbers_stay_random() {
	what='[Math.random(), crypto.randomUUID(), crypto.randomBytes(8).toString("hex")].join("\n")'
	run_node KSM_PRELOAD_V8_SEED=7 -- -p "$what" >"$work/one"
	run_node KSM_PRELOAD_V8_SEED=7 -- -p "$what" >"$work/two"
	assertEquals 3 "$(wc -l <"$work/one")"
	assertEquals "the same" "" "$(grep -xFf "$work/one" "$work/two")"
	# what the test would see
	assertEquals "$(run_node A=b -- --random-seed=7 -p 'Math.random()')" \
		"$(run_node A=b -- --random-seed=7 -p 'Math.random()')"
}

test_worker_threads_and_wasm() {
	cat >"$work/worker.js" <<-'E'
		const { Worker, isMainThread, parentPort } = require('worker_threads');
		const work = () => [...Array(200000).keys()].map((i) => ({ i, s: 'x' + i })).length;
		if (isMainThread) {
			let left = 4;
			for (let i = 0; i < 4; i++)
				new Worker(__filename).on('message', (n) => --left || console.log('done', n, work()));
			// (module (func (export "f") (result i32) i32.const 42))
			const wasm = Buffer.from('0061736d0100000001050160 00017f03020100070501016600000a0601040 0412a0b'.replace(/ /g, ''), 'hex');
			WebAssembly.instantiate(wasm).then((m) => console.log('wasm', m.instance.exports.f()));
		} else {
			parentPort.postMessage(work());
		}
	E
	out=$(run_node KSM_PRELOAD_V8_SEED=7 -- "$work/worker.js")
	assertContains "$out" "done 200000 200000"
	assertContains "$out" "wasm 42"
}

test_other_programs_are_left_alone() {
	assertEquals "x" "$(LD_PRELOAD=$lib KSM_PRELOAD_V8_SEED=7 sh -c 'echo x' 2>&1)"
	assertNotContains "$(LD_PRELOAD=$lib KSM_PRELOAD_V8_SEED=7 KSM_PRELOAD_DEBUG=1 /bin/true 2>&1)" V8
	assertContains "$(run_node KSM_PRELOAD_V8_SEED=7 KSM_PRELOAD_DEBUG=1 -- -p 1)" "V8: its heap"
}

. "$(dirname "$0")/../lib/common.sh"
