# SPDX-License-Identifier: Apache-2.0
# What the suites of the configuration share: one of their own for each test, what a hook decides by
# it, and what `policy explain` says.
# shellcheck shell=sh disable=SC2034,SC2154 # variables of suites, of common.sh

suite_setup() {
	etc=$work/etc
	asking='{"ociVersion":"1.0.2","id":"c1","status":"creating","pid":0,"bundle":"/b","annotations":{"io.ksm.merge":"true","team":"web"}}'
	silent='{"ociVersion":"1.0.2","id":"c1","status":"creating","pid":0,"bundle":"/b","annotations":{"team":"web"}}'
}

each_setup() {
	rm -rf "$etc"
	mkdir -p "$etc/conf.d"
}

# decided [STATE]: how a hook decides of the container, by the first reason's code that it logs
decided() {
	printf '%s' "${1:-$asking}" |
		"$KSM_HOOK" createRuntime --config "$etc/config.json" 2>"$work/log"
	sed -n 's/.* reason=\([a-z-]*\).*/\1/p' "$work/log" | head -n 1
}

# explain [OPTION...]: what `policy explain` says, for asked JQ
explain() {
	"$KSM_HOOK" policy explain --config "$etc/config.json" --json "$@" >"$work/out" 2>"$work/err"
}

asked() {
	jq -r "$1" "$work/out"
}
