#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Containers of podman that name no group share their layout with those of the same image: by the id
# that podman's own files have, and by nothing that an image or a user says.
# needs: containers

suite_setup() {
	. "$top/tests/lib/bundle.sh"
	. "$top/tests/lib/podman-lib.sh"
	root=$work/root
	rootfs_make "$root" /usr/bin/env
	tar -C "$root" -cf "$work/image.tar" .
	mkdir "$work/hooks.d" "$work/precreate.d" "$work/wrapper"
	for _hook in hooks.d/50-ksm-hook precreate.d/50-ksm-hook-precreate hooks.d/50-ksm-hook-poststop; do
		sed "s|@SBINDIR@|$BUILD|" "$top/oci-config/$_hook.json.in" |
			jq --arg config "--config=$work/config.json" '.hook.args += [$config]' >"$work/$_hook.json"
	done
	for _image in one two; do
		podman_in "$work/r" import --change "ENV WHICH=$_image" "$work/image.tar" $_image >"$work/$_image" 2>&1
	done
}

suite_teardown() {
	podman_in "$work/r" rm -f -t 0 -a >/dev/null 2>&1
	rmdir /run/ksm-hook/groups /run/ksm-hook 2>/dev/null
	true
}

each_setup() {
	asks="--annotation io.ksm.merge=true --annotation io.ksm.layout=shared"
	echo '{"shared_layout": true, "log": "info"}' >"$work/config.json"
}

each_teardown() {
	podman_in "$work/r" rm -f -t 0 -a >/dev/null 2>&1
}

# engine RUNTIME: podman with the hooks; crun takes no hybrid cgroups, and for its own a right that root may lack
engine() {
	case $1 in
	runc) podman=podman_hooked run="run -d" ;;
	crun) podman="v2_tree sh $work/podman.sh" run="run -d --cgroups disabled" ;;
	esac
	runtime=$1
	{
		podman_here
		echo "runtime=$1"
		sed -n '/^podman_hooked() {/,/^}/p' "$0"
		echo 'podman_hooked "$@"'
	} >"$work/podman.sh"
}

podman_hooked() {
	podman_in "$work/r" --hooks-dir "$work/hooks.d" --hooks-dir "$work/precreate.d" --runtime "$runtime" "$@"
}

# begin NAME WORD...: a container that asks
begin() {
	_name=$1
	shift
	# shellcheck disable=SC2086 # words
	out=$($podman $run --name "$_name" $limits $asks "$@" sleep 600 2>&1)
	assertEquals "$_name: $out" 0 $?
}

# group NAME: of its layout
group() {
	_id=$(podman_in "$work/r" inspect -f '{{.Id}}' "$1" 2>/dev/null)
	"$KSM_HOOK" ps --json | jq -r --arg id "$_id" '.[] | select(.id == $id) | .group // "none"'
}

# stack NAME: the group's secret, as the container has it
stack() { podman_in "$work/r" exec "$1" cat /proc/1/limits 2>/dev/null | grep "Max stack"; }

image_id() { podman_in "$work/r" image inspect -f '{{.Id}}' "$1" 2>/dev/null; }

# seeds NAME: what the group gives to python and perl, as the container has them
seeds() {
	_pid=$(podman_in "$work/r" inspect -f '{{.State.Pid}}' "$1" 2>/dev/null)
	tr '\0' '\n' <"/proc/$_pid/environ" | grep -E 'HASH_?SEED|PERTURB'
}

# of two images: a and b are of one
images() {
	begin a one
	begin b one
	begin c two
	assertEquals "$runtime" "image:sha256:$(image_id one)" "$(group a)"
	assertEquals "$(group a)" "$(group b)"
	assertEquals "$runtime" "image:sha256:$(image_id two)" "$(group c)"
	assertNotEquals "$(image_id one)" "$(image_id two)"
	assertEquals "$(stack a)" "$(stack b)"
	assertNotEquals "$(stack a)" "$(stack c)"
	assertContains "$(seeds a)" PYTHONHASHSEED
	assertEquals "$(seeds a)" "$(seeds b)"
	assertNotEquals "$(seeds a)" "$(seeds c)"
}

testRunc() {
	engine runc
	images
}

# without a cgroup it has no id that precreate could read, so it has no seeds, and ps does not know it
testCrun() {
	engine crun
	begin a one
	begin b one
	begin c two
	assertContains "$(stack a)" bytes
	assertEquals "$(stack a)" "$(stack b)"
	assertNotEquals "$(stack a)" "$(stack c)"
}

# With "image" nobody has to ask; who does not want to, stays out of it.
testUnasked() {
	engine runc
	echo '{"shared_layout": "image"}' >"$work/config.json"
	asks="--annotation io.ksm.merge=true"
	begin a one
	begin b one
	begin c --annotation io.ksm.layout=private one
	begin d --rootfs "$root"
	assertEquals "image:sha256:$(image_id one)" "$(group a)"
	assertEquals "$(stack a)" "$(stack b)"
	assertEquals "$(seeds a)" "$(seeds b)"
	assertContains "$(seeds a)" PYTHONHASHSEED
	assertEquals none "$(group c)"
	assertEquals none "$(group d)"
	echo '{"shared_layout": true}' >"$work/config.json"
	begin e one
	assertEquals none "$(group e)"
}

# podman has those that it removes at their end in another file, where it is newer than 4.3
testRemovedAtItsEnd() {
	engine runc
	begin a --rm one
	begin b one
	assertEquals "image:sha256:$(image_id one)" "$(group a)"
	assertEquals "$(stack a)" "$(stack b)"
}

# the same root file system under a name of the image's own, and by what an image says of itself
testWhatOthersSay() {
	engine runc
	podman_in "$work/r" tag two one:other 2>"$work/err"
	begin a --annotation org.opencontainers.image.base.name=one --annotation io.kubernetes.cri.image-name=one \
		--label name=one --label com.docker.compose.project=one --env image=one one:other
	assertEquals "image:sha256:$(image_id two)" "$(group a)"
	podman_in "$work/r" untag two one:other 2>"$work/err"
	# a root file system of the user's is no image
	begin b --rootfs "$root"
	assertEquals none "$(group b)"
	# and one that names its group is in that
	begin c --annotation io.ksm.group=mine one
	assertEquals group:mine "$(group c)"
}

# Whoever could write podman's file could choose the group.
testAFileThatOthersMayWrite() {
	engine runc
	begin a one
	assertEquals "image:sha256:$(image_id one)" "$(group a)"
	chmod 666 "$work/r/storage/vfs-containers/containers.json"
	# podman writes it anew for each container
	podman_hooked create --name b $limits --annotation io.ksm.merge=true --annotation io.ksm.layout=shared \
		one sleep 600 >"$work/out" 2>&1
	chmod 666 "$work/r/storage/vfs-containers/containers.json"
	out=$(podman_hooked start b 2>&1)
	assertEquals "$out" 0 $?
	assertEquals none "$(group b)"
	chmod 600 "$work/r/storage/vfs-containers/containers.json"
	podman_hooked restart -t 0 b >"$work/out" 2>&1
	assertEquals "$(cat "$work/out")" "image:sha256:$(image_id one)" "$(group b)"
}

# by rules, as any group
testRules() {
	engine runc
	echo "{\"shared_layout\": true, \"deny_groups\": [\"image:sha256:$(image_id one)\"]}" >"$work/config.json"
	begin a one
	begin b two
	assertEquals none "$(group a)"
	assertEquals "image:sha256:$(image_id two)" "$(group b)"
}

. "$(dirname "$0")/../lib/common.sh"
