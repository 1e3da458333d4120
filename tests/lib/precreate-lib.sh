# SPDX-License-Identifier: Apache-2.0
# What the suites of precreate share: an image, what podman hands to the stage, and the hook on it.
# shellcheck shell=sh disable=SC2034,SC2086,SC2154 # variables of suites, of common.sh; words

place=/dev/ksm-hook/libksm_preload.so
library=${BUILD:-$(cd "$(dirname "$0")/../.." && pwd)/build}/libksm_preload.so
limits='--network none --ulimit nofile=1024:1024 --ulimit nproc=1024:1024'
ask='--annotation io.ksm.merge=true'
preload="$ask --annotation io.ksm.method=preload"

suite_setup() {
	. "$top/tests/lib/bundle.sh"
	root=$work/root
	rootfs_make "$root"
	# a dynamic cat in place of the link to busybox, which is static
	rm "$root/bin/cat"
	rootfs_add "$root" /bin/cat
	rootfs_add "$root" /usr/bin/env
	echo 'int image_library;' | gcc -shared -fPIC -nostdlib -xc -o "$root/image.so" -
	# gcc's AddressSanitizer, by its library
	printf '#include <unistd.h>\nint main(void) { return write(1, "ran\\n", 4) != 4; }\n' |
		gcc -fsanitize=address -o "$work/sanitized" -xc -
	rootfs_add "$root" "$work/sanitized"
	mv "$root$work/sanitized" "$root/bin/sanitized"
	rm -r "${root:?}${work:?}"
	tar -C "$root" -cf "$work/image.tar" .
	echo '{}' >"$work/plain.json"
	echo '{"required": true}' >"$work/required.json"
	echo '{"containers": "all", "method": "preload"}' >"$work/all.json"
	# as installed, but for the paths
	for stage in hooks precreate; do
		mkdir "$work/$stage.d"
		for in in "$top/oci-config/$stage.d"/*.json.in; do
			sed "s|@SBINDIR@|$BUILD|; s|\"ksm-hook\", \"\([a-zA-Z]*\)\"|\"ksm-hook\", \"\1\", \"--config\", \"$work/plain.json\"|" \
				"$in" >"$work/$stage.d/$(basename "$in" .in)"
		done
	done
	sed -i "s|\"precreate\", \"--config\"|\"precreate\", \"--library\", \"$library\", \"--config\"|" \
		"$work/precreate.d/50-ksm-hook-precreate.json"
	printf '[engine]\nhooks_dir = ["%s", "%s"]\n' "$work/hooks.d" "$work/precreate.d" >"$work/containers.conf"
	# what podman itself hands to the stage
	mkdir "$work/tee.d"
	printf '#!/bin/sh\nexec /usr/bin/tee %s\n' "$work/podman.json" >"$work/tee"
	chmod 755 "$work/tee"
	jq -n --arg path "$work/tee" '{version: "1.0.0", hook: {path: $path}, when: {always: true}, stages: ["precreate"]}' \
		>"$work/tee.d/tee.json"
	engine import "$work/image.tar" image >/dev/null 2>&1
	engine --hooks-dir "$work/tee.d" --runtime runc run --rm $limits $preload image cat /proc/self/status >/dev/null 2>&1
	# the program is dynamic; the storage's copy of the root is gone by now
	jq -c --arg root "$root" '.root.path = $root | .process.args = ["cat"]' "$work/podman.json" >"$work/asks.json"
}

suite_teardown() {
	engine rm -fa >/dev/null 2>&1
	umount -R "$work/r/storage" 2>/dev/null
	true
}

engine() {
	podman --root "$work/r/storage" --runroot "$work/r/run" --tmpdir "$work/r/tmp" \
		--storage-driver vfs --cgroup-manager cgroupfs --events-backend file "$@"
}

# hook CONFIG [COMMAND...]: with the caller's stdin; COMMAND runs it
hook() {
	_config=$work/$1.json
	shift
	timeout -s KILL 20 "$@" "$KSM_HOOK" precreate --config "$_config" --library "$library" \
		>"$work/out" 2>"$work/err"
	rc=$?
}

# alone NAME FILE CODE [COMMAND...]: passes through as it is, with CODE as the reason (not a word
# if it is ""); and is refused with it where merging is required
alone() {
	_name=$1 _file=$2 _code=$3
	shift 3
	hook plain "$@" <"$_file"
	assertEquals "$_name: status" 0 $rc
	assertTrue "$_name: other bytes" "cmp '$_file' '$work/out'"
	if [ -z "$_code" ]; then
		assertEquals "$_name" "" "$(cat "$work/err")"
		return
	fi
	assertEquals "$_name: $(cat "$work/err")" 1 "$(wc -l <"$work/err")"
	assertContains "$_name" "$(cat "$work/err")" " reason=$_code: "
	hook required "$@" <"$_file"
	assertEquals "$_name required: status" 1 $rc
	assertEquals "$_name required: stdout" 0 "$(wc -c <"$work/out")"
	assertContains "$_name required" "$(cat "$work/err")" " reason=$_code: "
}

# changed NAME FILE [COMMAND...]: the library is added, and nothing more by what jq says
changed() {
	_name=$1 _file=$2
	shift 2
	hook plain "$@" <"$_file"
	assertEquals "$_name: status: $(cat "$work/err")" 0 $rc
	assertTrue "$_name: not added" "grep -q '$place' '$work/out'"
	jq -S --arg place $place 'del(.process.env[] | select(. == "LD_PRELOAD=" + $place)) |
		del(.mounts[] | select(.destination == $place))' "$work/out" >"$work/back"
	jq -S . "$_file" | diff - "$work/back" >"$work/diff"
	_ended=$?
	assertEquals "$_name: $(cat "$work/diff")" 0 $_ended
}

# as FILTER [FILE]: the config with a difference
as() {
	jq -c "$1" "${2:-$work/asks.json}" >"$work/as.json"
}
