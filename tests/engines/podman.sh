#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# podman with hooks.d, as root and as an ordinary user; plain runtimes as an ordinary user.
# needs: containers

suite_setup() {
	. "$top/tests/lib/bundle.sh"
	. "$top/tests/lib/podman-lib.sh"
	. "$top/tests/lib/user-lib.sh"
	root=$work/root
	rootfs_make "$root"
	mkdir "$work/hooks.d"
	for _hook in 50-ksm-hook 50-ksm-hook-poststop; do
		sed "s|@SBINDIR@|$BUILD|" "$top/oci-config/hooks.d/$_hook.json.in" \
			>"$work/hooks.d/$_hook.json"
	done
	tar -C "$root" -cf "$work/image.tar" .
	user_make
}

# in a shell of its own, because the words above are split there
run_podman() {
	_runtime=$1 _where=$2
	shift 2
	podman_in "$_where" --hooks-dir "$work/hooks.d" --runtime "$_runtime" run --rm $limits "$@"
}

testRootRunc() {
	podman_in "$work/r" import "$work/image.tar" image >/dev/null 2>&1
	out=$(run_podman runc "$work/r" --annotation io.ksm.merge=true image cat /proc/self/ksm_stat 2>&1)
	assertContains "$out" "$out" "ksm_merge_any: yes"
	out=$(run_podman runc "$work/r" image cat /proc/self/ksm_stat 2>&1)
	assertContains "did not ask: $out" "$out" "ksm_merge_any: no"
}

# build OPTION...: what a RUN step says of itself
build() {
	mkdir -p "$work/build" "$work/wrapper"
	ln -sf "$KSM_HOOK" "$work/wrapper/ksm-runc"
	printf 'FROM localhost/image\nRUN cat /proc/self/ksm_stat\n' >"$work/build/Containerfile"
	out=$(podman_in "$work/r" --runtime runc build --no-cache $limits "$@" "$work/build" 2>&1)
}

# buildah hands down no annotation
testStepsOfABuild() {
	podman_in "$work/r" import "$work/image.tar" image >/dev/null 2>&1
	build --hooks-dir "$work/hooks.d" --annotation io.ksm.merge=true
	assertContains "by annotation: $out" "$out" "ksm_merge_any: no"
	build --runtime "$work/wrapper/ksm-runc"
	assertContains "by the wrapper: $out" "$out" "ksm_merge_any: yes"
}

# annotations of podman are of whoever starts the container: no names for others to believe
testNamesOfOthersAreNotBelieved() {
	podman_in "$work/r" --hooks-dir "$work/hooks.d" --runtime runc run -d --name named --network none \
		--ulimit nofile=1024:1024 --ulimit nproc=1024:1024 --annotation io.ksm.merge=true \
		--annotation io.kubernetes.pod.name=web-0 --annotation io.kubernetes.pod.namespace=shop \
		--annotation io.kubernetes.container.name=nginx image sleep 60 >/dev/null 2>&1
	_id=$(podman_in "$work/r" inspect -f '{{.Id}}' named 2>/dev/null)
	assertContains "it is there" "$("$KSM_HOOK" ps --json)" "$_id"
	assertNotContains "$("$KSM_HOOK" ps)" "shop/web-0/nginx"
	assertFalse "not written" "[ -e /run/ksm-hook/containers/$_id ]"
	podman_in "$work/r" rm -f -t 0 named >/dev/null 2>&1
}

# kube RUNTIME ANNOTATION...: a pod of the containers web and db with these, and what became of
# both: yes or no, "down", and the group of their layout; the hook's configuration is $work/kube.json
kube() {
	_runtime=$1
	shift
	cat >"$work/pod.yaml" <<-Y
		apiVersion: v1
		kind: Pod
		metadata:
		  name: kube
		  annotations: { $(printf '"%s", ' "$@" | sed 's/=/": "/g; s/, $//') }
		spec:
		  hostNetwork: true
		  containers:
		  - { name: web, image: localhost/image, command: [/bin/sleep, "600"] }
		  - { name: db, image: localhost/image, command: [/bin/sleep, "600"] }
	Y
	cat >"$work/kube.conf" <<-C
		[engine]
		infra_image = "localhost/pause"
		[containers]
		default_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]
	C
	podman_in "$work/r" pod rm -f -t 0 kube >/dev/null 2>&1
	out=$(CONTAINERS_CONF=$work/kube.conf podman_in "$work/r" --hooks-dir "$work/kube.d" --runtime "$_runtime" \
		kube play --network none "$work/pod.yaml" 2>&1)
	for _c in web db; do
		_pid=$(podman_in "$work/r" inspect -f '{{.State.Pid}}' "kube-$_c" 2>/dev/null)
		out="$out
$_c $(sed -n 's/^ksm_merge_any: //p' "/proc/$_pid/ksm_stat" 2>/dev/null || echo down)$(
			"$KSM_HOOK" ps --json | jq -r --arg c "kube-$_c" '.[] | select(.container == $c) | .group // "" | " " + .')"
	done
}

kube_setup() {
	[ ! -d "$work/kube.d" ] || return 0
	podman_in "$work/r" import "$work/image.tar" image >/dev/null 2>&1
	podman_in "$work/r" import --change "ENTRYPOINT /bin/sleep 600" "$work/image.tar" pause >/dev/null 2>&1
	mkdir "$work/kube.d"
	sed "s|\"createRuntime\"\],|\"createRuntime\", \"--config=$work/kube.json\"],|" "$work/hooks.d/50-ksm-hook.json" \
		>"$work/kube.d/50-ksm-hook.json"
}

# podman tells nobody the names that containers have in their pod: they are those of its monitor,
# without the pod's in front.
testContainersOfAPod() {
	kube_setup
	echo '{}' >"$work/kube.json"
	kube runc io.ksm.merge=true io.ksm.merge/container.web=false
	assertContains "$out" "$out" "web no"
	assertContains "$out" "$out" "db yes"
	kube runc io.ksm.merge=false io.ksm.merge/pod=true io.ksm.merge/container.db=false
	assertContains "$out" "$out" "web yes"
	assertContains "$out" "$out" "db no"
	# the wrapper, which reads them in the bundle
	ln -s "$KSM_HOOK" "$work/ksm-runc"
	kube "$work/ksm-runc" io.ksm.merge=true io.ksm.merge/pod=false io.ksm.merge/container.db=true
	assertContains "$out" "$out" "web no"
	assertContains "$out" "$out" "db yes"
	# and rules can ask for the name that podman gives them
	echo '{"deny": [{"engine": "podman", "name": "kube-d*"}]}' >"$work/kube.json"
	kube runc io.ksm.merge=true
	assertContains "$out" "$out" "web yes"
	assertContains "$out" "$out" "db no"
	out=$("$KSM_HOOK" policy explain --config="$work/kube.json" kube-db 2>&1)
	assertContains "$out" "$out" "kube-db  (trusted, the arguments of its monitor, conmon)"
	assertContains "$out" "$out" "reason=denied-by-rule"
	out=$("$KSM_HOOK" policy explain --config="$work/kube.json" kube-web 2>&1)
	assertContains "$out" "$out" "reason=requested"
	podman_in "$work/r" pod rm -f -t 0 kube >/dev/null 2>&1
}

testEachAnnotationOfOneContainer() {
	kube_setup
	echo '{"shared_layout": true}' >"$work/kube.json"
	kube runc io.ksm.merge=true io.ksm.method/container.web=preload io.ksm.group=two io.ksm.layout/container.db=shared
	assertContains "$out" "$out" "web no "
	assertContains "$out" "$out" "db yes group:two"
	kube runc io.ksm.merge=true io.ksm.layout/pod=shared io.ksm.group=two io.ksm.group/container.web=one
	assertContains "$out" "$out" "web yes group:one"
	assertContains "$out" "$out" "db yes group:two"
	# the library is not there, so that who requires merging is refused
	kube runc io.ksm.merge=true io.ksm.method=preload io.ksm.required/container.web=true
	assertContains "$out" "$out" "web down"
	assertContains "$out" "$out" "db no"
	podman_in "$work/r" pod rm -f -t 0 kube >/dev/null 2>&1
}

# poststart COMMAND...: that of the containers web and db, which COMMAND starts with the hook for that
# stage alone, db is merged
poststart() {
	out=$("$@" 2>&1)
	assertEquals "started: $out" 0 $?
	_web=$(podman_in "$work/r" inspect -f '{{.State.Pid}}' web 2>/dev/null)
	_db=$(podman_in "$work/r" inspect -f '{{.State.Pid}}' db 2>/dev/null)
	# runc's looks behind the start
	wait_for 60 grep -qs 'ksm_merge_any: yes' "/proc/$_db/ksm_stat"
	assertContains "$out" "$(cat "/proc/$_web/ksm_stat")" "ksm_merge_any: no"
	podman_in "$work/r" rm -f -t 0 web db >"$work/removed" 2>&1
	_ended=$?
	assertEquals "$(cat "$work/removed")" 0 $_ended
}

# crun's poststart is podman's child and not the monitor's, who has the name
testContainersOfAPodAtPoststart() {
	podman_in "$work/r" import "$work/image.tar" image >/dev/null 2>&1
	mkdir "$work/poststart.d"
	sed 's/createRuntime/poststart/g' "$work/hooks.d/50-ksm-hook.json" >"$work/poststart.d/50-ksm-hook.json"
	cat >"$work/poststart.sh" <<-E
		. "$work/functions"
		_runtime=\$1
		shift
		set -e
		for _c in web db; do
			podman_in "$work/r" --hooks-dir "$work/poststart.d" --runtime \$_runtime run -d --name \$_c $limits "\$@" \
				--annotation io.ksm.merge=true --annotation io.ksm.merge/container.web=false image sleep 600
		done
	E
	poststart sh "$work/poststart.sh" runc
	poststart v2_tree sh "$work/poststart.sh" crun --cgroups disabled
}

# By the name that its user gave it, which only conmon's arguments and podman's database have.
testKnownByName() {
	podman_in "$work/r" import "$work/image.tar" image >/dev/null 2>&1
	_id=$(podman_in "$work/r" --hooks-dir "$work/hooks.d" --runtime runc run -d --name stall $limits image sleep 60 2>"$work/err")
	assertNotNull "$(cat "$work/err")" "$_id"
	out=$("$KSM_HOOK" ps --json | jq -r ".[] | select(.id == \"$_id\") | .engine + \" \" + .container")
	assertEquals "podman stall" "$out"
	assertContains "$("$KSM_HOOK" ps)" "podman      stall "
	assertContains "$("$KSM_HOOK" metrics)" 'container="stall"'
	for _word in stall podman:stall; do
		out=$("$KSM_HOOK" attach $_word 2>&1)
		assertEquals "$_word: $out" 0 $?
		assertEquals yes "$("$KSM_HOOK" ps --json |
			jq -r ".[] | select(.id == \"$_id\") | if .mergeable then \"yes\" else . end")"
		out=$("$KSM_HOOK" detach $_word 2>&1)
		assertEquals "$_word: $out" 0 $?
	done
	out=$("$KSM_HOOK" doctor stall 2>&1)
	assertContains "$out" "podman:stall is not mergeable"
	# one of the same name in another storage: it has to be said which
	podman_in "$work/r2" import "$work/image.tar" image >/dev/null 2>&1
	_other=$(podman_in "$work/r2" --hooks-dir "$work/hooks.d" --runtime runc run -d --name stall $limits image sleep 60 2>/dev/null)
	out=$("$KSM_HOOK" attach stall 2>&1)
	assertEquals "$out" 1 $?
	assertContains "$out" '"stall" is more than one container: '
	assertContains "$out" "podman:$(echo "$_id" | cut -c 1-16)"
	assertContains "$out" "podman:$(echo "$_other" | cut -c 1-16)"
	out=$("$KSM_HOOK" doctor "$_id" 2>&1)
	assertContains "the name does not tell: $out" "podman:$(echo "$_id" | cut -c 1-12) is not mergeable"
	podman_in "$work/r2" rm -ft 0 stall >/dev/null 2>&1
	podman_in "$work/r" rm -ft 0 stall >/dev/null 2>&1
	out=$("$KSM_HOOK" attach stall 2>&1)
	assertEquals "$out" 1 $?
	assertContains "$out" 'there is no container "stall"'
}

# monitored_by USER: "conmon" with the arguments of a monitor, and a process of its container; what
# ps calls that one
monitored_by() {
	_id=$(printf '%064d' 7) _cgroup=/sys/fs/cgroup/pids/libpod-$_id.scope
	[ -d /sys/fs/cgroup/pids ] || _cgroup=/sys/fs/cgroup/libpod-$_id.scope
	mkdir "$_cgroup"
	setpriv --reuid "$1" --clear-groups "$work/conmon" -e 'fork or exec "sleep", "60"; wait' -- \
		-c "$_id" -n fake &
	_conmon=$!
	_child() { pgrep -P $_conmon sleep >"$work/child"; }
	wait_for 10 _child
	echo "$(cat "$work/child")" >"$_cgroup/cgroup.procs"
	"$KSM_HOOK" ps --json | jq -r ".[] | select(.id == \"$_id\") | .container"
	kill "$(cat "$work/child")"
	wait $_conmon
	_empty() { rmdir "$_cgroup" 2>/dev/null; }
	wait_for 10 _empty
}

# Any user can call a process conmon, with any arguments.
testOnlyRootsMonitorIsBelieved() {
	cp "$(command -v perl)" "$work/conmon"
	assertEquals fake "$(monitored_by 0)"
	assertEquals null "$(monitored_by "$uid")"
}

# the engine's default seccomp profile, which is Docker's, in force; not asked at its start
testAttachUnderTheDefaultProfile() {
	podman_in "$work/r" --hooks-dir "$work/hooks.d" --runtime runc run -d --name attached --network none \
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
		echo "ended with \$?"
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
	assertContains "$(cat "$work/plain/said")" " reason=target-untraceable: "
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

each_setup() {
	{
		podman_here
		sed -n '/^run_podman() {/,/^}/p' "$0"
	} >"$work/functions"
}

suite_teardown() {
	user_remove
	podman_in "$work/r" rm -fa >/dev/null 2>&1
	umount -R "$work/r/storage" 2>/dev/null
	true
}

. "$(dirname "$0")/../lib/common.sh"
