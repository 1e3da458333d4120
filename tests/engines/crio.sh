#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# CRI-O's containers by the name that their monitor was given. CRI-O itself is not to be had: this suite
# stands in for it, with the arguments, bundles, labels and cgroups of its code (internal/oci and
# internal/factory/container). conmon, runc and crun are real.
# needs: containers config

suite_setup() {
	. "$top/tests/lib/bundle.sh"
	rootfs_make "$work/root"
	ln -s "$KSM_HOOK" "$work/ksm-runc"
	mkdir "$work/etc" "$work/exits" "$work/sockets"
	config_folder_take
	serial=0
}

suite_teardown() {
	remove
	wait_for 60 cgroup_removed ksm-crio
	config_folder_leave
	true
}

# new_id: 64 digits, as CRI-O makes them, in $id
new_id() {
	serial=$((serial + 1))
	id=$(printf "%0$((60 - ${#$}))dc210%s" $serial $$)
	bundle=$(bundle_of cri-o "$id")
}

# config JSON: for the hook and for the wrapper
config() {
	echo "$1" | tee "$work/config.json" >"$work/etc/config.json"
}

# bundle CONTAINER HOOKS ANNOTATIONS: of a container of the pod till-1 in the namespace shop
bundle() {
	new_id
	bundle_make "$bundle" "$work/root" "$2" "$(jq -n --argjson own "$3" --arg c "$1" '$own +
		{"io.kubernetes.pod.namespace": "shop", "io.kubernetes.pod.name": "till-1",
		"io.kubernetes.container.name": $c, "io.kubernetes.cri-o.ImageName": "nginx:1"}')" /bin/sleep 600
	jq --arg c "/ksm-crio/crio-$id" '.linux.cgroupsPath = $c' "$bundle/config.json" >"$bundle/new" &&
		mv "$bundle/new" "$bundle/config.json"
}

# create CONTAINER RUNTIME [RUNTIME-ARG...]: as CRI-O has conmon create it, which says its $pid, or -1
# and why not
create() {
	_name=k8s_$1_till-1_shop_0e1c4f0a-7d4b-4b0e-9a53-1f6c2d1f7b6e_0 _runtime=$2
	shift 2
	unshare -m sh -c 'mount --bind "$0" /etc/ksm-hook && exec "$@"' "$work/etc" env _OCI_SYNCPIPE=3 \
		conmon -b "$bundle" -c "$id" --exit-dir "$work/exits" -l "$bundle/log" --log-level info -n "$_name" \
		-P "$bundle/conmon-pidfile" -p "$bundle/pidfile" --persist-dir "$bundle" -r "$_runtime" "$@" \
		--socket-dir-path "$work/sockets" --syslog -u "$id" 3>"$bundle/sync" >/dev/null 2>&1
	wait_for 60 [ -s "$bundle/sync" ]
	pid=$(jq .pid "$bundle/sync")
}

# start: CRI-O calls the runtime itself for that
start() {
	runc start "$id" >"$bundle/started" 2>&1
	_ended=$?
	assertEquals "$(cat "$bundle/sync" "$bundle/started")" 0 $_ended
}

remove() {
	for _id in $(runc list -q 2>/dev/null | grep "c210$$\$"); do runc delete -f "$_id"; done
	for _id in $(crun list -q 2>/dev/null | grep "c210$$\$"); do
		unshare -m sh -c 'mount -t cgroup2 none /sys/fs/cgroup && crun delete -f "$0"' "$_id"
	done
}

# merged WHAT yes|no: the container in $id
merged() {
	out=$(cat "/proc/$pid/ksm_stat")
	says_merged "$1: $(cat "$bundle/sync")" "$2"
}

# hooked CONTAINER ANNOTATIONS: by the hook that conmon's runtime calls
hooked() {
	bundle "$1" "$(hooks_json createRuntime)" "$2"
	create "$1" "$(command -v runc)" --runtime-arg --root=/run/runc
	start
}

# wrapped CONTAINER ANNOTATIONS: by the wrapper in its place
wrapped() {
	bundle "$1" '{}' "$2"
	create "$1" "$work/ksm-runc" --runtime-arg --root=/run/runc
	start
}

testRulesOfTheName() {
	for way in hooked wrapped; do
		config '{"deny": [{"name": "k8s_db_till-1_shop_*"}]}'
		$way web '{"io.ksm.merge": "true"}'
		merged "$way, web" yes
		$way db '{"io.ksm.merge": "true"}'
		merged "$way, db" no
		out=$("$KSM_HOOK" policy explain --config="$work/config.json" "$id" 2>&1)
		assertContains "$out" "$out" "name        k8s_db_till-1_shop_0e1c4f0a-7d4b-4b0e-9a53-1f6c2d1f7b6e_0  (trusted, the arguments of its monitor, conmon)"
		assertContains "$out" "$out" "reason=denied-by-rule"
		config '{"deny": [{"name": "k8s_*"}]}'
		$way web '{"io.ksm.merge": "true"}'
		merged "$way, all" no
		config '{"containers": "all", "allow": [{"name": "k8s_web_*"}]}'
		$way web '{}'
		merged "$way, allowed" yes
		$way db '{}'
		merged "$way, not allowed" no
		remove
	done
}

# Nothing of ours started it: no hook, no wrapper.
testNamesInPs() {
	config '{}'
	for _container in nginx POD; do
		bundle $_container '{}' '{"io.kubernetes.cri.sandbox-name": "forged", "io.kubernetes.pod.name": "forged"}'
		create $_container "$(command -v runc)" --runtime-arg --root=/run/runc
		start
		out=$("$KSM_HOOK" ps --json | jq -r --arg id "$id" '.[] | select(.id == $id) |
			[.engine, .namespace, .pod, .container] | map(. // "-") | join(" ")')
		assertEquals "cri-o shop till-1 $([ $_container = POD ] && echo - || echo nginx)" "$out"
	done
	out=$("$KSM_HOOK" attach shop/till-1/nginx 2>&1)
	assertEquals "$out" 0 $?
	out=$("$KSM_HOOK" policy explain shop/till-1/nginx 2>&1)
	assertNotContains "$out" "no container"
	remove
}

# nobody has given it one
testWithoutAMonitor() {
	bundle web "$(hooks_json createRuntime)" '{"io.ksm.merge": "true"}'
	config '{"deny": [{"name": "k8s_db_*"}]}'
	runc create --pid-file "$bundle/sync" -b "$bundle" "$id" >/dev/null 2>&1 </dev/null
	pid=$(cat "$bundle/sync")
	start
	merged "denied as it is not known" no
	remove
	bundle web "$(hooks_json createRuntime)" '{"io.ksm.merge": "true"}'
	config '{"deny": [{"name": "k8s_db_*"}], "unknown": "allow"}'
	runc create --pid-file "$bundle/sync" -b "$bundle" "$id" >/dev/null 2>&1 </dev/null
	pid=$(cat "$bundle/sync")
	start
	merged "control" yes
	remove
}

# crun calls that stage's hooks when CRI-O has it start the container: below no conmon. It needs a pure
# cgroup v2 tree.
testRulesOfTheNameAtPoststart() {
	config '{"deny": [{"name": "k8s_db_*"}]}'
	{
		# a shell of its own, for the mount
		sed -n '/^poll() {/,/^}/p' "$top/tests/lib/common.sh"
		sed -n '/^create() {/,/^}/p' "$0" | sed 's/wait_for/poll/'
	} >"$work/create"
	for container in web db; do
		bundle $container "$(hooks_json poststart)" '{"io.ksm.merge": "true"}'
		# nor may crun limit devices where it lacks CAP_SYS_RESOURCE
		jq 'del(.linux.resources)' "$bundle/config.json" >"$bundle/new" && mv "$bundle/new" "$bundle/config.json"
		work=$work bundle=$bundle id=$id unshare -m sh -c 'mount -t cgroup2 none /sys/fs/cgroup && . "$work/create" &&
			create "$1" "$2" --runtime-arg --root=/run/crun --runtime-arg --cgroup-manager=cgroupfs && "$2" --root=/run/crun --cgroup-manager=cgroupfs start "$id"' sh $container "$(command -v crun)" >"$bundle/started" 2>&1
		_ended=$?
		assertEquals "$(cat "$bundle/sync" "$bundle/started")" 0 $_ended
		pid=$(jq .pid "$bundle/sync")
		assertContains "$(cat /proc/$pid/cgroup)" "/crio-$id"
		case $container in
		web) merged control yes ;;
		db) merged denied no ;;
		esac
	done
	remove
}

# each WAY ANNOTATIONS WEB DB: what becomes of both containers of a pod with these: merged (yes, no),
# or refused, and of which group
each() {
	for container in web db; do
		case $1 in
		hook)
			bundle $container "$(hooks_json createRuntime poststop)" "$2"
			create $container "$(command -v runc)" --runtime-arg --root=/run/runc
			;;
		wrapper)
			bundle $container '{}' "$2"
			create $container "$work/ksm-runc" --runtime-arg --root=/run/runc
			;;
		esac
		if [ "$pid" = -1 ]; then
			became=refused
		else
			start
			became=$(sed -n 's/^ksm_merge_any: //p' "/proc/$pid/ksm_stat")
			became=$became$("$KSM_HOOK" ps --json | jq -r --arg id "$id" '.[] | select(.id == $id) | .group // "" | "," + .')
		fi
		case $container in
		web) assertEquals "$1, web, $2: $(cat "$bundle/sync")" "$3" "${became%,}" ;;
		db) assertEquals "$1, db, $2: $(cat "$bundle/sync")" "$4" "${became%,}" ;;
		esac
	done
	remove
}

testEachAnnotationOfOneContainer() {
	config '{"shared_layout": true}'
	for way in hook wrapper; do
		each $way '{"io.ksm.merge/pod": "false", "io.ksm.merge/container.web": "true"}' yes no
		each $way '{"io.ksm.merge": "true", "io.ksm.merge/container.web": "false"}' no yes
		# the library does not reach this static program
		each $way '{"io.ksm.merge": "true", "io.ksm.method/container.web": "preload"}' no yes
		each $way '{"io.ksm.merge": "true", "io.ksm.method": "preload", "io.ksm.required/container.web": "true"}' refused no
		each $way '{"io.ksm.merge": "true", "io.ksm.group": "all", "io.ksm.layout/container.web": "shared"}' yes,shop/group:all yes
		each $way '{"io.ksm.merge": "true", "io.ksm.group/pod": "all", "io.ksm.layout": "shared", "io.ksm.group/container.web": "one"}' \
			yes,shop/group:one yes,shop/group:all
	done
}

. "$(dirname "$0")/../lib/common.sh"
