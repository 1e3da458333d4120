#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The Docker and containerd suites with Debian 13's: Docker 26.1 (annotations; both of its image stores), containerd 1.7.
# needs: containers

packages=docker.io,docker-cli,containerd,runc,busybox-static,ca-certificates,jq,shunit2,python3,procps,util-linux

suite_setup() {
	trixie=$BUILD/trixie-docker
	"$top/tests/lib/chroot" make "$trixie" $packages >"$work/made" 2>&1 || cat "$work/made"
}

# inside SUITE: all of its tests passed, none was skipped
inside() {
	_tests=$(grep -c '^test[A-Za-z_]*() {' "$top/tests/$1")
	BUILD="$BUILD" CASE='' timeout 200 "$top/tests/lib/chroot" run "$trixie" "tests/$1" >"$work/out" 2>&1
	_ended=$?
	assertEquals "$(cat "$work/out")" 0 $_ended
	assertTrue "$(cat "$work/out")" "grep -q '^$_tests passed, 0 failed, 0 skipped' '$work/out'"
}

testDocker() {
	out=$("$top/tests/lib/chroot" run "$trixie" dockerd --version)
	assertContains "$out" "version 26.1"
	inside engines/docker.sh
}

# images in containerd's store, as Docker 29 has them by default
testDockerWithContainerdsStore() {
	DOCKER_STORAGE=native inside engines/docker.sh
}

testContainerd() {
	out=$("$top/tests/lib/chroot" run "$trixie" containerd --version)
	assertContains "$out" " 1.7."
	inside engines/containerd.sh
}

# the_judged: each daemon.json, and what dockerd 26.1 does with it; 20.10 starts with some that it
# then can run no container of
the_judged() {
	cat <<-E
		starts {}
		starts null
		refuses []
		starts {"runtimes": {"ksm-runc": {"path": "/usr/local/sbin/ksm-runc"}}}
		starts {"runtimes": {"ksm-runc": {"path": "ksm-runc"}}}
		refuses {"runtimes": {"runc": {"path": "/usr/local/sbin/ksm-runc"}}}
		later {"runtimes": {"ksm-runc": {}}}
		later {"runtimes": {"ksm-runc": {"path": ""}}}
		later {"runtimes": {"ksm-runc": {"path": "/x", "runtimeType": "io.containerd.runc.v2"}}}
		starts {"runtimes": {"x": {"runtimeType": "io.containerd.runc.v2", "options": {"BinaryName": "/x"}}}}
		later {"runtimes": {"x": {"runtimeType": "io.containerd.runc.v2", "runtimeArgs": ["--x"]}}}
		later {"runtimes": {"x": {"path": "/x", "options": {"BinaryName": "/y"}}}}
		later {"runtimes": {"x": null}}
		refuses {"default-runtime": "ksm-runc"}
		refuses {"default-runtime": 1}
		starts {"default-runtime": "runc"}
		starts {"default-runtime": ""}
		starts {"default-runtime": "io.containerd.runc.v2"}
		starts {"default-runtime": "x", "runtimes": {"x": {"path": "/x"}}}
		starts {"runtimes": {"x": {"path": "/x"}}, "runtimes": {"y": {"path": "/y"}}, "default-runtime": "x"}
		starts {"runtimes": null}
		refuses {"runtimes": []}
		refuses {"runtimes": {"x": "/x"}}
		refuses {"runtimes": {"x": {"path": 1}}}
		refuses {"runtimes": {"x": {"path": "/x", "runtimeArgs": "x"}}}
		later {"runtimes": {"x": {"path": "/x", "options": [1]}}}
		refuses {"runtimes": {"x": {"path": "/x"}},}
		refuses {"nonsense": 1}
		refuses {"Debug": true}
		refuses {"debug": "true"}
		since {"http-proxy": "http://127.0.0.1:1"}
		starts {"label": 7, "add-runtime": []}
		starts {"nonsense": {"debug": true}}
		refuses {"nonsense": {"other": true}}
		refuses {"log-opts": {"max-size": 1}}
		refuses {"mtu": 1e3}
		refuses {"labels": [1]}
		refuses {"runtimes": {"x": {"path": "/x", "runtimeArgs": [1]}}}
		starts {"runtimes": {"x": {"Path": "/x"}}, "default-runtime": "x"}
		refuses {"RUNTIMES": {"x": {"path": "/x"}}}
		starts {"runtimes": {"x": {"path": "/x", "nonsense": 1}}}
		refuses {"builder": {"GC": {"Enabled": "x"}}}
		refuses {"default-ulimits": {"nofile": {"Hard": "x"}}}
		refuses {"max-concurrent-downloads": -1}
		refuses {"log-level": "loud"}
	E
	printf 'since \357\273\277{"debug": true}\n'
}

# judged LATER SINCE COMMAND...: dockerd does what is said above, with LATER in place of "later", and
# SINCE of "since"; doctor tells of each that will not do, and of no other
judged() {
	_later=$1 _since=$2
	shift 2
	the_judged | sed 's/^[a-z]* //' >"$work/texts"
	the_judged | sed -e "s/^starts /starts none /; s/^refuses /refuses broken /; s/^later /$_later broken /; s/^since /$_since /" \
		>"$work/wanted"
	timeout 600 "$@" "$top/tests/lib/docker-judged" "$KSM_HOOK" <"$work/texts" >"$work/judged" 2>"$work/err"
	_ended=$?
	assertEquals "$(cat "$work/err")" 0 $_ended
	assertEquals "" "$(diff "$work/wanted" "$work/judged")"
}

testDaemonJson() {
	assertContains "$(dockerd --version)" "version 20.10"
	judged starts "refuses broken"
	judged refuses "starts none" "$top/tests/lib/chroot" run "$trixie"
}

. "$(dirname "$0")/../lib/common.sh"
