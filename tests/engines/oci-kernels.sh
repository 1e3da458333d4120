#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The hook on other kernels (tests/kernels/README.md): real runc and crun in each, a container
# whose equal pages are merged or not, and what ksm-hook says of the kernel.

suite_setup() {
	. "$top/tests/lib/bundle.sh"
	. "$top/tests/lib/kernels-lib.sh"
	guest=$work/guest
	mkdir -p "$guest/tmp"
	"$top/tests/kernels/stage" "$guest" "$KSM_HOOK:/usr/sbin/ksm-hook" /usr/sbin/runc /usr/bin/crun
	rootfs_make "$guest/root"
	cp "$BUILD/tests/kernels/workload" "$guest/root/bin/"
	gcc -o "$work/workload" "$top/tests/programs/kernels/workload.c"
	"$top/tests/kernels/stage" "$guest" "$work/workload:/workload" \
		"$BUILD/libksm_preload.so:$(sed 's/.* //' "$BUILD/places")"
	KSM_HOOK=/usr/sbin/ksm-hook
	# the bundles' paths are the guest's
	for _stages in createRuntime createRuntime,poststart; do
		# shellcheck disable=SC2046 # a word each
		_hooks=$(hooks_config=/tmp/config.json hooks_json $(echo $_stages | tr , ' '))
		bundle_make "$guest/$_stages" /root "$_hooks" '{"io.ksm.merge":"true"}' /bin/workload
	done
	bundle_make "$guest/nothing" /root '{}' '{}' /bin/workload
	KSM_HOOK=$BUILD/ksm-hook
	cat >"$guest/run.test" <<-'S'
		#!/bin/sh
		echo '{}' >/tmp/config.json
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
		/usr/sbin/ksm-hook run /workload
		printf 'hook: '
		sleep 60 &
		echo "{\"id\":\"c\",\"pid\":$!,\"annotations\":{\"io.ksm.merge\":\"true\"}}" |
			/usr/sbin/ksm-hook createRuntime 2>&1
		echo "status $?"
	S
	chmod 755 "$guest/run.test"
	ask_all 6.1 6.12 7
}

testNothingIsMergedThatDidNotAsk() {
	says '*' 'runc nothing: not merged' 'crun nothing: not merged'
}

testCurrentKernelsMerge() {
	for _k in '6.12.*' '7.*'; do
		says "$_k" 'runc createRuntime: merged' 'crun createRuntime: merged' 'run: merged' \
			'prctl  *yes' '  after exec  *yes.*'
	done
}

testLostAtExecIsRepairedByPoststart() {
	says as-6.4 'runc createRuntime: not merged' 'crun createRuntime: not merged' \
		'runc createRuntime,poststart: merged' 'crun createRuntime,poststart: merged' \
		'  after exec  *no: register the poststart hook'
}

testNotScannedAfterExecIsRepairedByPoststart() {
	says as-6.7 'runc createRuntime: not merged' 'crun createRuntime: not merged' \
		'runc createRuntime,poststart: merged' 'crun createRuntime,poststart: merged'
}

testPoststartDoesNoHarmWhereItIsNotNeeded() {
	for _k in '6.12.*' '7.*'; do
		says "$_k" 'runc createRuntime,poststart: merged' 'crun createRuntime,poststart: merged'
	done
}

testRunPreloadsWhereTheKernelNeedsIt() {
	says '6.1.*' 'run: merged'
	says as-6.4 'run: merged'
}

testWithoutThePrctlItSaysSo() {
	says '6.1.*' 'prctl  *no: .*' 'status 0' \
		'hook: .*this kernel has no prctl(PR_SET_MEMORY_MERGE).*'
}

. "$(dirname "$0")/../lib/common.sh"
