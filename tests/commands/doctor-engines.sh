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
		'{"runtimes": {"ksm-runc": {}}}'; do
		echo "$_text" >$_file
		found docker-config broken
		assertContains "$(of docker-config advice)" "$_file"
		cp "$work/daemon.saved" $_file
		gone docker-config
	done
	echo '{' >$_file
	found docker-config broken
	cp "$work/daemon.saved" $_file
	gone docker-config
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
	for _sed in '/_annotations = /d' '/pod_annotations = /d' \
		's|"io.ksm.*"]|"other"]|' 's|"io.ksm.*"]|]|'; do
		sed -i -e "$_sed" $_file
		assertNotEquals "$_sed" 2 "$(containerd_passes)"
		found containerd-annotations warning
		fixed containerd-annotations
		assertEquals "$_sed" 2 "$(containerd_passes)"
		cp "$work/containerd.saved" $_file
	done
	# in runc's place it is the annotation that decides
	sed -i -e 's|/usr/local/sbin/ksm-runc|/usr/local/libexec/ksm-hook/runc|' -e '/_annotations = /d' $_file
	found containerd-annotations broken
	fixed containerd-annotations
	sed 's|/usr/local/sbin/ksm-runc|/usr/local/sbin/ksm-runc-1|' "$work/containerd.saved" >$_file
	found containerd-runtime broken
	sed 's|/usr/local/sbin/ksm-runc|/nowhere/ksm-runc|' "$work/containerd.saved" >$_file
	found containerd-runtime broken
	fixed containerd-runtime
	# what is in an imported file counts
	mkdir -p /etc/containerd/conf.d
	sed -n '/^\[plugins/,$p' "$top/oci-config/containerd.toml" >/etc/containerd/conf.d/ksm.toml
	printf 'version = 2\nimports = ["/etc/containerd/conf.d/*.toml"]\n' >$_file
	gone containerd-runtime
	assertEquals "$out" ok "$(level containerd-annotations)"
	sed -i '/_annotations = /d' /etc/containerd/conf.d/ksm.toml
	found containerd-annotations warning
	assertContains "$(of containerd-annotations fix)" /etc/containerd/conf.d/ksm.toml
	fixed containerd-annotations
	echo '[plugins' >$_file
	found containerd-config broken
	assertContains "its own words" "$out" "containerd config dump fails: containerd: failed to load TOML"
	# a node of Kubernetes without the wrapper
	cp /bin/true /usr/local/bin/kubelet
	echo 'version = 2' >$_file
	found containerd-runtime warning
	rm /usr/local/bin/kubelet
	gone containerd-runtime
	cp "$work/containerd.saved" $_file
}

# how many of its two runtimes containerd 1.x has; none where it does not start
containerd_has() {
	containerd -c /etc/containerd/config.toml config dump 2>/dev/null | grep -cE 'runtimes\.(ksm-)?runc\]'
}

# judged VERSION SED HAS LEVEL: our runtimes, with that line in front and so changed; containerd
# has HAS of them, and what doctor prints puts that right
judged() {
	{ printf '%s\n' "$1" && sed -n '/^\[plugins/,$p' "$top/oci-config/containerd.toml" | sed "$2"; } >$_file
	assertEquals "containerd: $1 $2" "$3" "$(containerd_has)"
	if [ "$4" = ok ]; then
		gone containerd-runtime
		assertEquals "doctor: $1 $2: $out" ok "$(level containerd-runtime)"
	else
		found containerd-runtime "$4"
		fixed containerd-runtime
		assertEquals "repaired: $1 $2" 2 "$(containerd_has)"
	fi
}

# unasked, asked: another may have put the program there, or not
unasked() {
	printf '#!/bin/sh\nexit 0\n' >/usr/local/sbin/containerd
	chmod 777 /usr/local/sbin/containerd
}

asked() {
	rm /usr/local/sbin/containerd
}

# judged_unasked VERSION SED LEVEL: where another may have put the program there
judged_unasked() {
	{ printf '%s\n' "$1" && sed -n '/^\[plugins/,$p' "$top/oci-config/containerd.toml" | sed "$2"; } >$_file
	unasked
	found containerd-runtime "$3"
	assertContains "$out" "containerd config dump is not run as root"
	asked
}

# the plugin's name against the version of the configuration, asked of containerd 1.6
testContainerdVersions() {
	_file=/etc/containerd/config.toml
	cp $_file "$work/containerd.saved"
	_grpc='s/"io.containerd.grpc.v1.cri"/"io.containerd.grpc.v1.cri"/'
	_cri='s/"io.containerd.grpc.v1.cri"/cri/'
	_runtime='s/io.containerd.grpc.v1.cri/io.containerd.cri.v1.runtime/'
	judged 'version = 2' "$_grpc" 2 ok
	judged '' "$_cri" 2 ok
	judged 'version = 1' "$_cri" 2 ok
	judged '' "$_grpc" 1 broken
	judged 'version = 2' "$_runtime" 1 broken
	# by the files alone, as it is not asked: a later containerd takes these
	judged_unasked '' "$_grpc" warning
	judged_unasked 'version = 2' "$_runtime" warning
	judged 'version = 2' "$_cri" 0 broken
	judged 'version = 2' '/ksm-runc\]/,/runtime_type/{/runtime_type/d}' 2 broken
	judged 'version = 2' 's|/usr/local/sbin/ksm-runc|ksm-runc|' 2 ok
	# imports: beside the file, and what is not there
	mkdir -p /etc/containerd/conf.d
	sed -n '/^\[plugins/,$p' "$top/oci-config/containerd.toml" >/etc/containerd/conf.d/ksm.toml
	printf 'version = 2\nimports = ["conf.d/ksm.toml"]\n' >$_file
	assertEquals 2 "$(containerd_has)"
	gone containerd-runtime
	assertEquals "$out" ok "$(level containerd-runtime)"
	printf 'version = 2\nimports = ["conf.d/none.toml"]\n' >$_file
	assertEquals 0 "$(containerd_has)"
	found containerd-config broken
	printf 'version = 2\nimports = ["conf.d/*.toml"]\n' >$_file
	assertEquals 1 "$(containerd_has)"
	gone containerd-config
	unasked
	found containerd-config warning
	assertContains "$out" "imports by a relative pattern"
	asked
	# a later version's drop-in: 1.6 drops what it has
	sed 's/^version = .*/version = 3/' "$top/oci-config/containerd-v3.toml" >/etc/containerd/conf.d/ksm.toml
	printf 'version = 2\nimports = ["/etc/containerd/conf.d/ksm.toml"]\n' >$_file
	assertEquals 1 "$(containerd_has)"
	gone containerd-config
	assertEquals "$out" broken "$(level containerd-runtime)"
	unasked
	found containerd-config warning
	assertContains "$out" "has version 3, and the configuration that imports it version 2"
	asked
	sed -n '/^\[plugins/,$p' "$top/oci-config/containerd.toml" >/etc/containerd/conf.d/ksm.toml
	# a later file's section takes the place of all that was set before
	printf 'version = 2\n[plugins."io.containerd.grpc.v1.cri"]\n  sandbox_image = "x"\n' >/etc/containerd/conf.d/more.toml
	{ printf 'version = 2\nimports = ["/etc/containerd/conf.d/more.toml"]\n'
		cat /etc/containerd/conf.d/ksm.toml; } >$_file
	assertEquals 1 "$(containerd_has)"
	found containerd-runtime broken
	rm -r /etc/containerd/conf.d
	cp "$work/containerd.saved" $_file
}

# containerd_says: a containerd that root may trust, and that does what standard input tells
containerd_says() {
	{ echo '#!/bin/sh' && cat; } >/usr/local/sbin/containerd
	chmod 755 /usr/local/sbin/containerd
}

# answered PROGRAM LINE: one runtime, of which no file knows
answered() {
	containerd_says <<-E
		printf 'version = 2\n[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.x]\npod_annotations = ["a"]\n'
		printf '%s\n[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.x.options]\nBinaryName = "$1"\n' '$2'
	E
}

no_command() {
	assertEquals "$out" "" "$(printf '%s\n' "$out" |
		jq -r '.findings[] | select(.id | startswith("containerd")) | .fix // ""')"
}

# What containerd alone tells of is no file: its words are advice, not commands
testContainerdAnswers() {
	_file=/etc/containerd/config.toml
	cp $_file "$work/containerd.saved"
	echo 'version = 2' >$_file
	for _program in /nowhere/ksm-runc /usr/local/sbin/ksm-runc; do
		answered $_program ''
		found containerd-runtime broken
		no_command
	done
	assertEquals 'add runtime_type = "io.containerd.runc.v2" to it' "$(of containerd-runtime advice)"
	answered /usr/local/sbin/ksm-runc 'runtime_type = "io.containerd.runc.v2"'
	gone containerd-runtime
	found containerd-annotations warning
	no_command
	assertContains "$(of containerd-annotations advice)" "add pod_annotations = "
	# more runtimes than doctor looks at: nothing is said to be missing
	cp "$work/containerd.saved" $_file
	containerd_says <<-'E'
		printf 'version = 2\n'
		for i in $(seq 40); do
			printf '[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.r%s]\nruntime_type = "x"\n' $i
		done
		cat /etc/containerd/config.toml | sed -n '/^\[plugins/,$p'
	E
	found containerd-runtime note
	assertContains "$out" "more than 32 runtimes"
	# no answer is not a refusal
	for _says in 'head -c 600000 /dev/zero' 'kill -9 $$' "echo \"No help topic for 'dump'\" >&2; exit 3" \
		'echo "containerd: open /etc/containerd/config.toml: permission denied" >&2; exit 1'; do
		echo "$_says" | containerd_says
		found containerd-config note
		assertNotContains "$_says" "$out" "would not start"
	done
	echo 'echo "containerd: failed to load TOML" >&2; exit 1' | containerd_says
	found containerd-config broken
	assertContains "$out" "would not start"
	for _check in containerd-runtime containerd-annotations; do
		assertNotEquals "$_check: $out" ok "$(level $_check)"
	done
	# the real one, which cannot read what it reads as a service
	rm /usr/local/sbin/containerd
	chmod 000 $_file
	found containerd-config note
	assertContains "$out" "permission denied"
	cp "$work/containerd.saved" $_file
	chmod 644 $_file
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
