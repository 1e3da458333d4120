#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# needs: containers
# shellcheck disable=SC1091,SC2154 # what doctor-lib.sh and common.sh set
# doctor: what it finds of hooks, the wrapper and the engines' own configuration.

. "$(dirname "$0")/../lib/doctor-lib.sh"

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
	without_containerd
	podman_image
	assertEquals yes "$(podman_asks)"
	mv $hook_file "$work/hook.saved"
	found hook-registered broken
	assertEquals no "$(podman_asks)"
	fixed hook-registered
	assertEquals yes "$(podman_asks)"
	cp "$work/hook.saved" $hook_file
	# a directory that an administrator chose, by each of the files that count
	mkdir -p "$work/hooks.d" /etc/containers/containers.conf.d
	for _f in /etc/containers/containers.conf /etc/containers/containers.conf.d/50-test.conf; do
		printf '[engine]\n# mine\nhooks_dir = [\n  "%s", # here\n]\n' "$work/hooks.d" >$_f
		found hook-registered broken
		assertContains "$(of hook-registered what)" "$work/hooks.d"
		assertEquals "$_f" no "$(podman_asks)"
		fixed hook-registered
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
	fixed wrapper
	assertEquals "$out" ok "$(level wrapper)"
	printf '[engine\n' >/etc/containers/containers.conf
	found hook-registered note
	assertContains "$out" "line 1 is not understood"
	rm /etc/containers/containers.conf
}

# CRI-O is in no package here: its files, and an answer as `crio config` writes it
testCrioHooks() {
	without_containerd
	mkdir -p /etc/crio/crio.conf.d
	# one that is not to be asked: anybody could have put it there
	printf '#!/bin/sh\n: >%s/was-run\n' "$work" >/usr/local/bin/crio
	chmod 777 /usr/local/bin/crio
	found hook-registered note
	assertContains "$out" "crio config is not run as root: /usr/local/bin/crio: others than root can change it"
	assertFalse "a program that anybody can write" "[ -e '$work/was-run' ]"
	chmod 755 /usr/local/bin/crio
	found hook-registered note
	assertTrue "was asked" "[ -e '$work/was-run' ]"
	# what is as it is by default is commented out there
	cat >/usr/local/bin/crio <<-'E'
		#!/bin/sh
		[ "$*" = config ] && [ -z "$HOME" ] || exit 1
		grep -q '^CapEff:	0*$' /proc/$$/status || exit 1
		printf '# The CRI-O configuration file\n[crio]\n# root = "/x"\n[crio.runtime]\n'
		if [ -e /etc/crio/in-effect ]; then cat /etc/crio/in-effect; else cat /etc/crio/crio.conf.d/* 2>/dev/null; fi
		exit 0
	E
	gone hook-registered
	assertContains "$out" "$out" "CRI-O calls the hook by $hook_file"
	printf '[crio.runtime]\nhooks_dir = ["/etc/crio/hooks.d"]\n' >/etc/crio/crio.conf.d/10-hooks
	found hook-registered broken
	fixed hook-registered
	cp "$top/oci-config/crio-ksm-runc.conf" /etc/crio/crio.conf.d/50-ksm-runc.conf
	gone wrapper
	assertEquals "$out" ok "$(level wrapper)"
	sed -i s/ksm-runc\"/ksm-runc-1\"/ /etc/crio/crio.conf.d/50-ksm-runc.conf
	found wrapper broken
	# the files say one thing, and what is in effect another
	sed -i s/ksm-runc-1\"/ksm-runc\"/ /etc/crio/crio.conf.d/50-ksm-runc.conf
	gone wrapper
	printf 'hooks_dir = [\n\t"/etc/crio/other.d", \n]\n' >/etc/crio/in-effect
	found hook-registered broken
	assertContains "$out" "$out" /etc/crio/other.d
	assertEquals "the file's runtime is not in effect: $out" none "$(level wrapper)"
	# one of the answer's alone: there is no file that a command could edit
	printf '[crio.runtime.runtimes.x]\nruntime_path = "/nowhere/ksm-runc"\n' >/etc/crio/in-effect
	found wrapper broken
	assertEquals "install ksm-hook again, so that /nowhere/ksm-runc is there" "$(of wrapper advice)"
	assertContains "$(of wrapper what)" "which crio config names"
	assertNotContains "$(of wrapper what)" "in line"
	# and what is no answer
	for _says in 'head -c 600000 /dev/zero' 'kill -9 $$' 'exit 0' "printf 'a\\0b'"; do
		printf '#!/bin/sh\n%s\n' "$_says" >/usr/local/bin/crio
		found hook-registered note
		assertContains "$_says: $out" "$out" "crio config gives no answer: "
	done
	printf '#!/bin/sh\necho reason >&2; exit 127\n' >/usr/local/bin/crio
	found hook-registered note
	assertContains "$out" "crio config fails, run without capabilities: reason"
	# one that never answers
	printf '#!/bin/sh\nexec sleep 1000\n' >/usr/local/bin/crio
	rm /etc/crio/in-effect
	found hook-registered note
	assertEquals "the files count: $out" ok "$(level wrapper)"
	rm -r /usr/local/bin/crio /etc/crio
}

# A link of root's to a program of root's, by way of a link of a user's, who flips it
testEnginesByAUsersLink() {
	without_containerd
	_way=/usr/local/share/way
	mkdir /etc/crio $_way
	for _name in good evil; do
		printf '#!/bin/sh\n: >%s/%s-was-run\nexit 0\n' "$work" $_name >/usr/local/bin/$_name
		chmod 755 /usr/local/bin/$_name
	done
	cp /usr/local/bin/evil $_way/evil
	ln -s /usr/local/bin/good $_way/link
	# the control: without a user's directory it is run, by whatever links
	ln -s $_way/link /usr/local/bin/crio
	found hook-registered note
	assertTrue "was asked: $out" "[ -e '$work/good-was-run' ]"
	rm "$work/good-was-run"
	chown -R nobody $_way
	perl -e 'for (;;) { for my $to ("/usr/local/bin/good", "evil") { symlink $to, "$ARGV[0]/new"; rename "$ARGV[0]/new", "$ARGV[0]/link" } }' $_way &
	_flipping=$!
	for _round in 1 2 3 4 5 6 7 8 9 10; do
		found hook-registered note
		assertContains "$out" "/usr/local/bin/crio: others than root can change a directory on the way"
	done
	kill $_flipping
	assertFalse "root ran what a user chose" "[ -e '$work/good-was-run' ]"
	assertFalse "root ran the user's" "[ -e '$work/evil-was-run' ]"
	rm -r $_way /usr/local/bin/good /usr/local/bin/evil /usr/local/bin/crio /etc/crio
}

testHookFile() {
	without_containerd
	echo '{' >$hook_file
	found hook-json broken
	assertEquals "" "$(podman_asks)"
	fixed hook-json
	assertEquals yes "$(podman_asks)"
	echo 'not JSON' >"$(dirname $hook_file)/10-other.json"
	found hook-json broken
	fixed hook-json
	for _when in '{}' '{"always":false}' '{"annotations":{"^io[.]ksm[.]merge$":"^yes$"}}' \
		'{"annotations":{"^ksm$":".*"}}'; do
		jq --argjson when "$_when" '.when = $when' "$work/hook.saved" >$hook_file
		found hook-condition broken
		assertEquals "$_when" no "$(podman_asks)"
		fixed hook-condition
		assertEquals "$_when" yes "$(podman_asks)"
	done
	# what somebody set is not written over
	for _change in '.when = {"commands":["/bin/nothing$"]}' '.hook.args[1] = "poststop" | .hook.env = ["A=b"]'; do
		jq "$_change" "$work/hook.saved" >$hook_file
		found hook-condition broken
		assertEquals "$_change" "" "$(of hook-condition fix)"
		assertContains "$_change" "$(of hook-condition advice)" "holds more"
	done
	# arguments are put in, and the condition stays as it was written
	jq '.when.annotations = {"io.ksm.merge": "^true$"} | .hook.env = ["A=b"]' "$work/hook.saved" >"$work/hook.whole"
	jq 'del(.hook.args)' "$work/hook.whole" >$hook_file
	found hook-condition broken
	assertEquals no "$(podman_asks)"
	fixed hook-condition
	assertEquals yes "$(podman_asks)"
	assertEquals "$(jq -S . "$work/hook.whole")" "$(jq -S . $hook_file)"
	assertEquals "" "$(jq 'del(.hook.args)' "$work/hook.whole" | diff - $hook_file | grep '^[<>]' | grep -v '"path":')"
	# nor is it written over for another fault
	jq '.hook.env = null | .hook.timeout = 0' "$work/hook.whole" >$hook_file
	found hook-timeout broken
	assertEquals "" "$(of hook-timeout fix)"
	# others' files: what runc cannot start with, and one that a file of its name was put aside for before
	cp "$work/hook.saved" $hook_file
	_other=$(dirname $hook_file)/10-other.json
	jq '.hook.path = "/bin/true" | .hook.timeout = 0' "$work/hook.saved" >"$_other"
	found hook-timeout warning
	assertNotEquals "" "$(of hook-timeout advice)"
	echo '{"version": 1}' >"$_other"
	echo mine >"$_other.broken"
	found hook-json broken
	assertEquals "" "$(of hook-json fix)"
	assertNotEquals "" "$(of hook-json advice)"
	rm "$_other" "$_other.broken"
	gone hook-json
	# what podman refuses, whatever container it is
	for _change in 'del(.version)' '.version = "2.0.0"' '.stages = ["CreateRuntime"]' 'del(.stages)' \
		'.stages = "createRuntime"' '.hook.timeout = "10"' '.hook.args = "createRuntime"' \
		'.when.annotations = {"(": "true"}' '.when.always = "true"'; do
		jq "$_change" "$work/hook.saved" >$hook_file
		found hook-json broken
		assertEquals "$_change" "" "$(podman_asks)"
		fixed hook-json
		assertEquals "$_change" yes "$(podman_asks)"
	done
	# and what runc does not get along with
	for _timeout in 0 -1; do
		jq ".hook.timeout = $_timeout" "$work/hook.saved" >$hook_file
		found hook-timeout broken
		assertEquals "timeout $_timeout" "" "$(podman_asks)"
		fixed hook-timeout
		assertEquals "timeout $_timeout" yes "$(podman_asks)"
	done
	# keys of any case, and patterns of Go's alone, are right
	jq '{"Version": .version, "HOOK": .hook, "When": .when, "stages": .stages}' "$work/hook.saved" >$hook_file
	gone hook-registered
	assertEquals "$out" ok "$(level hook-registered)"
	assertEquals yes "$(podman_asks)"
	jq '.when.commands = [".*"]' "$work/hook.saved" >$hook_file
	found hook-condition note
	jq '.stages += ["prestart"]' "$work/hook.saved" >$hook_file
	found hook-stages warning
	fixed hook-stages
	jq '.hook.args[1] = "poststop"' "$work/hook.saved" >$hook_file
	found hook-condition broken
	fixed hook-condition
	cp "$work/hook.saved" $hook_file
	cp "$work/hook.saved" "$(dirname $hook_file)/60-again.json"
	found hook-registered warning
	rm "$(dirname $hook_file)/60-again.json"
	cp /usr/local/share/ksm-hook/precreate.d/50-ksm-hook-precreate.json "$(dirname $hook_file)"
	found hook-stages broken
	fixed hook-stages
	chmod 666 $hook_file
	found hook-file broken
	fixed hook-file
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
	fixed hook-program
	assertEquals yes "$(podman_asks)"
	KSM_HOOK=$work/doctor
	chmod 644 $_saved
	found hook-program broken
	assertEquals "does not start" "" "$(podman_asks)"
	fixed hook-program
	chown nobody $_saved
	found hook-program broken
	fixed hook-program
	KSM_HOOK=$_saved
	gone docker-runtime
}

testDocker() {
	_file=/etc/docker/daemon.json
	cp $_file "$work/daemon.saved"
	echo '{"runtimes": {"other": {"path": "/usr/bin/other"}}}' >$_file
	found docker-runtime warning
	fixed docker-runtime
	assertEquals /usr/bin/other "$(jq -r .runtimes.other.path $_file)"
	rm $_file
	found docker-runtime warning
	fixed docker-runtime
	: >$_file
	found docker-runtime warning
	fixed docker-runtime
	assertEquals "$out" ok "$(level docker-runtime)"
	rm /usr/local/sbin/ksm-runc
	found docker-runtime broken
	assertContains "$(of docker-runtime advice)" "install ksm-hook again"
	ln -s ksm-hook /usr/local/sbin/ksm-runc
	gone docker-runtime
	sed -i 's|/usr/local/sbin|/nowhere|' $_file
	found docker-runtime broken
	fixed docker-runtime
	# by a path that is looked for, and by a type with options
	echo '{"runtimes": {"ksm-runc": {"path": "ksm-runc"}}}' >$_file
	gone docker-runtime
	assertEquals "$out" ok "$(level docker-runtime)"
	echo '{"runtimes": {"x": {"runtimeType": "io.containerd.runc.v2", "options": {"BinaryName": "/usr/local/sbin/ksm-runc"}}}}' >$_file
	found docker-runtime note
	sed -i 's|/usr/local/sbin|/nowhere|' $_file
	found docker-runtime broken
	sh -c "$(of docker-runtime fix)"
	found docker-runtime note
	# what dockerd does not start with
	for _text in '{"runtimes": {"runc": {"path": "/usr/local/sbin/ksm-runc"}}}' '{"default-runtime": "ksm"}' \
		'{"runtimes": {"ksm-runc": {}}}' '{"nonsense": 1}' '{"debug": "true"}' \
		'{"runtimes": {"ksm-runc": {"path": "/usr/local/sbin/ksm-runc", "runtimeArgs": [1]}}}'; do
		echo "$_text" >$_file
		found docker-config broken
		assertContains "$(of docker-config advice)" "$_file"
		cp "$work/daemon.saved" $_file
		gone docker-config
	done
	# one that can be asked goes before our rules, and nothing of what it refuses is well
	docker_says 'unable to configure the Docker daemon with file /x: it is too new' 1
	found docker-config broken
	assertContains "$out" "dockerd --validate fails: unable to configure"
	assertEquals "$out" none "$(level docker-runtime)"
	docker_says 'configuration OK' 0
	echo '{"of-a-later-release": 1}' >$_file
	gone docker-config
	docker_says 'open /x: permission denied' 1
	found docker-config warning
	assertContains "$out" "dockerd --validate fails, run without capabilities: open"
	rm /usr/local/sbin/dockerd
	echo '{' >$_file
	found docker-config broken
	cp "$work/daemon.saved" $_file
	gone docker-config
}

# docker_says WORDS STATUS: a dockerd that root may trust
docker_says() {
	printf '#!/bin/sh\n[ "$*" = "--validate --config-file /etc/docker/daemon.json" ] || exit 125\necho "%s" >&2\nexit %s\n' \
		"$1" "$2" >/usr/local/sbin/dockerd
	chmod 755 /usr/local/sbin/dockerd
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
	fixed lxc-hook
	sed -i 's|= .*/ksm-hook|= /nowhere/ksm-hook|' $_file
	found lxc-hook broken
	fixed lxc-hook
}

testOpenVz() {
	mkdir -p /etc/vz/conf
	touch /etc/vz/vz.conf
	found openvz-script warning
	_make=$(of openvz-script advice)
	(cd "$top" && sh -c "${_make#*: } BUILD=$work/build SYSCONFDIR=/etc") >/dev/null 2>&1
	gone openvz-script
	assertEquals "$out" ok "$(level openvz-script)"
	chmod 644 /etc/vz/conf/vps.mount
	found openvz-script broken
	fixed openvz-script
	mv /usr/local/libexec/ksm-hook/ksm-openvz "$work/helper"
	found openvz-script broken
	mv "$work/helper" /usr/local/libexec/ksm-hook/ksm-openvz
	gone openvz-script
	rm -r /etc/vz
}

. "$(dirname "$0")/../lib/common.sh"
