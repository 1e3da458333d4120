#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Names that a tenant may choose: forged annotations for each engine, and what they are to
# change: rules, groups of a shared layout, what ps shows. CRI-O and containerd are played by
# runc with their bundles' paths, their cgroups and the annotations that they write.
# needs: containers config

shows='/bin/cat /proc/self/ksm_stat'

suite_setup() {
	. "$top/tests/lib/bundle.sh"
	root=$work/root
	rootfs_make "$root"
	ln -s "$KSM_HOOK" "$work/ksm-runc"
	hooks=$(hooks_json createRuntime poststop)
	config_folder_take
	had_groups=$([ -d /run/ksm-hook/groups ] && echo yes)
	serial=0
}

suite_teardown() {
	for _id in $(runc list -q | grep "^0*f00d$$"); do runc delete -f "$_id"; done
	for _d in /sys/fs/cgroup/*/ksm-names /sys/fs/cgroup/ksm-names; do
		[ ! -d "$_d" ] || rmdir "$_d"
	done
	config_folder_leave
	[ "$had_groups" = yes ] || rmdir /run/ksm-hook/groups 2>/dev/null
	true
}

# new_id: 64 digits, as engines make them, in $id
new_id() {
	serial=$((serial + 1))
	id=$(printf "%0$((60 - ${#$}))df00d%s" $serial $$)
}

# says ENGINE NAMESPACE: what the engine writes of a pod's container, as JSON
says() {
	case $1 in
	containerd) jq -n --arg n "$2" '{"io.kubernetes.cri.sandbox-namespace": $n,
		"io.kubernetes.cri.sandbox-name": "web-1", "io.kubernetes.cri.container-name": "nginx",
		"io.kubernetes.cri.image-name": "nginx:1", "io.kubernetes.cri.container-type": "container"}' ;;
	cri-o) jq -n --arg n "$2" '{"io.kubernetes.pod.namespace": $n, "io.kubernetes.pod.name": "web-1",
		"io.kubernetes.container.name": "nginx", "io.kubernetes.cri-o.ImageName": "nginx:1"}' ;;
	*) echo '{}' ;;
	esac
}

# forges NAMESPACE: every key that a pod could try
forges() {
	jq -n --arg n "$1" '{"io.kubernetes.cri.sandbox-namespace": $n, "io.kubernetes.cri.sandbox-name": "bait",
		"io.kubernetes.cri.container-name": "bait", "io.kubernetes.cri.image-name": "bait",
		"io.kubernetes.cri.container-type": "container", "io.kubernetes.cri-o.Namespace": $n,
		"io.kubernetes.cri-o.KubeName": "bait", "io.kubernetes.cri-o.ImageName": "bait",
		"io.kubernetes.pod.namespace": $n, "io.kubernetes.pod.name": "bait",
		"io.kubernetes.container.name": "bait", "io.container.manager": "cri-o",
		"bundle": "/run/containerd/io.containerd.runtime.v2.task/k8s.io/x", "lxc.name": $n}'
}

# make ENGINE ENGINES-WORD FORGED [JSON] COMMAND: a bundle where the engine would have it; what
# it writes itself comes last, as in its code. JSON is of the container's own annotations.
make() {
	_engine=$1 _own='{"io.ksm.merge":"true"}'
	new_id
	bundle=$(bundle_of "$_engine" "$id")
	case $4 in
	'{'*) _own=$4 _command=$5 ;;
	*) _command=$4 ;;
	esac
	# shellcheck disable=SC2086 # a command and its arguments
	bundle_make "$bundle" "$root" "$hooks" "$(jq -n --argjson own "$_own" --argjson forged "$3" \
		--argjson engine "$2" '$forged + $engine + $own')" $_command
	case $_engine in
	cri-o) _cgroup=/ksm-names/crio-$id ;;
	podman) _cgroup=/ksm-names/libpod-$id ;;
	*) return ;;
	esac
	jq --arg c "$_cgroup" '.linux.cgroupsPath = $c' "$bundle/config.json" >"$bundle/new" &&
		mv "$bundle/new" "$bundle/config.json"
}

# start hook|wrapper: its output in $out
start() {
	case $1 in
	hook) out=$(runc run -b "$bundle" "$id" 2>&1) ;;
	wrapper)
		jq 'del(.hooks)' "$bundle/config.json" >"$bundle/new" && mv "$bundle/new" "$bundle/config.json"
		out=$(unshare -m sh -c 'mount --bind "$0" /etc/ksm-hook && exec "$@"' "$work/etc" \
			"$work/ksm-runc" run -b "$bundle" "$id" 2>&1)
		runc delete -f "$id" >/dev/null 2>&1
		;;
	esac
}

# config JSON: for both ways in
config() {
	mkdir -p "$work/etc"
	echo "$1" | tee "$work/config.json" >"$work/etc/config.json"
}

deny='{"containers":"all","log":"info","deny":[{"namespace":"payments-*"}]}'

# the engine's word is denied, and what the pod says of itself does not evade that
testNoForgedNameEvadesARule() {
	config "$deny"
	for way in hook wrapper; do
		for engine in containerd cri-o; do
			make $engine "$(says $engine payments-eu)" "$(forges shop)" "$shows"
			start $way
			says_merged "$way, $engine, payments" no
			[ $way-$engine != hook-containerd ] || assertContains "$(said)" "reason=denied-by-rule"
			make $engine "$(says $engine shop)" "$(forges shop)" "$shows"
			start $way
			says_merged "$way, $engine, shop" yes
		done
	done
}

# said: what the hook says of the container's state, as it would be written to the log
said() {
	jq -n --arg id "$id" --arg bundle "$bundle" --argjson pid $$ \
		--argjson a "$(jq .annotations "$bundle/config.json")" \
		'{id: $id, pid: $pid, bundle: $bundle, annotations: $a}' |
		"$KSM_HOOK" createRuntime --config "$work/config.json" 2>&1
}

# nor does it cause it: no tenant keeps himself, or others by his names, from being merged
testNoForgedNameCausesARule() {
	config "$deny"
	for way in hook wrapper; do
		for engine in containerd cri-o; do
			make $engine "$(says $engine shop)" "$(forges payments-eu)" "$shows"
			start $way
			says_merged "$way, $engine, forged payments" yes
		done
	done
}

# where no engine tells a namespace, a rule on it denies, whatever the container says
testWhatIsNotKnownIsDenied() {
	for engine in podman docker ctr plain; do
		config "$deny"
		make $engine '{}' "$(forges shop)" "$shows"
		for way in hook wrapper; do
			start $way
			says_merged "$way, $engine" no
		done
		assertContains "$engine" "$(said)" "reason=denied-unknown"
		config '{"containers":"all","unknown":"allow","deny":[{"namespace":"payments-*"}]}'
		for way in wrapper hook; do
			make $engine '{}' "$(forges payments-eu)" "$shows"
			start $way
			says_merged "$way, $engine, unknown allowed" yes
		done
		# and nobody is allowed by what he says of himself
		config '{"containers":"all","unknown":"allow","allow":[{"namespace":"shop"}]}'
		make $engine '{}' "$(forges shop)" "$shows"
		start hook
		says_merged "$engine, allow" no
	done
}

# CRI-O is told from podman by the cgroup that it made, whose name has the container's id
testWhoPlaysCrio() {
	config "$deny"
	make cri-o "$(says cri-o shop)" '{}' "$shows"
	jq '.linux.cgroupsPath = "/ksm-names/crio-1/libpod-'"$id"'"' "$bundle/config.json" >"$bundle/new" &&
		mv "$bundle/new" "$bundle/config.json"
	start hook
	says_merged "in a cgroup that looks like CRI-O's" no
	rmdir /sys/fs/cgroup/*/ksm-names/crio-1 /sys/fs/cgroup/ksm-names/crio-1 2>/dev/null
	make cri-o "$(says cri-o shop)" '{}' "$shows"
	start hook
	says_merged "control" yes
}

# late: podman's container, which makes a cgroup crio-ID below its own and moves in, and whose
# poststart hook is called when it has; its cgroups and ksm_stat in $out. By crun: with runc a
# container does nothing before its poststart hooks.
late() {
	make podman "{}" "$(forges shop)" true
	jq --arg id "$id" --arg command "/bin/busybox mkdir /cg/crio-$id && echo 0 >/cg/crio-$id/cgroup.procs
		exec /bin/sleep 300" --arg hook "
		state=\$(cat) i=0
		pid=\$(echo \"\$state\" | jq .pid)
		until grep -q 'libpod-$id/crio-$id' /proc/\$pid/cgroup || [ \$((i = i + 1)) -ge 1200 ]; do sleep 0.05; done
		echo \"\$state\" | '$KSM_HOOK' poststart --config '$work/config.json'" \
		'.process.args = ["/bin/sh", "-c", $command] | del(.linux.cgroupsPath) | del(.linux.resources) |
		 .mounts = [{destination: "/proc", type: "proc", source: "proc"}, {destination: "/cg", type: "bind",
			source: "/sys/fs/cgroup/ksm-names/libpod-\($id)", options: ["bind", "rw"]}] |
		 .hooks = {poststart: [{path: "/bin/sh", args: ["sh", "-c", $hook], env: ["PATH=/usr/sbin:/usr/bin:/sbin:/bin"]}]}' \
		"$bundle/config.json" >"$bundle/new" && mv "$bundle/new" "$bundle/config.json"
	cat >"$work/late" <<-'L'
		mount -t cgroup2 none /sys/fs/cgroup
		own=/sys/fs/cgroup/ksm-names/libpod-$1
		back=/sys/fs/cgroup$(sed -n 's/^0:://p' /proc/self/cgroup)
		mkdir -p "$own" && echo $$ >"$own/cgroup.procs"
		timeout 120 crun --cgroup-manager=disabled run -d -b "$2" "$1" </dev/null >"$2/out" 2>&1
		cat "$2/out"
		pid=$(crun state "$1" | jq .pid)
		cat "/proc/$pid/cgroup" "/proc/$pid/ksm_stat"
		crun delete -f "$1"
		echo $$ >"$back/cgroup.procs"
		until rmdir "$own/crio-$1" 2>/dev/null || [ ! -e "$own/crio-$1" ]; do sleep 0.05; done
		rmdir "$own"
		rmdir "${own%/*}" 2>/dev/null # others' may be in it
	L
	out=$(timeout 180 unshare -m sh "$work/late" "$id" "$bundle" 2>&1)
}

# what runs already may have moved: the cgroup's outermost name counts
testNoContainerMovesIntoCrios() {
	config "$deny"
	late
	assertContains "it moved: $out" "$out" "/libpod-$id/crio-$id"
	says_merged "in a cgroup of its own called crio-ID" no
	# it is the rule that keeps it from being merged, not the cgroup
	config '{"containers":"all","deny":[{"engine":"cri-o"}]}'
	late
	says_merged "no rule for podman" yes
}

testRulesOfEngineUserAndImage() {
	config '{"containers":"all","deny":[{"engine":"cri-o"},{"user":"1*"},{"namespace":"shop","image":"nginx:*"}]}'
	make containerd "$(says containerd shop)" '{}' "$shows"
	start hook
	says_merged "namespace and image" no
	make containerd "$(says containerd other)" '{}' "$shows"
	start hook
	says_merged "another namespace" yes
	make cri-o "$(says cri-o other)" '{}' "$shows"
	start hook
	says_merged "the engine" no
	config '{"containers":"all","deny":[{"user":"0"}]}'
	make plain '{}' '{}' "$shows"
	start hook
	says_merged "root's" no
}

# rules that name an annotation go on as they did
testRawAnnotations() {
	config '{"containers":"all","deny":[{"annotation":"io.kubernetes.pod.namespace","match":"payments-*"}]}'
	make plain '{}' "$(forges payments-eu)" "$shows"
	start hook
	says_merged "matches" no
	make plain '{}' "$(forges shop)" "$shows"
	start hook
	says_merged "does not match" yes
}

shared='{"io.ksm.merge":"true","io.ksm.layout":"shared","io.ksm.group":"web"}'
limit='/bin/sh -c ulimit${IFS}-s'

# an attacker's pod with the keys of the other engine, for the victim's namespace
testNoForgedNameJoinsAGroup() {
	config '{"shared_layout": true}'
	for victim in containerd cri-o; do
		make $victim "$(says $victim payments)" '{}' "$shared" '/bin/sleep 60'
		runc run -d -b "$bundle" "$id" >/dev/null 2>&1 </dev/null
		victim_id=$id
		_file=/run/ksm-hook/groups/payments%2Fgroup%3Aweb
		assertTrue "$victim: $(ls /run/ksm-hook/groups)" "[ -e $_file ]"
		read -r secret _ <"$_file"
		make $victim "$(says $victim payments)" '{}' "$shared" "$limit"
		start hook
		assertEquals "$victim, control: $out" $((secret / 1024)) "$out"
		for engine in containerd cri-o podman docker ctr plain; do
			make $engine "$(says $engine evil)" "$(forges payments)" "$shared" "$limit"
			for way in hook wrapper; do
				start $way
				assertNotNull "$engine, $way" "$out"
				assertNotContains "$victim's secret, $engine, $way" "$out" $((secret / 1024))
			done
		done
		runc delete -f "$victim_id"
	done
	for _id in $(runc list -q | grep "f00d$$"); do runc delete -f "$_id"; done
}

# who PS: namespace/pod/container of the container in $id
who() {
	"$KSM_HOOK" ps --json | jq -r --arg id "$id" \
		'.[] | select(.id == $id) | [.namespace, .pod, .container, .image] | map(. // "-") | join(" ")'
}

testNoForgedNameIsShown() {
	config '{}'
	for engine in containerd cri-o podman docker ctr plain; do
		make $engine "$(says $engine shop)" "$(forges bait)" '/bin/sleep 60'
		runc run -d -b "$bundle" "$id" >/dev/null 2>&1 </dev/null
		case $engine in
		containerd | cri-o) assertEquals "$engine" "shop web-1 nginx nginx:1" "$(who)" ;;
		*) assertEquals "$engine" "- - - -" "$(who)" ;;
		esac
		runc delete -f "$id"
	done
}

# of the pause container of a pod nobody tells a name or an image: a pod whose annotations
# containerd lets through can write those
testThePauseContainer() {
	config '{}'
	make containerd "$(says containerd shop | jq '. + {"io.kubernetes.cri.container-type": "sandbox",
		"io.kubernetes.cri.image-name": "bait", "io.kubernetes.cri.container-name": "bait"}')" '{}' '/bin/sleep 60'
	runc run -d -b "$bundle" "$id" >/dev/null 2>&1 </dev/null
	assertEquals "shop web-1 - -" "$(who)"
	runc delete -f "$id"
}

# for one container of a pod, for all of it, for any
testContainersOfAPod() {
	config '{}'
	for engine in containerd cri-o; do
		for case in 'true {"io.ksm.merge/container.nginx":"true"}' \
			'true {"io.ksm.merge":"false","io.ksm.merge/pod":"true"}' \
			'false {"io.ksm.merge":"true","io.ksm.merge/pod":"true","io.ksm.merge/container.nginx":"false"}' \
			'false {"io.ksm.merge/container.other":"true"}' \
			'true {"io.ksm.merge":"true","io.ksm.merge/container.other":"false"}'; do
			for way in hook wrapper; do
				# the wrapper is an opt-in by its name: only "false" is a request there
				make $engine "$(says $engine shop)" '{}' "${case#* }" "$shows"
				start $way
				case $way-$case in
				*true\ * | wrapper-*container.other*) says_merged "$way, $engine, $case" yes ;;
				*) says_merged "$way, $engine, $case" no ;;
				esac
			done
		done
	done
}

. "$(dirname "$0")/../lib/common.sh"
