#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The hook on other kernels (tests/kernels/README.md): real runc and crun in each, a container
# whose equal pages are merged or not, and what ksm-hook says of the kernel.

suite_setup() {
	. "$top/tests/bundle.sh"
	kernels=$BUILD/kernels
	# shellcheck disable=SC2086 # a list, or nothing
	"$top/tests/kernels/fetch" "$kernels" ${KERNELS:-6.1 6.12 7} >"$work/list"
	guest=$work/guest
	mkdir -p "$guest/tmp" "$work/out"
	"$top/tests/kernels/stage" "$guest" "$KSM_HOOK:/usr/sbin/ksm-hook" /usr/sbin/runc /usr/bin/crun
	rootfs_make "$guest/root"
	cp "$BUILD/tests/kernels/workload" "$guest/root/bin/"
	KSM_HOOK=/usr/sbin/ksm-hook
	# the bundles' paths are the guest's
	for _stages in createRuntime createRuntime,poststart; do
		# shellcheck disable=SC2046 # a word each
		_hooks=$(work=/tmp hooks_json $(echo $_stages | tr , ' '))
		bundle_make "$guest/$_stages" /root "$_hooks" '{"io.ksm.merge":"true"}' /bin/workload
	done
	bundle_make "$guest/nothing" /root '{}' '{}' /bin/workload
	KSM_HOOK=$BUILD/ksm-hook
	cat >"$guest/run.test" <<-'S'
		#!/bin/sh
		/usr/sbin/ksm-hook status
		for bundle in nothing createRuntime createRuntime,poststart; do
			for runtime in runc crun; do
				mkdir -p /tmp/$runtime
				printf '%s %s: ' $runtime $bundle
				case $runtime in
				runc) runc --root /tmp/runc run --no-pivot -b /$bundle c 2>&1 ;;
				crun) crun --root /tmp/crun --cgroup-manager=disabled run --no-pivot -b /$bundle c 2>&1 ;;
				esac
			done
		done
		printf 'run: '
		/usr/sbin/ksm-hook run /root/bin/workload
		printf 'hook: '
		sleep 60 &
		echo "{\"id\":\"c\",\"pid\":$!,\"annotations\":{\"io.ksm.merge\":\"true\"}}" |
			/usr/sbin/ksm-hook createRuntime 2>&1
		echo "status $?"
	S
	chmod 755 "$guest/run.test"
	while read -r k; do
		ask "$(basename "$(dirname "$k")")" "$k"
	done <"$work/list"
	ask as-6.4 "$kernels/exec-6.12/vmlinuz" -a ksm_exec_as=4
	ask as-6.7 "$kernels/exec-6.12/vmlinuz" -a ksm_exec_as=7
}

ask() {
	_name=$1 _kernel=$2
	shift 2
	"$top/tests/kernels/boot" "$@" "$_kernel" "$guest" >"$work/out/$_name" 2>"$work/$_name.err"
	_rc=$?
	[ $_rc -eq 0 ] || { echo "$_name: boot ended with $_rc"; tail -n 5 "$work/$_name.err"; }
}

# expect KERNEL-PATTERN LINE...: every kernel that fits says each line
expect() {
	_pattern=$1 _n=0
	shift
	for _file in "$work"/out/$_pattern; do
		[ -s "$_file" ] || continue
		_n=$((_n + 1))
		for _line; do
			grep -qx "$_line" "$_file"
			assertTrue "$(basename "$_file") lacks '$_line'" $? || cat "$_file"
		done
	done
	assertNotEquals "kernels that fit $_pattern" 0 $_n
}

testNothingIsMergedThatDidNotAsk() {
	expect '*' 'runc nothing: not merged' 'crun nothing: not merged'
}

testCurrentKernelsMerge() {
	for _k in '6.12.*' '7.*'; do
		expect "$_k" 'runc createRuntime: merged' 'crun createRuntime: merged' 'run: merged' \
			'prctl  *yes' '  after exec  *yes.*'
	done
}

testLostAtExecIsRepairedByPoststart() {
	expect as-6.4 'runc createRuntime: not merged' 'crun createRuntime: not merged' \
		'runc createRuntime,poststart: merged' 'crun createRuntime,poststart: merged' \
		'  after exec  *no: register the poststart hook'
}

testNotScannedAfterExecIsRepairedByPoststart() {
	expect as-6.7 'runc createRuntime: not merged' 'crun createRuntime: not merged' \
		'runc createRuntime,poststart: merged' 'crun createRuntime,poststart: merged'
}

testPoststartDoesNoHarmWhereItIsNotNeeded() {
	for _k in '6.12.*' '7.*'; do
		expect "$_k" 'runc createRuntime,poststart: merged' 'crun createRuntime,poststart: merged'
	done
}

testWithoutThePrctlItSaysSo() {
	expect '6.1.*' 'prctl  *no: .*' 'status 0' \
		'hook: .*this kernel has no prctl(PR_SET_MEMORY_MERGE).*'
}

. "$(dirname "$0")/lib.sh"
