#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Docker with the runtime wrapper: chosen for a container, and as the default of a daemon. DOCKER_STORAGE=native: with
# its images in containerd's store (engines/docker-matrix; since Docker 24).
# needs: containers

suite_setup() {
	. "$top/tests/lib/bundle.sh"
	. "$top/tests/lib/daemons-lib.sh"
	rootfs_make "$work/root" /usr/bin/sleep
	tar -C "$work/root" -cf "$work/image.tar" .
	mkdir "$work/bin" "$work/private"
	ln -s "$KSM_HOOK" "$work/bin/ksm-runc"
	ln -s "$KSM_HOOK" "$work/private/runc"
	client=/usr/bin/docker
	show='cat /proc/self/ksm_stat'
	start chosen "{\"runtimes\":{\"ksm-runc\":{\"path\":\"$work/bin/ksm-runc\"}}}"
}

# start NAME DAEMON.JSON [KSM-HOOK.JSON [COMMAND...]]: a daemon with the image, for docker()
start() {
	dir=$work/$1
	mkdir -p "$dir"
	echo "$2" | jq "${DOCKER_STORAGE:+.features = {\"containerd-snapshotter\": true\} |} ." >"$dir/daemon.json"
	[ -z "${3:-}" ] || echo "$3" >"$dir/ksm-hook.json"
	shift "$(($# > 3 ? 3 : $#))"
	daemons_start "$dir" "$@"
	daemons="${daemons:-} $daemon"
	wait_for 20 docker version >/dev/null 2>&1 || cat "$dir/log" "$dir/dockerd.log"
	docker import "$work/image.tar" image >/dev/null
}

stop() {
	daemons_end
	dir=$work/chosen
}

docker() {
	DOCKER_CONFIG=$work/client timeout 60 $client -H "unix://$dir/d.sock" "$@"
}

# run WORD...: output in $out
run() {
	out=$(docker run --rm --network none "$@" 2>&1)
}

testChosen() {
	run --runtime ksm-runc image $show
	says_merged "docker run --runtime ksm-runc" yes
	run image $show
	says_merged "docker run" no
	assertContains "$(docker info)" "ksm-runc"
	[ -z "${DOCKER_STORAGE:-}" ] || assertContains "$(docker info)" io.containerd.snapshotter.v1
}

testExecAndRestart() {
	for _case in "ksm-runc yes" "runc no"; do
		# shellcheck disable=SC2086
		set -- $_case
		docker run -d --network none --name box --runtime "$1" image sleep 60 >/dev/null
		out=$(docker exec box $show)
		says_merged "docker exec: $1" "$2"
		out=$(docker exec -t box $show)
		says_merged "docker exec -t: $1" "$2"
		docker restart -t 0 box >/dev/null
		out=$(docker exec box cat /proc/1/ksm_stat)
		says_merged "docker restart: $1" "$2"
		docker pause box >/dev/null && docker unpause box >/dev/null
		assertEquals true "$(docker inspect -f '{{.State.Running}}' box)"
		assertContains "$(docker top box)" "sleep 60"
		docker rm -f box >/dev/null
	done
}

# Docker's own files have it. This daemon's lie elsewhere, so daemon.json says where, to us too.
testKnownByName() {
	_id=$(docker run -d --network none --name shop --label name=other image sleep 60)
	echo "{\"data-root\": \"$dir/data\"}" >"$work/data-root.json"
	_named() {
		unshare -m sh -c 'mount --bind "$1" /etc && shift && exec "$@"' sh "$work/etc" "$@"
	}
	mkdir -p "$work/etc/docker"
	cp "$work/data-root.json" "$work/etc/docker/daemon.json"
	out=$(_named "$KSM_HOOK" ps --json | jq -r ".[] | select(.id == \"$_id\") | .container + \" \" + .image")
	assertEquals "shop image" "$out"
	out=$(_named "$KSM_HOOK" attach shop 2>&1)
	assertEquals "$out" 0 $?
	assertContains "$(docker exec shop cat /proc/1/ksm_stat)" "ksm_merge_any: yes"
	docker rename shop store
	out=$(_named "$KSM_HOOK" detach store 2>&1)
	assertEquals "$out" 0 $?
	# a file that others could have written says nothing
	chmod 666 "$dir/data/containers/$_id/config.v2.json"
	out=$(_named "$KSM_HOOK" ps --json | jq -r ".[] | select(.id == \"$_id\") | .container")
	assertEquals null "$out"
	docker rm -f store >/dev/null
}

# Containers that say nothing of it share their layout with those of the same image, which no name of an
# image's or a user's is.
testLayoutsByImage() {
	start images "{\"runtimes\":{\"ksm-runc\":{\"path\":\"$work/bin/ksm-runc\"}}}" \
		'{"shared_layout": "image", "log": "info"}'
	daemons_inside sh -c 'mkdir -p /etc/docker && echo "{\"data-root\": \"$1/data\"}" >/etc/docker/daemon.json' sh "$dir"
	docker import --change "ENV WHICH=two" "$work/image.tar" two >/dev/null
	docker tag image alias
	_limits='cat /proc/self/limits'
	for _case in "one image" "same alias" "other two"; do
		# shellcheck disable=SC2086
		set -- $_case
		docker run -d --network none --name "$1" --runtime ksm-runc --label io.ksm.group=none "$2" sleep 60 >"$work/out" 2>&1 || cat "$work/out"
		eval "_$1=\$(docker exec $1 \$_limits | grep 'Max stack')"
	done
	# shellcheck disable=SC2154 # set above
	assertContains "$_one" bytes
	assertEquals "$_one" "$_same"
	assertNotEquals "$_one" "$_other"
	_groups=$(daemons_inside ls /run/ksm-hook/groups)
	for _name in image two; do
		assertContains "$_groups" "image%3Asha256%3A$(docker image inspect -f '{{.Id}}' $_name | cut -d: -f2)"
	done
	# a file that others could have written names no group
	docker create --network none --name forged --runtime ksm-runc image $_limits >/dev/null
	chmod 666 "$dir/data/containers/$(docker inspect -f '{{.Id}}' forged)/config.v2.json"
	assertNotEquals "$_one" "$(docker start -a forged | grep 'Max stack')"
	docker rm -f one same other forged >/dev/null
	stop
}

# Compose gives its containers the project's label. Those of one image share with their project; what the image
# says of itself is the same for all who say nothing, and neither keeps projects together nor is it for rules.
testLayoutsByProject() {
	start projects "{\"runtimes\":{\"ksm-runc\":{\"path\":\"$work/bin/ksm-runc\"}}}" \
		'{"shared_layout": "image", "log": "info"}'
	daemons_inside sh -c 'mkdir -p /etc/docker && echo "{\"data-root\": \"$1/data\"}" >/etc/docker/daemon.json' sh "$dir"
	_key=com.docker.compose.project
	docker import --change "LABEL $_key=shop" --change "ENV WHICH=says" "$work/image.tar" says >/dev/null
	_stack() { docker exec "$1" cat /proc/self/limits | grep 'Max stack'; }
	for _image in image says; do
		for _case in "a1 $_key=shop" "a2 $_key=shop" "b1 $_key=books" "b2 $_key=books" "none1 x=y" "none2 x=y" "odd1 $_key=a/b" "odd2 $_key=a/b"; do
			# shellcheck disable=SC2086
			set -- $_case
			docker run -d --network none --name "$1" --runtime ksm-runc --label "$2" $_image sleep 60 >"$work/out" 2>&1 || cat "$work/out"
			eval "_$1=\$(_stack $1)"
		done
		# shellcheck disable=SC2154 # set above
		assertContains "$_image" "$_a1" bytes
		assertEquals "$_image: one project" "$_a1" "$_a2"
		assertEquals "$_image: another" "$_b1" "$_b2"
		assertNotEquals "$_image: two projects" "$_a1" "$_b1"
		# shellcheck disable=SC2154
		assertEquals "$_image: no project" "$_none1" "$_none2"
		assertNotEquals "$_image: a project and none" "$_b1" "$_none1"
		# shellcheck disable=SC2154
		assertEquals "$_image: what is no name is private, and has the usual limit" "$(docker run --rm --network none image cat /proc/self/limits | grep 'Max stack')" "$_odd1"
		_groups=$(daemons_inside ls /run/ksm-hook/groups)
		_id=$(docker image inspect -f '{{.Id}}' $_image | cut -d: -f2)
		for _project in shop books; do
			assertContains "$_image" "$_groups" "$_project%2Fimage%3Asha256%3A$_id"
		done
		# the image's id is a part of it: what it says gets its containers into no other image's group
		_other=${_one_image:-$_a1}
		_one_image=$_a1
		docker rm -f a1 a2 b1 b2 none1 none2 odd1 odd2 >/dev/null
	done
	assertNotEquals "two images, one project" "$_other" "$_one_image"
	# nor past a rule
	stop
	start rules "{\"runtimes\":{\"ksm-runc\":{\"path\":\"$work/bin/ksm-runc\"}}}" \
		'{"shared_layout": "image", "allow_groups": ["shop/*"]}'
	daemons_inside sh -c 'mkdir -p /etc/docker && echo "{\"data-root\": \"$1/data\"}" >/etc/docker/daemon.json' sh "$dir"
	docker import --change "LABEL $_key=shop" "$work/image.tar" says >/dev/null
	docker run -d --network none --name a1 --runtime ksm-runc says sleep 60 >/dev/null
	assertEquals "$(docker run --rm --network none image cat /proc/self/limits | grep 'Max stack')" "$(_stack a1)"
	docker rm -f a1 >/dev/null
	stop
}

testInit() {
	run --runtime ksm-runc --init image sh -c "cat /proc/1/ksm_stat; $show"
	assertEquals "$out" 2 "$(echo "$out" | grep -c 'ksm_merge_any: yes')"
}

testExitStatusAndStandardStreams() {
	run --runtime ksm-runc image sh -c 'exit 7'
	assertEquals "$out" 7 $?
	out=$(echo in | docker run --rm -i --network none --runtime ksm-runc image sh -c 'cat; echo err >&2' 2>"$work/err")
	assertEquals in "$out"
	assertEquals err "$(cat "$work/err")"
	run --runtime ksm-runc image no-such-program
	assertEquals "$out" 127 $?
	assertContains "the runtime's own message: $out" "$out" "no-such-program"
}

# Rules: which engine it is, is known; Docker has no namespaces, and a deny of one then denies
testRules() {
	for _case in "engine docker no" "engine podman yes" "namespace payments no"; do
		# shellcheck disable=SC2086
		set -- $_case
		start "$1-$2" "{\"runtimes\":{\"ksm-runc\":{\"path\":\"$work/bin/ksm-runc\"}}}" \
			"{\"deny\": [{\"$1\": \"$2\"}]}"
		run --runtime ksm-runc image $show
		says_merged "deny $1 $2" "$3"
		stop
	done
}

testOtherSettings() {
	run --runtime ksm-runc --read-only --cap-drop ALL --security-opt no-new-privileges \
		--user 1000:1000 --pid host image $show
	says_merged "dropped rights" yes
}

# no_annotations: docker run has --annotation since 25
no_annotations() {
	docker run --help | grep -q -e --annotation && return 1
	assertContains "$(docker version -f '{{.Server.Version}}')" "20.10."
}

testAnnotations() {
	no_annotations && return
	run --runtime ksm-runc --annotation io.ksm.merge=false image $show
	says_merged "chosen, says no" no
	start place "{\"default-runtime\":\"ksm\",\"runtimes\":{\"ksm\":{\"path\":\"$work/private/runc\"}}}"
	run --annotation io.ksm.merge=true image $show
	says_merged "in runc's place, asked" yes
	run image $show
	says_merged "in runc's place, did not ask" no
	stop
}

# Whoever starts a container writes all of them: no other engine's, and no namespace, is to be believed.
testForgedAnnotations() {
	no_annotations && return
	# shellcheck disable=SC2046 # words
	set -- $(printf -- '--annotation %s ' io.ksm.merge=true io.container.manager=cri-o \
		io.kubernetes.cri.container-type=container io.kubernetes.cri.sandbox-namespace=shop \
		io.kubernetes.cri.container-name=bait io.kubernetes.cri.image-name=bait io.kubernetes.cri-o.Namespace=shop \
		io.kubernetes.pod.namespace=shop io.kubernetes.pod.name=bait io.kubernetes.container.name=bait lxc.name=bait)
	_n=0
	while read -r _merged _rules; do
		_n=$((_n + 1))
		start "forged-$_n" "{\"runtimes\":{\"ksm-runc\":{\"path\":\"$work/bin/ksm-runc\"}}}" "$_rules"
		run --runtime ksm-runc "$@" image $show </dev/null
		says_merged "$_rules" "$_merged"
		stop
	done <<-E
		no {"deny": [{"engine": "docker"}]}
		yes {"deny": [{"engine": "cri-o"}, {"engine": "containerd"}, {"engine": "lxc"}]}
		no {"deny": [{"namespace": "payments-*"}]}
		no {"unknown": "allow", "allow": [{"namespace": "shop"}]}
		yes {"unknown": "allow", "deny": [{"namespace": "shop"}, {"pod": "bait"}, {"container": "bait"}, {"image": "bait"}, {"name": "bait"}]}
	E
	docker run -d --network none --name forged --runtime ksm-runc "$@" image sleep 60 >"$work/id"
	out=$("$KSM_HOOK" ps --json | jq -r --arg id "$(cat "$work/id")" \
		'.[] | select(.id == $id) | [.mergeable, .namespace, .pod, .container] | map(. // "-") | join(" ")')
	docker rm -f forged >/dev/null
	assertEquals "$out" "true - - -" "$out"
}

# For one container of a pod: nobody tells Docker's what they are called in one. A refusal counts.
testOneContainerOfAPod() {
	no_annotations && return
	run --runtime ksm-runc --annotation io.ksm.merge/container.db=false image $show
	says_merged "refused for one" no
	run --runtime ksm-runc --annotation io.ksm.merge=false --annotation io.ksm.merge/container.db=true image $show
	says_merged "asked for one" no
}

testBuildUsesTheDefaultRuntime() {
	mkdir "$work/build"
	printf 'FROM image\nRUN %s >/built\n' "$show" >"$work/build/Dockerfile"
	for _case in 'all yes' 'annotated no'; do
		# shellcheck disable=SC2086
		set -- $_case
		start "default-$1" "{\"default-runtime\":\"ksm\",\"runtimes\":{\"ksm\":{\"path\":\"$work/private/runc\"}}}" \
			"{\"containers\":\"$1\"}"
		run image $show
		says_merged "default runtime, $1" "$2"
		run --runtime runc image $show
		says_merged "the real one, $1" no
		DOCKER_BUILDKIT=0 docker build -q --network none -t built "$work/build" >/dev/null
		run built cat /built
		says_merged "docker build, $1" "$2"
		stop
	done
}

testUserNamespaces() {
	mkdir -p "$work/userns/upper"
	cp /etc/passwd /etc/group "$work/userns/upper"
	echo 'ksmremap:x:64999:64999::/:/bin/false' >>"$work/userns/upper/passwd"
	echo 'ksmremap:x:64999:' >>"$work/userns/upper/group"
	echo 'ksmremap:500000:65536' | tee "$work/userns/upper/subuid" >"$work/userns/upper/subgid"
	start userns "{\"userns-remap\":\"ksmremap\",\"runtimes\":{\"ksm-runc\":{\"path\":\"$work/bin/ksm-runc\"}}}"
	run --runtime ksm-runc image sh -c "$show; cat /proc/self/uid_map"
	says_merged "userns-remap" yes
	assertContains "$out" "$out" 500000
	docker run -d --network none --name box --runtime ksm-runc image sleep 60 >/dev/null
	out=$(docker exec box $show)
	says_merged "docker exec in a user namespace" yes
	stop
}

# old NAME KSM-HOOK.JSON LIBRARY: a daemon as on a kernel before 6.4
old() {
	printf '#!/bin/sh\nexec %s runtime --library %s "$@"\n' "$KSM_HOOK" "$3" >"$work/bin/$1"
	chmod 755 "$work/bin/$1"
	start "$1" "{\"runtimes\":{\"ksm-runc\":{\"path\":\"$work/bin/$1\"}}}" "$2" "$top/tests/lib/no-prctl"
}

# there the library is mounted into the container; libnetwork's own hook stays
testOldKernel() {
	old old '{}' "$BUILD/libksm_preload.so"
	docker run -d --network none --name box --runtime ksm-runc image /usr/bin/sleep 60 >/dev/null
	out=$(docker exec box cat /proc/1/smaps)
	assertTrue "PID 1 is marked" "echo '$out' | grep -q 'VmFlags:.* mg'"
	set -- "$dir"/c-state/io.containerd.runtime.v2.task/moby/*/config.json
	assertContains "$(jq -r '.hooks.prestart[].args[0]' "$1")" libnetwork-setkey
	docker rm -f box >/dev/null
	run --runtime ksm-runc image echo started
	assertEquals "a static program, which cannot load it" started "$out"
	stop
}

# and where that fails too, docker run shows why
testRequiredIsShownByDocker() {
	old required '{"required":true}' /no/library.so
	run --runtime ksm-runc image echo started
	assertContains "$out" "$out" " reason=preload-library: "
	assertContains "$out" "$out" "/no/library.so: No such file"
	stop
}

suite_teardown() {
	for _daemon in ${daemons:-}; do kill -KILL "$_daemon" 2>/dev/null; done
	wait_for 60 cgroup_removed ksm-hook-test 2>/dev/null
}

. "$(dirname "$0")/../lib/common.sh"
