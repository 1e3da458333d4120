#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# io.ksm.v8=shared: a real node gets its group's seed by podman's precreate hook and by the wrapper, where the
# administrator allows it, and its heap lies where that of the others of its group does.
# needs: containers
# shellcheck disable=SC1091,SC2086,SC2154,SC2317 # lists are split; variables of common.sh

suite_setup() {
	. "$top/tests/lib/bundle.sh"
	. "$top/tests/lib/podman-lib.sh"
	root=$work/root
	node=$(readlink -f "$(command -v node)")
	rootfs_make "$root" "$node"
	cat >"$root/heap.js" <<-'J'
		const maps = require('fs').readFileSync('/proc/self/maps', 'latin1').split('\n');
		const chunks = maps.filter((l) => /^[0-9a-f]{9,12}-[0-9a-f]{9,12} rw-p 0+ 00:00 0 *$/.test(l) && l < '7f');
		console.log('heap', chunks.slice(0, 3).map((l) => l.split('-')[0]).join(' '));
		console.log('seed', process.env.KSM_PRELOAD_V8_SEED || 'none');
		setTimeout(() => 0, 600000);
	J
	mkdir "$work/hooks.d" "$work/wrapper"
	sed "s|@SBINDIR@|$BUILD|" "$top/oci-config/precreate.d/50-ksm-hook-precreate.json.in" |
		jq --arg config "--config=$work/config.json" --arg library "--library=$BUILD/libksm_preload.so" \
			'.hook.args += [$config, $library]' >"$work/hooks.d/50-ksm-hook-precreate.json"
	sed "s|@SBINDIR@|$BUILD|" "$top/oci-config/hooks.d/50-ksm-hook.json.in" |
		jq --arg config "--config=$work/config.json" '.hook.args += [$config]' >"$work/hooks.d/50-ksm-hook.json"
	id=ksmv8-$(cut -c1-8 /proc/sys/kernel/random/uuid)
}

suite_teardown() {
	each_teardown
	rmdir /run/ksm-hook/groups /run/ksm-hook 2>/dev/null
	true
}

each_setup() {
	config='{"shared_layout": true, "shared_v8": true, "log": "info"}'
	started=
}

each_teardown() {
	podman_in "$work/r" rm -f -t 0 -a >/dev/null 2>&1
	for _c in ${started:-}; do runc delete -f "$id-$_c" 2>/dev/null; done
}

# begin NAME GROUP ANNOTATION...: a container of podman's; what it and the hooks said is in $work/NAME
begin() {
	_name=$1
	_asks="--annotation io.ksm.merge=true --annotation io.ksm.layout=shared --annotation io.ksm.group=$id-$2"
	shift 2
	for _a; do _asks="$_asks --annotation $_a"; done
	echo "$config" >"$work/config.json"
	podman_in "$work/r" --hooks-dir "$work/hooks.d" --runtime runc run -d --name "$_name" $limits $_asks \
		--rootfs "$root" "$node" /heap.js >"$work/$_name.log" 2>&1
	said() { podman_in "$work/r" logs "$_name" >"$work/$_name" 2>&1 && grep -q seed "$work/$_name"; }
	wait_for 30 said
}

# wrapped NAME GROUP: the same by the wrapper, whose runtime is runc
wrapped() {
	echo "$config" | jq -c '.method = "preload"' >"$work/config.json"
	bundle_make "$work/b-$1" "$root" '{}' "{\"io.ksm.merge\": \"true\", \"io.ksm.layout\": \"shared\",
		\"io.ksm.group\": \"$id-$2\", \"io.ksm.v8\": \"shared\"}" "$node" /heap.js
	started="$started $1"
	"$KSM_HOOK" runtime --config="$work/config.json" --library="$BUILD/libksm_preload.so" \
		run -d -b "$work/b-$1" "$id-$1" </dev/null >"$work/$1" 2>"$work/$1.log"
	wait_for 30 grep -q seed "$work/$1"
}

heap() { grep heap "$work/$1"; }
seed() { sed -n 's/^seed //p' "$work/$1"; }

# of two groups: a and b are of one
groups() {
	for _name in a b c; do
		assertTrue "$_name: $(cat "$work/$_name" "$work/$_name.log")" "[ $(seed $_name) -gt 0 ]"
		assertContains "$_name" "$(heap $_name)" " "
	done
	assertEquals "$(seed a)" "$(seed b)"
	assertEquals "$(heap a)" "$(heap b)"
	assertNotEquals "$(seed a)" "$(seed c)"
	assertNotEquals "$(heap a)" "$(heap c)"
}

testPodman() {
	for _of in a:one b:one c:two; do
		begin ${_of%:*} ${_of#*:} io.ksm.method=preload io.ksm.v8=shared
	done
	groups
}

testTheWrapper() {
	wrapped a one
	wrapped b one
	wrapped c two
	groups
}

# Who does not ask, or may not, has none; that it shares a layout all the same is seen by python's.
testWhoHasNone() {
	begin control one io.ksm.method=preload io.ksm.v8=shared
	assertTrue "[ $(seed control) -gt 0 ]"
	begin unasked one io.ksm.method=preload
	begin private one io.ksm.method=preload io.ksm.v8=private
	begin unloaded one io.ksm.method=inject io.ksm.v8=shared
	config='{"shared_layout": true, "log": "info"}'
	begin forbidden one io.ksm.method=preload io.ksm.v8=shared
	for _name in unasked private unloaded forbidden; do
		assertEquals "$_name: $(cat "$work/$_name.log")" none "$(seed $_name)"
		assertNotEquals "$_name" "$(heap control)" "$(heap $_name)"
	done
}

# shellcheck source=/dev/null
. "$(dirname "$0")/../lib/common.sh"
