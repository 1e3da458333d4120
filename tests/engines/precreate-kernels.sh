#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The stages together on other kernels (tests/kernels/README.md): what precreate makes of each
# method, as the table of docs/preload-podman.md says, and whether a container's equal pages are
# merged when the runtime has started what came out, with the other hooks in it.

suite_setup() {
	. "$top/tests/lib/bundle.sh"
	. "$top/tests/lib/kernels-lib.sh"
	guest=$work/guest
	mkdir -p "$guest/tmp" "$guest/root/proc" "$guest/root/sys" "$guest/root/dev"
	gcc -o "$work/glibc" "$top/tests/programs/kernels/workload.c"
	"$top/tests/kernels/stage" "$guest/root" "$work/glibc:/bin/glibc"
	"$top/tests/kernels/stage" "$guest" "$KSM_HOOK:/usr/sbin/ksm-hook" \
		"$BUILD/libksm_preload.so:/lib/libksm_preload.so" /usr/sbin/runc
	for method in auto inject preload; do
		KSM_HOOK=/usr/sbin/ksm-hook
		_hooks=$(hooks_config=/tmp/config.json hooks_json createRuntime poststart)
		KSM_HOOK=$BUILD/ksm-hook
		bundle_make "$guest/$method" /root "$_hooks" \
			'{"io.ksm.merge": "true", "io.ksm.method": "'$method'", "io.ksm.required": "true"}' /bin/glibc
	done
	cat >"$guest/run.test" <<-'S'
		#!/bin/sh
		echo '{}' >/tmp/config.json
		for method in auto inject preload; do
			cd /$method && mv config.json given.json
			/usr/sbin/ksm-hook precreate --library /lib/libksm_preload.so <given.json >config.json
			status=$?
			if cmp -s config.json given.json; then
				echo "precreate $method: $status, unchanged"
			else
				echo "precreate $method: $status, $(grep -c /dev/ksm-hook/libksm_preload.so config.json) lines"
			fi
			echo "$method: $(runc --root /tmp/runc run --no-pivot -b /$method c 2>&1 | tail -n 1)"
		done
	S
	chmod 755 "$guest/run.test"
	ask_all 6.1 6.12 7
}

added='0, 2 lines'

testWithoutThePrctl() {
	says '6.1.*' "precreate auto: $added" 'precreate inject: 0, unchanged' "precreate preload: $added" \
		'auto: merged' 'preload: merged' 'inject: .*this kernel has no prctl.*'
}

testLostAtExec() {
	says as-6.4 "precreate auto: $added" 'precreate inject: 0, unchanged' "precreate preload: $added" \
		'auto: merged' 'inject: merged' 'preload: merged'
}

# not to be told from one that is scanned: poststart marks again
testNotScanned() {
	says as-6.7 'precreate auto: 0, unchanged' 'precreate inject: 0, unchanged' \
		"precreate preload: $added" 'auto: merged' 'inject: merged' 'preload: merged'
}

testKept() {
	for _k in '6.12.*' '7.*'; do
		says "$_k" 'precreate auto: 0, unchanged' 'precreate inject: 0, unchanged' \
			"precreate preload: $added" 'auto: merged' 'inject: merged' 'preload: merged'
	done
}

. "$(dirname "$0")/../lib/common.sh"
