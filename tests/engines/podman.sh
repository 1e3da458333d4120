#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# podman with hooks.d, as root and as an ordinary user; plain runtimes as an ordinary user.
# needs: containers

user=ksm-hook-test

suite_setup() {
	. "$top/tests/lib/bundle.sh"
	root=$work/root
	rootfs_make "$root"
	mkdir "$work/hooks.d"
	for _hook in 50-ksm-hook 50-ksm-hook-poststop; do
		sed "s|@SBINDIR@|$BUILD|" "$top/oci-config/hooks.d/$_hook.json.in" \
			>"$work/hooks.d/$_hook.json"
	done
	tar -C "$root" -cf "$work/image.tar" .
	useradd -M -d "$work" -s /bin/sh $user
	grep -q "^$user:" /etc/subuid || usermod -v 200000-265535 -w 200000-265535 $user
	uid=$(id -u $user) gid=$(id -g $user)
}

# podman's state in a directory of its own; without CAP_SYS_RESOURCE it needs the limits
podman_in() {
	_dir=$1
	shift
	podman --root "$_dir/storage" --runroot "$_dir/run" --tmpdir "$_dir/tmp" \
		--storage-driver vfs --cgroup-manager cgroupfs --events-backend file \
		--hooks-dir "$work/hooks.d" "$@"
}

# as_user COMMAND...: with nothing of root's environment
as_user() {
	setpriv --reuid "$uid" --regid "$gid" --init-groups \
		env -i HOME="$work/home" PATH="$PATH" XDG_RUNTIME_DIR="$work/xdg" "$@"
}

# v2_tree COMMAND...: crun takes no hybrid cgroups
v2_tree() {
	unshare -m sh -c 'mount -t cgroup2 none /sys/fs/cgroup && exec "$@"' sh "$@"
}

limits='--network none --ulimit nofile=1024:1024 --ulimit nproc=1024:1024'

# in a shell of its own, because the words above are split there
run_podman() {
	_runtime=$1 _where=$2
	shift 2
	podman_in "$_where" --runtime "$_runtime" run --rm $limits "$@"
}

testRootRunc() {
	podman_in "$work/r" import "$work/image.tar" image >/dev/null 2>&1
	out=$(run_podman runc "$work/r" --annotation io.ksm.merge=true image cat /proc/self/ksm_stat 2>&1)
	assertContains "$out" "$out" "ksm_merge_any: yes"
	out=$(run_podman runc "$work/r" image cat /proc/self/ksm_stat 2>&1)
	assertContains "did not ask: $out" "$out" "ksm_merge_any: no"
}

# as CRI-O has it, which reads the same hooks.d
testNamesComeAndGo() {
	podman_in "$work/r" --runtime runc run -d --name named --network none \
		--ulimit nofile=1024:1024 --ulimit nproc=1024:1024 --annotation io.ksm.merge=true \
		--annotation io.kubernetes.pod.name=web-0 --annotation io.kubernetes.pod.namespace=shop \
		--annotation io.kubernetes.container.name=nginx image sleep 60 >/dev/null 2>&1
	_id=$(podman_in "$work/r" inspect -f '{{.Id}}' named 2>/dev/null)
	assertContains "$("$KSM_HOOK" ps)" "shop/web-0/nginx"
	assertTrue "written" "[ -e /run/ksm-hook/containers/$_id ]"
	podman_in "$work/r" rm -f -t 0 named >/dev/null 2>&1
	assertFalse "removed" "[ -e /run/ksm-hook/containers/$_id ]"
}

# the engine's default seccomp profile, which is Docker's, in force; not asked at its start
testAttachUnderTheDefaultProfile() {
	podman_in "$work/r" --runtime runc run -d --name attached --network none \
		--ulimit nofile=1024:1024 --ulimit nproc=1024:1024 image sleep 60 >/dev/null 2>&1
	_id=$(podman_in "$work/r" inspect -f '{{.Id}}' attached 2>/dev/null)
	_pid=$(podman_in "$work/r" inspect -f '{{.State.Pid}}' attached 2>/dev/null)
	assertContains "$(cat "/proc/$_pid/status")" "Seccomp:	2"
	out=$("$KSM_HOOK" attach "$_id" 2>&1)
	assertEquals "$out" 0 $?
	assertContains "$(cat "/proc/$_pid/ksm_stat")" "ksm_merge_any: yes"
	assertContains "$(cat "/proc/$_pid/status")" "Seccomp:	2"
	out=$("$KSM_HOOK" detach "$_id" 2>&1)
	assertEquals "$out" 0 $?
	assertContains "$(cat "/proc/$_pid/ksm_stat")" "ksm_merge_any: no"
	podman_in "$work/r" rm -f -t 0 attached >/dev/null 2>&1
}

testRootCrun() {
	cat >"$work/crun.sh" <<-E
		. "$work/functions"
		run_podman crun "$work/r" --cgroups disabled "\$@"
	E
	out=$(v2_tree sh "$work/crun.sh" --annotation io.ksm.merge=true image cat /proc/self/ksm_stat 2>&1)
	assertContains "$out" "$out" "ksm_merge_any: yes"
	out=$(v2_tree sh "$work/crun.sh" image cat /proc/self/ksm_stat 2>&1)
	assertContains "did not ask: $out" "$out" "ksm_merge_any: no"
}

# rootless RUNTIME OPTION...: in a storage of its own, since podman keeps a namespace alive
rootless() {
	_runtime=$1
	shift
	rm -rf "${work:?}/home" "$work/xdg"
	mkdir -m 700 "$work/home" "$work/xdg"
	chown $user "$work/home" "$work/xdg"
	cat >"$work/rootless.sh" <<-E
		. "$work/functions"
		cd "$work/home"
		podman_in "$work/home" import "$work/image.tar" image >/dev/null 2>&1
		run_podman $_runtime "$work/home" \
			--annotation io.ksm.merge=true --annotation io.ksm.required=true $* \
			image cat /proc/self/ksm_stat
		podman_in "$work/home" system migrate
	E
	case $_runtime in
	crun) out=$(v2_tree setpriv --reuid "$uid" --regid "$gid" --init-groups env -i \
		HOME="$work/home" PATH="$PATH" XDG_RUNTIME_DIR="$work/xdg" sh "$work/rootless.sh" 2>&1) ;;
	runc) out=$(as_user sh "$work/rootless.sh" 2>&1) ;;
	esac
}

testRootlessRunc() {
	rootless runc
	assertContains "$out" "$out" "ksm_merge_any: yes"
}

testRootlessCrun() {
	rootless crun --cgroups disabled
	assertContains "$out" "$out" "ksm_merge_any: yes"
}

testRootlessKeepId() {
	rootless crun --cgroups disabled --userns keep-id
	assertContains "$out" "$out" "ksm_merge_any: yes"
}

testRootlessNoNewPrivileges() {
	rootless crun --cgroups disabled --security-opt no-new-privileges
	assertContains "$out" "$out" "ksm_merge_any: yes"
}

# plain RUNTIME: without podman around it, as an ordinary user
plain() {
	rm -rf "$work/plain" "$work/xdg"
	mkdir -m 700 "$work/plain" "$work/xdg"
	runc spec --rootless -b "$work/plain"
	jq --arg root "$root" --argjson hooks "$(hooks_json createRuntime)" --arg uid "$uid" --arg gid "$gid" \
		'.process.terminal = false | .root.path = $root | .hooks = $hooks |
		 .annotations = {"io.ksm.merge": "true", "io.ksm.required": "true"} |
		 .linux.uidMappings[0].hostID = ($uid | tonumber) |
		 .linux.gidMappings[0].hostID = ($gid | tonumber) |
		 .process.args = ["/bin/cat", "/proc/self/ksm_stat"]' \
		"$work/plain/config.json" >"$work/plain/new"
	mv "$work/plain/new" "$work/plain/config.json"
	chown -R $user "$work/plain" "$work/xdg"
}

testPlainRootlessRunc() {
	plain
	out=$(as_user runc --root "$work/xdg/runc" run -b "$work/plain" ksmtest 2>&1)
	assertContains "$out" "$out" "ksm_merge_any: yes"
}

# crun makes itself undumpable, and the hook has no power in the namespace it was started in
testPlainRootlessCrunIsRefusedWithAdvice() {
	plain
	# the hook's stderr is crun's to drop: have it kept
	jq --arg path "$work/keep" '.hooks.createRuntime[0] = {path: $path}' \
		"$work/plain/config.json" >"$work/plain/new"
	mv "$work/plain/new" "$work/plain/config.json"
	printf '#!/bin/sh\nexec %s createRuntime 2>%s\n' "$KSM_HOOK" "$work/plain/said" >"$work/keep"
	chmod 755 "$work/keep"
	out=$(v2_tree setpriv --reuid "$uid" --regid "$gid" --init-groups env -i PATH="$PATH" \
		XDG_RUNTIME_DIR="$work/xdg" crun --root "$work/xdg/crun" --cgroup-manager=disabled \
		run -b "$work/plain" ksmtest 2>&1)
	assertNotEquals "required, so refused: $out" 0 $?
	assertContains "$(cat "$work/plain/said")" "may not trace it"
	assertContains "$(cat "$work/plain/said")" "ksm-hook run"
}

# and what the advice says works
testPlainRootlessCrunUnderRun() {
	plain
	jq 'del(.hooks)' "$work/plain/config.json" >"$work/plain/new"
	mv "$work/plain/new" "$work/plain/config.json"
	out=$(v2_tree setpriv --reuid "$uid" --regid "$gid" --init-groups env -i PATH="$PATH" \
		XDG_RUNTIME_DIR="$work/xdg" "$KSM_HOOK" run -- crun --root "$work/xdg/crun" \
		--cgroup-manager=disabled run -b "$work/plain" ksmtest 2>&1)
	assertContains "$out" "$out" "ksm_merge_any: yes"
}

suite_setup_functions() {
	{
		echo "work='$work' user='$user' limits='$limits'"
		sed -n '/^podman_in() {/,/^}/p; /^run_podman() {/,/^}/p' "$0"
	} >"$work/functions"
}

each_setup() {
	[ -e "$work/functions" ] || suite_setup_functions
}

suite_teardown() {
	# rootless podman leaves its pause process and conmon behind
	[ -z "${uid:-}" ] || pkill -KILL -u "$uid"
	sleep 0.2
	userdel $user 2>/dev/null
	podman_in "$work/r" rm -fa >/dev/null 2>&1
	umount -R "$work/r/storage" 2>/dev/null
	true
}

. "$(dirname "$0")/../lib/common.sh"
