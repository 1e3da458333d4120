#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# README.md, docs/podman.md and docs/runc.md, tried as a reader would: each of their commands is run
# as it stands there, with real engines, on a host whose /usr, /etc, /var/lib and /run are copies
# that end with this suite. IMAGE stands for an image, and "web" for a container of the reader's.
# needs: machine ksmd config
if [ -z "${README_NAMESPACE:-}" ]; then
	README_NAMESPACE=1 exec unshare --mount --pid --net --fork --kill-child "$0" "$@"
fi

# What is not run here, and why: demo by tests/project/demo.sh, and check is what runs this; incus by
# tests/engines/lxc-matrix.sh and openvz by tests/engines/openvz-guide.sh, as they stand in docs/; no test of this
# project has a Proxmox VE host.
elsewhere='check demo incus openvz proxmox'

suite_setup() {
	. "$top/tests/lib/bundle.sh"
	mount --make-rprivate /
	mount -t proc proc /proc
	mount -t tmpfs tmpfs /run
	for _dir in /usr /etc /var/lib; do
		mkdir -p "$work/over$_dir/up" "$work/over$_dir/work"
		mount -t overlay overlay \
			-o "lowerdir=$_dir,upperdir=$work/over$_dir/up,workdir=$work/over$_dir/work" $_dir
	done
	# no overlay lies on an overlay, and the engines bring theirs
	mkdir -p "$work/data" /var/lib/containerd
	mount --bind "$work/data" /var/lib/containerd
	ip link set lo up
	unset MAKELEVEL MFLAGS
	export MAKEFLAGS=-j2
	# what a reader unpacks: nothing is built in it
	make -s -C "$top" BUILD="$work/dist" dist
	mkdir "$work/tree"
	tar -xzf "$work"/dist/*.tar.gz -C "$work/tree" --strip-components=1
	rm -rf /etc/ksm-hook /etc/docker /etc/containers/containers.conf /etc/containers/storage.conf
	mkdir -p /etc/containers "$work/steps"
	cat >/etc/containers/containers.conf <<-E
		[containers]
		netns = "none"
		default_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]
		[engine]
		runtime = "runc"
		cgroup_manager = "cgroupfs"
		events_logger = "file"
	E
	cat >/etc/containers/storage.conf <<-E
		[storage]
		driver = "vfs"
		runroot = "/run/storage"
		graphroot = "$work/storage"
	E
	rootfs_make "$work/root"
	tar -C "$work/root" -cf "$work/image.tar" .
}

# step NAME: the block of $page that is marked step=NAME, with the prefix that README.md has
step() {
	awk -v s="step=$1" '/^```/ { on = $2 == s; next } on' "$top/$page" |
		sed -e "s|\\<IMAGE\\>|$image|g" -e "s|/path/to/bundle|$work/bundle|" -e 's|/usr/local/|/usr/|g'
}

each_setup() {
	page=README.md image=localhost/image
}

# run_step NAME: in the reader's tree, or where $where says
run_step() {
	step "$1" >"$work/steps/$1"
	assertTrue "$page has a step $1" "[ -s '$work/steps/$1' ]"
	(unset BUILD && cd "${where:-$work/tree}" && timeout 100 sh -e "$work/steps/$1") >"$work/out" 2>&1 </dev/null
	_ended=$?
	assertEquals "step $1: $(cat "$work/out")" 0 $_ended
}

# is PID yes|no: mergeable
is() {
	assertContains "pid $1: $(cat "/proc/$1/ksm_stat" 2>&1)" "$(cat "/proc/$1/ksm_stat")" \
		"ksm_merge_any: $2"
}

podman_pid() {
	podman inspect -f '{{.State.Pid}}' web
}

testInstall() {
	run_step install
	assertEquals "$("$KSM_HOOK" --version)" "$(/usr/sbin/ksm-hook --version)"
	assertContains "$(/usr/sbin/ksm-hook --version)" "ksm-hook "
	assertTrue "[ -e /usr/share/containers/oci/hooks.d/50-ksm-hook.json ]"
	# what was built names its places: another prefix is another program
	(unset BUILD && make -q --no-print-directory -C "$work/tree" PREFIX=/usr)
	assertEquals "built" 0 $?
	for file in ksm-hook oci-config/hooks.d/50-ksm-hook.json lxc/50-ksm-hook.conf; do
		(unset BUILD && make -q --no-print-directory -C "$work/tree" "build/$file")
		assertEquals "$file for /usr/local" 1 $?
	done
}

testEnable() {
	run_step enable
	assertEquals 1 "$(cat $ksm/run)"
	assertEquals "at each boot" 1 "$(find /etc/systemd/system -name 'ksm-hook-ksmd@*.service' | grep -c .)"
}

testPodman() {
	podman import --change 'CMD ["sleep", "600"]' "$work/image.tar" image >/dev/null 2>&1
	run_step podman
	is "$(podman_pid)" yes
}

testLook() {
	step look >"$work/steps/look"
	while read -r line; do
		said=$(sh -c "$line" 2>&1 </dev/null)
		assertTrue "$line: $said" "[ $? -le 1 ]"
		assertNotEquals "$line" "" "$said"
	done <"$work/steps/look"
	id=$(podman inspect -f '{{.Id}}' web)
	assertContains "$(ksm-hook ps --json)" "$id"
}

testAttach() {
	podman rm -f -t 0 web >/dev/null 2>&1
	podman run -d --name web image >/dev/null 2>&1
	is "$(podman_pid)" no
	run_step attach
	is "$(podman_pid)" yes
	podman rm -f -t 0 web >/dev/null 2>&1
}

testConfig() {
	mkdir -p /etc/ksm-hook
	step config | tee "$work/steps/config" >/etc/ksm-hook/config.json
	# a bundle as containerd's CRI plugin has it; podman does not tell a namespace
	for case in "shop-1 yes" "payments-1 no"; do
		_bundle=$work/io.containerd.runtime.v2.task/k8s.io/readme
		mkdir -p "$_bundle"
		rm -f "$_bundle/config.json"
		runc spec -b "$_bundle"
		jq --slurpfile ours /usr/share/ksm-hook/runc-hooks.json --arg root "$work/root" \
			--arg namespace "${case% *}" '. * $ours[0] | .process.terminal = false |
			.root.path = $root | .process.args = ["/bin/cat", "/proc/self/ksm_stat"] |
			.annotations["io.kubernetes.cri.sandbox-namespace"] = $namespace' \
			<"$_bundle/config.json" >"$_bundle/new" && mv "$_bundle/new" "$_bundle/config.json"
		out=$(runc run -b "$_bundle" readme 2>&1)
		assertContains "$case: $out" "$out" "ksm_merge_any: ${case#* }"
	done
	podman run -d --name web --annotation io.ksm.merge=true image >/dev/null 2>&1
	is "$(podman_pid)" no
	podman rm -f -t 0 web >/dev/null 2>&1
	rm /etc/ksm-hook/config.json
}

# no systemd runs here, so what it would send
systemctl_stand_in() {
	cat >/usr/local/sbin/systemctl <<-E
		#!/bin/sh
		[ "\$*" = "reload docker" ] && exec kill -HUP \$(cat /run/docker.pid)
		echo "systemctl stand-in: \$*" >&2
		exit 1
	E
	chmod 755 /usr/local/sbin/systemctl
}

testDocker() {
	systemctl_stand_in
	containerd >"$work/containerd.log" 2>&1 &
	wait_for 20 test -S /run/containerd/containerd.sock
	dockerd --iptables=false --ip6tables=false --bridge=none --storage-driver vfs \
		--data-root "$work/docker" --containerd /run/containerd/containerd.sock \
		--cgroup-parent /ksm-hook-readme >"$work/dockerd.log" 2>&1 &
	wait_for 30 docker version >/dev/null 2>&1 || cat "$work/dockerd.log"
	docker import --change 'CMD ["sleep", "600"]' "$work/image.tar" image >/dev/null
	image=image
	run_step docker
	is "$(docker inspect -f '{{.State.Pid}}' web)" yes
	docker rm -f web >/dev/null
}

testContainerd() {
	docker save image | ctr image import - >"$work/out" 2>&1 || cat "$work/out"
	image=docker.io/library/image:latest
	run_step containerd
	is "$(ctr task ls | awk '$1 == "web" { print $2 }')" yes
	ctr task delete -f web >/dev/null 2>&1
	ctr container delete web
}

testLxc() {
	echo "lxc.net.0.type = empty" >"$work/web.conf"
	lxc-create -n web -t busybox -f "$work/web.conf" >"$work/out" 2>&1
	echo "lxc.include = /usr/share/lxc/config/common.conf" >>/var/lib/lxc/web/config
	run_step lxc
	timeout 20 lxc-start -n web </dev/null >"$work/out" 2>&1 || cat "$work/out"
	is "$(lxc-info -n web -pH)" yes
	timeout 20 lxc-stop -n web -k
}

testRunc() {
	bundle_make "$work/bundle" "$work/root" '{}' '{}' sleep 600
	where=$work/bundle run_step runc
	is "$(runc state web | jq .pid)" yes
	runc delete -f web
}

testPodmanPage() {
	page=docs/podman.md
	run_step podman
	is "$(podman_pid)" yes
	assertContains "$(cat "$work/out")" " yes "
	podman rm -f -t 0 web >/dev/null 2>&1

	run_step wrapper
	assertContains "$(cat "$work/out")" "$(cat "$work/out")" "ksm_merge_any: yes"
	podman rm -f -t 0 web >/dev/null 2>&1
	run_step trace
	assertContains "$(cat "$work/out")" "50-ksm-hook.json matched"

	step all | tail -n 1 >"$work/line"
	sed -i "/\\[containers\\]/r $work/line" /etc/containers/containers.conf
	podman run -d --name web image >/dev/null 2>&1
	is "$(podman_pid)" yes
	podman rm -f -t 0 web >/dev/null 2>&1
	sed -i /annotations/d /etc/containers/containers.conf
	assert_all_run podman wrapper trace all
}

testRuncPage() {
	page=docs/runc.md
	bundle_make "$work/bundle" "$work/root" '{}' '{}' sleep 600
	# RLIM_INFINITY: nothing that the bundle has changes on the way
	sed -i 's/RLIMIT_NOFILE/RLIMIT_CORE/; s/: 1024/: 18446744073709551615/' "$work/bundle/config.json"
	run_step hook
	assertEquals 2 "$(grep -c 18446744073709551615 "$work/bundle/config.json")"
	assertContains "$(cat "/proc/$(runc state web | jq .pid)/limits")" "Max core file size        unlimited"
	is "$(runc state web | jq .pid)" yes
	runc delete -f web
	# nothing in the bundle asks
	bundle_make "$work/bundle" "$work/root" '{}' '{}' sleep 600
	run_step wrapper
	assertContains "$(cat "$work/out")" "ksm_merge_any: yes"
	runc delete -f web
	assert_all_run hook wrapper
}

# assert_all_run STEP...: these are all that $page has
assert_all_run() {
	assertEquals "$page" "$(sed -n 's/^```[a-z]* step=//p' "$top/$page" | sort)" \
		"$(printf '%s\n' "$@" | sort)"
	assertEquals "every command has a name" "" "$(grep -nE '^```(sh|json|toml)$' "$top/$page")"
}

# service STEP: a redis-server that goes on until it is looked at
service() {
	step "$1" >"$work/steps/$1"
	mkdir -p "$work/redis"
	(cd "$work/redis" && exec sh -e "$work/steps/$1") >"$work/out" 2>&1 </dev/null &
	wait_for 20 redis-cli ping >/dev/null 2>&1 || cat "$work/out"
	pid=$(redis-cli info server | tr -d '\r' | sed -n 's/^process_id://p')
	is "$pid" yes
	[ "$1" = run ] || assertContains "$(cat "/proc/$pid/maps")" /usr/lib64/libksm_preload.so
	redis-cli shutdown nosave
	wait_for 10 test ! -e "/proc/$pid"
}

testRun() {
	service run
}

testPreload() {
	service preload
}

testNoStepIsLeftOut() {
	# not those of the other pages
	ran=$(cd "$work/steps" && rm -f all hook trace wrapper && ls)
	# shellcheck disable=SC2086
	assert_all_run $ran $elsewhere
	assertTrue "short enough to be read" "[ $(wc -l <"$top/README.md") -le 200 ]"
	# as the pages have them that tests run
	assertContains "$(cat "$top/docs/openvz.md")" "$(step openvz | sed 's/>>/>> /')"
	assertContains "$(cat "$top/docs/lxc.md")" "$(step proxmox | sed "s/echo '\(.*\)'.*/\1/")"
	assertContains "$(cat "$top/docs/lxc.md")" environment.KSM_MERGE=yes
}

# every link leads somewhere, in all pages
testLinks() {
	for page in "$top"/README.md "$top"/docs/*.md; do
		for link in $(grep -oE '\]\([^)#]+' "$page" | sed 's/^](//' | grep -v '^http'); do
			assertTrue "$page: $link" "[ -e '$(dirname "$page")/$link' ]"
		done
	done
}

suite_teardown() {
	ksm-hook disable >/dev/null 2>&1
	podman rm -f -t 0 web >/dev/null 2>&1
	lxc-stop -n web -k >/dev/null 2>&1
	ctr task delete -f web >/dev/null 2>&1
	runc delete -f web 2>/dev/null
	docker rm -f web >/dev/null 2>&1
	for pid in $(cat /run/docker.pid) $(pgrep -x containerd); do kill "$pid"; done 2>/dev/null
	wait_for 10 test ! -e /run/docker.pid
	umount -R /var/lib/containerd 2>/dev/null
	# what these engines park in the cgroup tree
	rmdir /sys/fs/cgroup/*/ksm-hook-readme /sys/fs/cgroup/*/default/web \
		/sys/fs/cgroup/*/default 2>/dev/null
	for _dir in /var/lib /etc /usr; do umount -l $_dir; done
}

. "$(dirname "$0")/../lib/common.sh"
