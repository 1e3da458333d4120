#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# doctor: each thing is broken for real, found, and mended by the command that doctor names.
#
# All of it happens in a mount namespace of its own, with overlays on /etc, /usr/local and
# /usr/share: the real paths are read, and the machine keeps what it has.

[ -n "${DOCTOR_NAMESPACE:-}" ] ||
	DOCTOR_NAMESPACE=1 exec unshare -m --propagation private "$0" "$@"

merge='{"io.ksm.merge":"true"}'
hook_file=/usr/share/containers/oci/hooks.d/50-ksm-hook.json
config=/etc/ksm-hook/config.json

suite_setup() {
	. "$top/tests/bundle.sh"
	mkdir "$work/tmpfs"
	mount -t tmpfs none "$work/tmpfs"
	for _d in /etc /usr/local /usr/share /var/lib/lxc; do
		_o=$work/tmpfs$_d
		mkdir -p "$_o/upper" "$_o/work"
		mount -t overlay none -o "lowerdir=$_d,upperdir=$_o/upper,workdir=$_o/work" $_d
	done
	make -s -C "$top" BUILD="$BUILD" install install-lxc install-docker >"$work/install" 2>&1 ||
		cat "$work/install"
	KSM_HOOK=/usr/local/sbin/ksm-hook
	PATH=/usr/local/sbin:$PATH
	sed -n '/^\[plugins/,$p' "$top/oci-config/containerd.toml" >>/etc/containerd/config.toml
	cgroups >"$work/cgroups"
	root=$work/root
	rootfs_make "$root" /usr/bin/perl
	echo 0 >$ksm/run
	"$KSM_HOOK" enable >/dev/null
	# one that is none of ours, so that others' containers are not asked about
	sleep 1000 &
	quiet=pid:$!
}

suite_teardown() {
	"$KSM_HOOK" disable >/dev/null
	kill "${quiet#pid:}"
	[ -z "${daemon:-}" ] || kill -9 "$daemon" 2>/dev/null
	timeout 20 lxc-stop -n doctor-$$ -k >/dev/null 2>&1
	for _id in $(runc list -q | grep "^doctor-$$"); do runc delete -f "$_id"; done
	# the monitor of a container that was stopped ends a moment later
	wait_for 5 cgroups_gone
	cd /
	umount -l "$work/tmpfs"
}

# doctor [TARGET]: what it finds, in $out, and its exit status, in $rc
doctor() {
	out=$("$KSM_HOOK" doctor --json "${@:-$quiet}" 2>&1)
	rc=$?
}

# level ID, words ID, fix ID: of the worst finding of that id
level() {
	echo "$out" | jq -r --arg id "$1" '[.findings[] | select(.id == $id) | .level] as $l |
		first(("broken", "warning", "note", "ok") | select([.] | inside($l))) // "none"'
}

of() {
	echo "$out" | jq -r --arg id "$1" --arg key "$2" \
		'first(.findings[] | select(.id == $id and .level != "ok") | .[$key]) // ""'
}

# found ID LEVEL [TARGET]: it is there, with reasons; what is broken shows in the exit status
found() {
	doctor "${3:-$quiet}"
	assertEquals "$1: $out" "$2" "$(level "$1")"
	[ "$2" != broken ] || assertEquals "$1: exit status" 1 $rc
	assertNotEquals "$1: why" "" "$(of "$1" why)"
}

gone() {
	doctor "${2:-$quiet}"
	case $(level "$1") in
	ok | none) ;;
	*) fail "$1 is still there: $(of "$1" what)" ;;
	esac
}

# mended ID [TARGET]: by the command that was named
mended() {
	_fix=$(of "$1" fix)
	sh -c "$_fix" >"$work/fix.out" 2>&1
	gone "$1" "${2:-$quiet}"
}

testHealthy() {
	doctor
	assertEquals "$out" 0 $rc
	assertEquals "$out" '0 0' "$(echo "$out" | jq -r '"\(.broken) \(.warnings)"')"
	for _id in kernel-ksm kernel-prctl ksmd-run ksmd-speed ksmd-tuner config library run-space \
		hook-registered docker-runtime containerd-runtime runtime lxc-hook; do
		assertEquals "$_id: $out" ok "$(level $_id)"
	done
	_text=$("$KSM_HOOK" doctor "$quiet")
	assertEquals "$_text" 0 $?
	assertEquals "a line each: $_text" "$(echo "$out" | jq '[.findings[] | select(.level == "ok")] | length')" \
		"$(echo "$_text" | grep -c '^ok ')"
	assertContains "$_text" "$_text" "0 broken, 0 warnings"
}

# what has to be is written by nobody but the reader's own pipe
testItOnlyReads() {
	strace -f -o "$work/trace" -e trace=open,openat,openat2,creat,unlink,rename,mkdir,chmod,ptrace,kill \
		"$KSM_HOOK" doctor >/dev/null
	assertContains "it is traced" "$(cat "$work/trace")" /sys/kernel/mm/ksm/run
	assertEquals "" "$(grep -E 'O_WRONLY|O_RDWR|O_CREAT|^[0-9]+ +(creat|unlink|rename|mkdir|chmod|ptrace)' "$work/trace")"
}

testUsage() {
	"$KSM_HOOK" doctor --nonsense >/dev/null 2>&1
	assertEquals 2 $?
	_text=$("$KSM_HOOK" doctor no-such-container 2>&1)
	assertEquals "$_text" 2 $?
	assertContains "$_text" "$_text" 'no container "no-such-container"'
	assertContains "$("$KSM_HOOK" doctor --help)" "usage: ksm-hook doctor"
}

testOrdinaryUser() {
	_text=$(setpriv --reuid 65534 --clear-groups "$KSM_HOOK" doctor)
	assertContains "$_text" "$_text" "note      root:"
}

testKsmdStopped() {
	for _run in 0 2; do
		echo $_run >$ksm/run
		found ksmd-run broken
		mended ksmd-run
		assertEquals 1 "$(cat $ksm/run)"
	done
}

# a container of 40 MB, and a ksmd for which that is much
testKsmdTooSlow() {
	start "slow" "$(hooks_json createRuntime)" "$merge" /usr/bin/perl -e '$x = "y" x 40000000; sleep 600'
	wait_for 10 container_is slow yes
	echo 100 >$ksm/pages_to_scan
	echo 5000 >$ksm/sleep_millisecs
	found ksmd-speed warning
	assertContains "$(of ksmd-speed fix)" "enable --profile fast"
	mended ksmd-speed
	runc delete -f "doctor-$$-slow"
}

testKsmdBusy() {
	echo 0 >$ksm/sleep_millisecs
	found ksmd-speed warning
	mended ksmd-speed
}

testAdvisor() {
	echo scan-time >$ksm/advisor_mode
	found ksmd-advisor warning
	mended ksmd-advisor
}

testTuner() {
	cp /bin/sleep "$work/ksmtuned"
	"$work/ksmtuned" 600 &
	_pid=$!
	_named() { [ "$(cat /proc/$_pid/comm)" = ksmtuned ]; }
	wait_for 5 _named
	found ksmd-tuner warning
	assertContains "$out" "process $_pid"
	kill $_pid
	gone ksmd-tuner
	# what a container calls its processes is not the host's
	cp /bin/busybox "$root/bin/ksmtuned" # is called by its first argument
	start tuner '{}' '{}' /usr/bin/perl -e 'open F, ">/proc/self/comm"; print F "ksmtuned"; close F; sleep 600'
	_named_inside() { [ "$(cat "/proc/$(pid_of tuner)/comm")" = ksmtuned ]; }
	wait_for 5 _named_inside
	assertTrue "it is named so" $?
	gone ksmd-tuner
	runc delete -f "doctor-$$-tuner"
}

testHugePages() {
	_was=$(sed 's/.*\[\(.*\)\].*/\1/' /sys/kernel/mm/transparent_hugepage/enabled)
	echo always >/sys/kernel/mm/transparent_hugepage/enabled
	found huge-pages note
	mended huge-pages
	echo "$_was" >/sys/kernel/mm/transparent_hugepage/enabled
}

testConfig() {
	cp $config "$work/config.saved"
	echo '{"containers": "sometimes"}' >$config
	found config broken
	EDITOR="cp $work/config.saved" mended config
	echo '{"containers": ' >$config
	found config broken
	echo '{"containres": "all"}' >$config
	found config broken
	assertContains "$(of config what)" 'unknown key "containres"'
	cp "$work/config.saved" $config
	gone config
	chmod 666 $config
	found config broken
	mended config
	chown nobody $config
	found config broken
	mended config
	printf '{\n  "containers": "none"\n}\n' >$config
	found config-containers warning
	mended config-containers
	echo '{"deny": [{"annotation": "team", "match": "pay*"}]}' >$config
	found config-rules note
	assertContains "$(of config-rules what)" 'team=pay*'
	cp "$work/config.saved" $config
	gone config-rules
}

testLibrary() {
	_lib=/usr/local/lib64/libksm_preload.so
	mv $_lib "$work/lib.saved"
	found library note
	echo '{"method": "preload"}' >$config
	found library broken
	mv "$work/lib.saved" $_lib
	gone library
	chmod 777 $_lib
	found library broken
	mended library
	cp "$work/config.saved" $config
}

testRunIsFull() {
	cat >"$work/full" <<-'E'
		mount -t tmpfs -o size=64k none /run
		"$1" doctor --json "$2" | jq -c '[.findings[] | select(.id == "run-space") | .level]'
		dd if=/dev/zero of=/run/fill bs=4k count=100 2>/dev/null
		"$1" doctor --json "$2" | jq -c '[.findings[] | select(.id == "run-space") | .level]'
		rm /run/fill
		"$1" doctor --json "$2" | jq -c '[.findings[] | select(.id == "run-space") | .level]'
	E
	assertEquals '["ok"] ["broken"] ["ok"]' \
		"$(unshare -m sh "$work/full" "$KSM_HOOK" "$quiet" | paste -sd ' ')"
}

# inside MOUNTS ID: the level of ID with that done in a mount namespace below
inside() {
	out=$(unshare -m sh -c "$1"'; "$0" doctor --json "$1"' "$KSM_HOOK" "$quiet")
	level "$2"
}

testSecurityModules() {
	_dir='mount -t tmpfs none /proc/sys/kernel; mkdir /proc/sys/kernel/yama; echo'
	_file='>/proc/sys/kernel/yama/ptrace_scope'
	assertEquals broken "$(inside "$_dir 3 $_file" yama)"
	assertEquals ok "$(inside "$_dir 1 $_file" yama)"
	_dir='mount -t tmpfs none /sys/fs; mkdir /sys/fs/selinux; echo'
	assertEquals note "$(inside "$_dir 1 >/sys/fs/selinux/enforce" selinux)"
	assertEquals none "$(inside "$_dir 0 >/sys/fs/selinux/enforce" selinux)"
}

testKernel() {
	assertEquals broken "$(inside 'mount -t tmpfs none /sys/kernel/mm/ksm' kernel-ksm)"
	out=$("$top/tests/precreate-no-prctl" "$KSM_HOOK" doctor --json "$quiet")
	assertEquals "$out" warning "$(level kernel-prctl)"
}

# podman_asks: what ksm_stat says in an annotated container of the real podman
podman_asks() {
	podman --root "$work/podman/storage" --runroot "$work/podman/run" --tmpdir "$work/podman/tmp" \
		--storage-driver vfs --cgroup-manager cgroupfs --events-backend file --runtime runc \
		run --rm --network none --ulimit nofile=1024:1024 --ulimit nproc=1024:1024 \
		--annotation io.ksm.merge=true image cat /proc/self/ksm_stat 2>&1 |
		sed -n 's/^ksm_merge_any: //p'
}

podman_image() {
	tar -C "$root" -cf "$work/image.tar" .
	podman --root "$work/podman/storage" --runroot "$work/podman/run" --tmpdir "$work/podman/tmp" \
		--storage-driver vfs import "$work/image.tar" image >/dev/null 2>&1
}

# podman itself is asked whether doctor is right
testPodmanHooks() {
	podman_image
	assertEquals yes "$(podman_asks)"
	mv $hook_file "$work/hook.saved"
	found hook-registered broken
	assertEquals no "$(podman_asks)"
	mended hook-registered
	assertEquals yes "$(podman_asks)"
	cp "$work/hook.saved" $hook_file
	# a directory that an administrator chose, by each of the files that count
	mkdir -p "$work/hooks.d" /etc/containers/containers.conf.d
	for _f in /etc/containers/containers.conf /etc/containers/containers.conf.d/50-test.conf; do
		printf '[engine]\n# mine\nhooks_dir = [\n  "%s", # here\n]\n' "$work/hooks.d" >$_f
		found hook-registered broken
		assertContains "$(of hook-registered what)" "$work/hooks.d"
		assertEquals "$_f" no "$(podman_asks)"
		mended hook-registered
		assertEquals "$_f" yes "$(podman_asks)"
		rm "$work/hooks.d/50-ksm-hook.json" $_f
	done
	gone hook-registered
	# a file of that name in a later directory counts instead
	echo '{"version":"1.0.0","hook":{"path":"/bin/true"},"when":{"always":true},"stages":["prestart"]}' \
		>"$work/hooks.d/50-ksm-hook.json"
	printf '[engine]\nhooks_dir = ["%s", "%s"]\n' "$(dirname $hook_file)" "$work/hooks.d" \
		>/etc/containers/containers.conf
	found hook-registered broken
	assertEquals no "$(podman_asks)"
	rm /etc/containers/containers.conf
	gone hook-registered
	printf '[engine.runtimes]\nksm-runc = ["/nowhere/ksm-runc"]\n' >/etc/containers/containers.conf
	found wrapper broken
	mended wrapper
	assertEquals "$out" ok "$(level wrapper)"
	printf '[engine\n' >/etc/containers/containers.conf
	found hook-registered note
	assertContains "$out" "line 1 is not understood"
	rm /etc/containers/containers.conf
}

# CRI-O is in no package here: its files alone
testCrioHooks() {
	cp /bin/true /usr/local/bin/crio
	mkdir -p /etc/crio/crio.conf.d
	gone hook-registered
	assertContains "$out" "$out" "CRI-O calls the hook by $hook_file"
	printf '[crio.runtime]\nhooks_dir = ["/etc/crio/hooks.d"]\n' >/etc/crio/crio.conf.d/10-hooks
	found hook-registered broken
	mended hook-registered
	cp "$top/oci-config/crio-ksm-runc.conf" /etc/crio/crio.conf.d/50-ksm-runc.conf
	gone wrapper
	assertEquals "$out" ok "$(level wrapper)"
	sed -i s/ksm-runc\"/ksm-runc-1\"/ /etc/crio/crio.conf.d/50-ksm-runc.conf
	found wrapper broken
	rm -r /usr/local/bin/crio /etc/crio
}

testHookFile() {
	echo '{' >$hook_file
	found hook-json broken
	assertEquals "" "$(podman_asks)"
	mended hook-json
	assertEquals yes "$(podman_asks)"
	echo 'not JSON' >"$(dirname $hook_file)/10-other.json"
	found hook-json broken
	mended hook-json
	for _when in '{}' '{"always":false}' '{"annotations":{"^io[.]ksm[.]merge$":"^yes$"}}' \
		'{"annotations":{"^ksm$":".*"}}' '{"commands":["/bin/nothing$"]}'; do
		jq --argjson when "$_when" '.when = $when' "$work/hook.saved" >$hook_file
		found hook-condition broken
		assertEquals "$_when" no "$(podman_asks)"
		mended hook-condition
		assertEquals "$_when" yes "$(podman_asks)"
	done
	jq '.when.commands = [".*"]' "$work/hook.saved" >$hook_file
	found hook-condition note
	jq '.stages += ["prestart"]' "$work/hook.saved" >$hook_file
	found hook-stages warning
	mended hook-stages
	jq '.hook.args[1] = "poststop"' "$work/hook.saved" >$hook_file
	found hook-condition broken
	mended hook-condition
	cp "$work/hook.saved" $hook_file
	cp "$work/hook.saved" "$(dirname $hook_file)/60-again.json"
	found hook-registered warning
	rm "$(dirname $hook_file)/60-again.json"
	cp /usr/local/share/ksm-hook/precreate.d/50-ksm-hook-precreate.json "$(dirname $hook_file)"
	found hook-stages broken
	mended hook-stages
	chmod 666 $hook_file
	found hook-file broken
	mended hook-file
	rm -f "$(dirname $hook_file)"/*.not-here "$(dirname $hook_file)"/*.broken
	gone hook-registered
}

# the doctor is called by another path then
testHookProgram() {
	cp "$BUILD/ksm-hook" "$work/doctor"
	_saved=$KSM_HOOK
	KSM_HOOK=$work/doctor
	mv $_saved "$work/program.saved"
	found hook-program broken
	assertEquals no "$(podman_asks)"
	assertEquals broken "$(level docker-runtime)"
	assertEquals broken "$(level containerd-runtime)"
	assertEquals broken "$(level lxc-hook)"
	mv "$work/program.saved" $_saved
	gone hook-program
	# the file names a place where it was once
	sed -i 's|/usr/local/sbin|/nowhere/sbin|' $hook_file
	KSM_HOOK=$_saved
	found hook-program broken
	assertEquals no "$(podman_asks)"
	mended hook-program
	assertEquals yes "$(podman_asks)"
	KSM_HOOK=$work/doctor
	chmod 644 $_saved
	found hook-program broken
	assertEquals "does not start" "" "$(podman_asks)"
	mended hook-program
	chown nobody $_saved
	found hook-program broken
	mended hook-program
	KSM_HOOK=$_saved
	gone docker-runtime
}

testDocker() {
	_file=/etc/docker/daemon.json
	cp $_file "$work/daemon.saved"
	echo '{"runtimes": {"other": {"path": "/usr/bin/other"}}}' >$_file
	found docker-runtime warning
	mended docker-runtime
	assertEquals /usr/bin/other "$(jq -r .runtimes.other.path $_file)"
	rm $_file
	found docker-runtime warning
	mended docker-runtime
	rm /usr/local/sbin/ksm-runc
	found docker-runtime broken
	assertContains "$(of docker-runtime fix)" "install ksm-hook again"
	ln -s ksm-hook /usr/local/sbin/ksm-runc
	gone docker-runtime
	sed -i 's|/usr/local/sbin|/nowhere|' $_file
	found docker-runtime broken
	mended docker-runtime
	echo '{' >$_file
	found docker-config broken
	EDITOR="cp $work/daemon.saved" mended docker-config
}

# the handler's annotations as containerd itself reads them
containerd_passes() {
	containerd -c /etc/containerd/config.toml config dump 2>/dev/null |
		sed -n '/runtimes.ksm-runc\]/,/runtimes.ksm-runc.options/p' | grep -c 'io.ksm'
}

testContainerd() {
	_file=/etc/containerd/config.toml
	cp $_file "$work/containerd.saved"
	assertEquals 2 "$(containerd_passes)"
	# without both, with one, with a list of something else, with an empty one
	for _sed in '/_annotations = /d' '/pod_annotations = /d' 's/"io.ksm.\*"/"other"/' 's/"io.ksm.\*"//'; do
		sed -i -e "$_sed" $_file
		assertNotEquals "$_sed" 2 "$(containerd_passes)"
		found containerd-annotations warning
		mended containerd-annotations
		assertEquals "$_sed" 2 "$(containerd_passes)"
		cp "$work/containerd.saved" $_file
	done
	# in runc's place it is the annotation that decides
	sed -i -e 's|/usr/local/sbin/ksm-runc|/usr/local/libexec/ksm-hook/runc|' -e '/_annotations = /d' $_file
	found containerd-annotations broken
	mended containerd-annotations
	sed 's|/usr/local/sbin/ksm-runc|/usr/local/sbin/ksm-runc-1|' "$work/containerd.saved" >$_file
	found containerd-runtime broken
	sed 's|/usr/local/sbin/ksm-runc|/nowhere/ksm-runc|' "$work/containerd.saved" >$_file
	found containerd-runtime broken
	mended containerd-runtime
	# what is in an imported file counts
	mkdir -p /etc/containerd/conf.d
	sed -n '/^\[plugins/,$p' "$top/oci-config/containerd.toml" >/etc/containerd/conf.d/ksm.toml
	echo 'imports = ["/etc/containerd/conf.d/*.toml"]' >$_file
	gone containerd-runtime
	assertEquals "$out" ok "$(level containerd-annotations)"
	sed -i '/_annotations = /d' /etc/containerd/conf.d/ksm.toml
	found containerd-annotations warning
	assertContains "$(of containerd-annotations fix)" /etc/containerd/conf.d/ksm.toml
	mended containerd-annotations
	echo '[plugins' >$_file
	found containerd-config note
	# a node of Kubernetes without the wrapper
	cp /bin/true /usr/local/bin/kubelet
	echo 'version = 2' >$_file
	found containerd-runtime warning
	rm /usr/local/bin/kubelet
	gone containerd-runtime
	cp "$work/containerd.saved" $_file
}

testNoRealRuntime() {
	echo '{"runtimes": ["/nowhere/runc"]}' >$config
	found runtime broken
	cp "$work/config.saved" $config
	gone runtime
}

testLxc() {
	_file=/usr/share/lxc/config/common.conf.d/50-ksm-hook.conf
	rm $_file
	found lxc-hook warning
	mended lxc-hook
	sed -i 's|= .*/ksm-hook|= /nowhere/ksm-hook|' $_file
	found lxc-hook broken
	mended lxc-hook
}

testOpenVz() {
	mkdir -p /etc/vz/conf
	touch /etc/vz/vz.conf
	found openvz-script warning
	(cd "$top" && sh -c "$(of openvz-script fix) BUILD=$BUILD SYSCONFDIR=/etc") >/dev/null 2>&1
	gone openvz-script
	assertEquals "$out" ok "$(level openvz-script)"
	chmod 644 /etc/vz/conf/vps.mount
	found openvz-script broken
	mended openvz-script
	mv /usr/local/libexec/ksm-hook/ksm-openvz "$work/helper"
	found openvz-script broken
	mv "$work/helper" /usr/local/libexec/ksm-hook/ksm-openvz
	gone openvz-script
	rm -r /etc/vz
}

# start NAME HOOKS ANNOTATIONS COMMAND...: a container of plain runc
start() {
	_name=$1
	shift
	echo '{}' >"$work/config.json"
	_hooks=$1
	shift
	bundle_make "$work/bundle-$_name" "$root" "$_hooks" "$@"
	runc run -d -b "$work/bundle-$_name" "doctor-$$-$_name" >/dev/null 2>&1 </dev/null
}

pid_of() {
	runc state "doctor-$$-$1" | jq .pid
}

container_is() {
	grep -q "^ksm_merge_any: $2" "/proc/$(pid_of "$1")/ksm_stat"
}

# annotated, and the hook was not called
testAskedAndNotMarked() {
	start asked '{}' "$merge" /bin/sleep 600
	found container-asked broken "runc:doctor-$$-asked"
	assertContains "$(of container-asked fix)" "attach runc:doctor-$$-asked"
	# without a target too
	_all=$("$KSM_HOOK" doctor)
	assertContains "$_all" "$_all" "container-asked: runc:doctor-$$-asked is to be merged"
	doctor "runc:doctor-$$-asked"
	mended container-asked "runc:doctor-$$-asked"
	assertTrue "container_is asked yes"
	runc exec -d "doctor-$$-asked" /bin/sleep 600 </dev/null >/dev/null 2>&1
	found container-partly warning "runc:doctor-$$-asked"
	mended container-partly "runc:doctor-$$-asked"
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
	mended container-asked "runc:doctor-$$-seccomp"
	gone container-seccomp "runc:doctor-$$-seccomp"
	runc delete -f "doctor-$$-seccomp"
}

testDidNotAsk() {
	start not '{}' '{}' /bin/sleep 600
	doctor "runc:doctor-$$-not"
	assertEquals "$out" note "$(level container-asked)"
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
	assertContains "$(of container-denied what)" "denied by the rule for team"
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
	assertContains "$(of container-asked what)" "KSM_MERGE=yes"
	mended container-asked lxc:$_lxc
	timeout 20 lxc-stop -n $_lxc -k
	mv "$work/drop-in.saved" $_drop_in
}

# in containerd's own namespaces, where its /run is
testAskedOfContainerd() {
	mkdir "$work/daemon"
	"$top/tests/wrapper/daemons" "$work/daemon" >"$work/daemon/log" 2>&1 </dev/null &
	daemon=$!
	_inside() { nsenter -t "$(tr -d ' ' <"/proc/$daemon/task/$daemon/children")" -m -p "$@"; }
	_ctl() { _inside timeout 20 ctr -a "$work/daemon/c.sock" "$@"; }
	wait_for 20 _ctl version >/dev/null 2>&1
	_ctl run -d --annotation io.ksm.merge=true --cgroup /default/doctor-$$ --rootfs "$root" doctor-$$ \
		/bin/sleep 600 >/dev/null
	out=$(_inside "$KSM_HOOK" doctor --json containerd:doctor-$$)
	assertEquals "$out" broken "$(level container-asked)"
	_inside sh -c "$(of container-asked fix)" >/dev/null
	out=$(_inside "$KSM_HOOK" doctor --json containerd:doctor-$$)
	assertEquals "$out" ok "$(level container-asked)"
	_ctl task kill -s KILL doctor-$$ >/dev/null 2>&1
	_ctl task rm -f doctor-$$ >/dev/null 2>&1
	kill -9 $daemon # its namespaces end with it
	wait $daemon 2>/dev/null
	_gone() { rmdir /sys/fs/cgroup/default/doctor-$$ /sys/fs/cgroup/*/default/doctor-$$ 2>/dev/null
		[ -z "$(find /sys/fs/cgroup -maxdepth 3 -name doctor-$$)" ]; }
	wait_for 5 _gone
}

# what engines leave behind, if it was not there
cgroups() {
	find /sys/fs/cgroup -maxdepth 2 -type d \( -name default -o -name 'lxc.*' \) | sort
}

cgroups_gone() {
	cgroups | comm -13 "$work/cgroups" - | xargs -r rmdir 2>/dev/null
	[ -z "$(cgroups | comm -13 "$work/cgroups" -)" ]
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
	found container-cost warning "runc:doctor-$$-random"
	assertEquals "$out" note "$(level container-equal)"
	mended container-cost "runc:doctor-$$-random"
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
	assertTrue "merged" $?
	sleep 1
	doctor "runc:doctor-$$-equal1"
	assertEquals "$out" none "$(level container-cost)"
	assertEquals "$out" none "$(level container-equal)"
	assertEquals "$out" ok "$(level container-asked)"
	for _i in 1 2; do runc delete -f "doctor-$$-equal$_i"; done
}

. "$(dirname "$0")/lib.sh"
