#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# needs: containers ksmd
# shellcheck disable=SC1091,SC2154 # what doctor-lib.sh and common.sh set
# doctor: what it finds of containers: asked and not marked, denied, nothing equal.

. "$(dirname "$0")/../lib/doctor-lib.sh"

# annotated, and the hook was not called
testAskedAndNotMarked() {
	start asked '{}' "$merge" /bin/sleep 600
	found container-asked broken "runc:doctor-$$-asked"
	assertEquals requested "$(of container-asked reason)"
	assertContains "$(of container-asked fix)" "attach runc:doctor-$$-asked"
	# without a target too
	_all=$("$KSM_HOOK" doctor)
	assertContains "$_all" "$_all" "broken    container-asked: runc:doctor-$$-asked"
	doctor "runc:doctor-$$-asked"
	fixed container-asked "runc:doctor-$$-asked"
	assertTrue "container_is asked yes"
	runc exec -d "doctor-$$-asked" /bin/sleep 600 </dev/null >/dev/null 2>&1
	found container-partly warning "runc:doctor-$$-asked"
	fixed container-partly "runc:doctor-$$-asked"
	runc delete -f "doctor-$$-asked"
}

testAskedUnderSeccomp() {
	bundle_make "$work/bundle-seccomp" "$root" '{}' "$merge" /bin/sleep 600
	jq '.process.noNewPrivileges = true | .linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW",
	    syscalls: [{names: ["prctl"], action: "SCMP_ACT_ERRNO"}]}' \
		"$work/bundle-seccomp/config.json" >"$work/c.json"
	mv "$work/c.json" "$work/bundle-seccomp/config.json"
	runc run -d -b "$work/bundle-seccomp" "doctor-$$-seccomp" >/dev/null 2>&1 </dev/null
	found container-seccomp note "runc:doctor-$$-seccomp"
	fixed container-asked "runc:doctor-$$-seccomp"
	gone container-seccomp "runc:doctor-$$-seccomp"
	runc delete -f "doctor-$$-seccomp"
}

testDidNotAsk() {
	start not '{}' '{}' /bin/sleep 600
	doctor "runc:doctor-$$-not"
	assertEquals "$out" note "$(level container-asked)"
	assertEquals "$out" not-requested "$(of container-asked reason)"
	assertNotContains "$("$KSM_HOOK" doctor)" "doctor-$$-not"
	runc delete -f "doctor-$$-not"
	start odd '{}' '{"io.ksm.merge":"yes"}' /bin/sleep 600
	found container-annotation warning "runc:doctor-$$-odd"
	assertContains "$(of container-annotation what)" 'io.ksm.merge="yes"'
	runc delete -f "doctor-$$-odd"
}

testDenied() {
	echo '{"deny": [{"annotation": "team", "match": "pay*"}]}' >$config
	start denied '{}' '{"io.ksm.merge":"true","team":"payments"}' /bin/sleep 600
	found container-denied note "runc:doctor-$$-denied"
	assertEquals denied-by-rule "$(of container-denied reason)"
	cp "$work/config.saved" $config
	found container-asked broken "runc:doctor-$$-denied"
	runc delete -f "doctor-$$-denied"
}

# crun keeps another kind of file
testAskedOfCrun() {
	bundle_make "$work/bundle-crun" "$root" '{}' "$merge" /bin/sleep 600
	cat >"$work/crun" <<-'E'
		mount -t cgroup2 none /sys/fs/cgroup
		mkdir -p /sys/fs/cgroup/crun-doctor.scope
		echo $$ >/sys/fs/cgroup/crun-doctor.scope/cgroup.procs
		crun --cgroup-manager=disabled run -d -b "$1" doctor </dev/null >/dev/null 2>&1
		"$2" doctor --json crun:doctor
		crun --cgroup-manager=disabled delete -f doctor
		echo $$ >/sys/fs/cgroup/cgroup.procs
		rmdir /sys/fs/cgroup/crun-doctor.scope
	E
	out=$(unshare -m sh "$work/crun" "$work/bundle-crun" "$KSM_HOOK")
	assertEquals "$out" broken "$(level container-asked)"
}

# LXC keeps what was asked in the container's configuration
testAskedOfLxc() {
	_drop_in=/usr/share/lxc/config/common.conf.d/50-ksm-hook.conf
	mv $_drop_in "$work/drop-in.saved"
	_lxc=doctor-$$
	mkdir /var/lib/lxc/$_lxc
	cat >/var/lib/lxc/$_lxc/config <<-E
		lxc.include = /usr/share/lxc/config/common.conf
		lxc.uts.name = $_lxc
		lxc.rootfs.path = dir:$root
		lxc.net.0.type = empty
		lxc.init.cmd = /bin/sleep 600
		lxc.environment = KSM_MERGE=yes
	E
	timeout 20 lxc-start -n $_lxc -d </dev/null >/dev/null 2>&1
	found container-asked broken lxc:$_lxc
	assertEquals requested "$(of container-asked reason)"
	fixed container-asked lxc:$_lxc
	timeout 20 lxc-stop -n $_lxc -k
	mv "$work/drop-in.saved" $_drop_in
}

# in containerd's own namespaces, where its /run is
testAskedOfContainerd() {
	mkdir "$work/daemon"
	. "$top/tests/lib/daemons-lib.sh"
	daemons_start "$work/daemon"
	_ctl() { daemons_inside timeout 20 ctr -a "$work/daemon/c.sock" "$@"; }
	wait_for 20 _ctl version >/dev/null 2>&1
	_ctl run -d --annotation io.ksm.merge=true --cgroup /default/doctor-$$ --rootfs "$root" doctor-$$ \
		/bin/sleep 600 >/dev/null
	out=$(daemons_inside "$KSM_HOOK" doctor --json containerd:doctor-$$)
	assertEquals "$out" broken "$(level container-asked)"
	daemons_inside sh -c "$(of container-asked fix)" >/dev/null
	out=$(daemons_inside "$KSM_HOOK" doctor --json containerd:doctor-$$)
	assertEquals "$out" ok "$(level container-asked)"
	_ctl task kill -s KILL doctor-$$ >/dev/null 2>&1
	_ctl task rm -f doctor-$$ >/dev/null 2>&1
	daemons_end
	_gone() { rmdir /sys/fs/cgroup/default/doctor-$$ /sys/fs/cgroup/*/default/doctor-$$ 2>/dev/null
		[ -z "$(find /sys/fs/cgroup -maxdepth 3 -name doctor-$$)" ]; }
	wait_for 30 _gone
}

# 16 MB of which no page is like another
testNothingEqual() {
	start random "$(hooks_json createRuntime)" "$merge" /usr/bin/perl -e \
		'open F, "/dev/urandom"; read F, $x, 16 << 20; close F; sleep 600'
	wait_for 10 container_is random yes
	"$KSM_HOOK" enable --profile fast >/dev/null
	_told() {
		doctor "runc:doctor-$$-random"
		[ "$(level container-cost)" = warning ]
	}
	wait_for 40 _told
	# not asked again: where others become mergeable meanwhile, only its age tells that it was scanned twice
	assertEquals "$out" warning "$(level container-cost)"
	assertNotEquals "container-cost: why" "" "$(of container-cost why)"
	assertEquals "$out" note "$(level container-equal)"
	fixed container-cost "runc:doctor-$$-random"
	gone container-equal "runc:doctor-$$-random"
	runc delete -f "doctor-$$-random"
}

# the same data in two: nothing to complain about
testEnoughEqual() {
	for _i in 1 2; do
		start equal$_i "$(hooks_json createRuntime)" "$merge" /usr/bin/perl -e \
			'$x = join "", map { sprintf "%04096d", $_ } 1 .. 4000; sleep 600'
	done
	_merged() {
		[ "$(sed -n 's/ksm_merging_pages //p' "/proc/$(pid_of equal1)/ksm_stat")" -gt 3000 ]
	}
	wait_for 40 _merged
	_cheap() {
		doctor "runc:doctor-$$-equal1"
		[ "$(level container-cost)" = none ]
	}
	wait_for 10 _cheap
	assertEquals "$out" none "$(level container-cost)"
	assertEquals "$out" none "$(level container-equal)"
	assertEquals "$out" ok "$(level container-asked)"
	for _i in 1 2; do runc delete -f "doctor-$$-equal$_i"; done
}

. "$(dirname "$0")/../lib/common.sh"
