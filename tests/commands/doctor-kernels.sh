#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# doctor on kernels that have no prctl, and on one that loses the setting at exec: the command that
# it names there registers poststart.

suite_setup() {
	. "$top/tests/lib/kernels-lib.sh"
	guest=$work/guest
	hooks=/usr/share/containers/oci/hooks.d
	mkdir -p "$guest/tmp" "$guest$hooks"
	"$top/tests/kernels/stage" "$guest" "$KSM_HOOK:/usr/sbin/ksm-hook"
	sed 's|@SBINDIR@|/usr/sbin|' "$top/oci-config/hooks.d/50-ksm-hook.json.in" \
		>"$guest$hooks/50-ksm-hook.json"
	# an engine that is installed: doctor only looks whether it is
	printf '#!/bin/sh\n' >"$guest/usr/sbin/podman"
	chmod 755 "$guest/usr/sbin/podman"
	cat >"$guest/run.test" <<-'S'
		#!/bin/sh
		ksm-hook doctor >/tmp/found
		echo "status $?"
		sed -n 's/^\([a-z][a-z]*\)  *\([a-z-]*\): .*/\1 \2/p' /tmp/found
		# 8 MB, and time enough for ksmd to come round
		ksm-hook run awk 'BEGIN { x = sprintf("%8000000s", "y"); system("sleep 100") }' &
		sleep 12 # of which doctor thinks the same
		ksm-hook doctor pid:$! >/tmp/found.run
		sed -n 's/^\([a-z][a-z]*\)  *\(container-scanned\): .*/\1 \2/p' /tmp/found.run
		fix=$(awk '/container-scanned/ { on = 1 } on && /^  fix/ { sub(/^  fix */, ""); print; exit }' /tmp/found.run)
		if [ -n "$fix" ]; then
			sh -c "$fix" >/dev/null
			for i in $(seq 50); do
				ksm-hook doctor pid:$! | grep -q container-scanned || { echo "fixed: container-scanned"; break; }
				sleep 0.2 # between two looks
			done
		fi
		fix=$(awk '/^broken.*kernel-exec/ { on = 1 } on && /^  fix/ { sub(/^  fix */, ""); print; exit }' /tmp/found)
		[ -n "$fix" ] || exit 0
		sh -c "$fix"
		ksm-hook doctor | sed -n 's/^\([a-z][a-z]*\)  *\([a-z-]*\): .*/fixed: \1 \2/p'
	S
	chmod 755 "$guest/run.test"
	ask_all 6.1 6.12
}

testWithoutThePrctl() {
	says '6.1.*' 'ok kernel-ksm' 'warning kernel-prctl' 'broken library' 'status 1' 'ok ksmd-run'
}

testLostAtExec() {
	says as-6.4 'ok kernel-prctl' 'broken kernel-exec' 'ok hook-registered' 'status 1' \
		'fixed: ok kernel-exec' 'fixed: ok hook-registered'
}

# this kernel does not tell, and neither does one that scans
testNotScannedAfterExec() {
	says as-6.7 'ok kernel-prctl' 'broken container-scanned' \
		'fixed: container-scanned'
}

testKeptAtExec() {
	says '6.12.*' 'ok kernel-prctl' 'note library' 'status 0'
	assertEquals "" "$(grep -hE 'container-scanned|kernel-exec' "$work"/out/6.12.*)"
}

. "$(dirname "$0")/../lib/common.sh"
