#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What the method "auto" makes of other kernels (tests/kernels/README.md): the table of
# docs/preload-podman.md.

suite_setup() {
	kernels=$BUILD/kernels
	"$top/tests/kernels/fetch" "$kernels" 6.1 6.12 7 >"$work/list"
	guest=$work/guest
	mkdir -p "$guest/etc/ksm-hook" "$work/out"
	"$top/tests/kernels/stage" "$guest" "$KSM_HOOK:/usr/sbin/ksm-hook" \
		"$BUILD/libksm_preload.so:/lib/libksm_preload.so" /usr/bin/env:/bin/program
	echo '{"log": "info"}' >"$guest/etc/ksm-hook/config.json"
	# the library marks what it can; the program of the spec is dynamic
	jq -n '{process: {args: ["/bin/program"], env: []}, root: {path: "/"},
		mounts: [{destination: "/dev", type: "tmpfs"}]}' >"$work/spec.json"
	for method in auto inject preload; do
		jq --arg method $method '.annotations = {"io.ksm.merge": "true", "io.ksm.method": $method}' \
			"$work/spec.json" >"$guest/$method.json"
	done
	cat >"$guest/run.test" <<-'S'
		#!/bin/sh
		chown 0:0 /etc/ksm-hook/config.json
		for method in auto inject preload; do
			/usr/sbin/ksm-hook precreate --library /lib/libksm_preload.so </$method.json >/tmp/out 2>/tmp/err
			status=$?
			if cmp -s /tmp/out /$method.json; then
				echo "$method: $status unchanged"
			else
				echo "$method: $status $(grep -c ksm-hook/libksm_preload.so /tmp/out) lines changed"
			fi
			cat /tmp/err
		done
	S
	chmod 755 "$guest/run.test"
	while read -r k; do
		ask "$(basename "$(dirname "$k")")" "$k"
	done <"$work/list"
	ask as-6.4 "$kernels/exec-6.12/vmlinuz" -a ksm_exec_as=4
	ask as-6.7 "$kernels/exec-6.12/vmlinuz" -a ksm_exec_as=7
}

# ask NAME KERNEL OPTION...
ask() {
	_name=$1 _kernel=$2
	shift 2
	"$top/tests/kernels/boot" "$@" "$_kernel" "$guest" >"$work/out/$_name" 2>"$work/err"
	assertEquals "$_name: $(cat "$work/err")" 0 $?
}

# expect KERNEL-PATTERN AUTO INJECT PRELOAD
expect() {
	_n=0
	for _file in "$work"/out/$1; do
		[ -s "$_file" ] || continue
		_n=$((_n + 1))
		assertEquals "$(cat "$_file")" "$(printf 'auto: 0 %s\ninject: 0 %s\npreload: 0 %s' "$2" "$3" "$4")" \
			"$(grep -v '^ksm-hook' "$_file")"
	done
	assertNotEquals "kernels that fit $1" 0 $_n
}

added="2 lines changed"

testWithoutThePrctl() {
	expect '6.1.*' "$added" unchanged "$added"
}

testLostAtExec() {
	expect as-6.4 "$added" unchanged "$added"
}

testKept() {
	expect '6.12.*' unchanged unchanged "$added"
	expect '7.*' unchanged unchanged "$added"
}

# not to be told from one that is scanned; poststart marks again
testNotScanned() {
	expect as-6.7 unchanged unchanged "$added"
}

. "$(dirname "$0")/lib.sh"
