#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# needs: containers
# shellcheck disable=SC1091,SC2154 # what doctor-lib.sh and common.sh set
# doctor: what it finds of containerd's configuration, in its files and as containerd has it.

. "$(dirname "$0")/../lib/doctor-lib.sh"

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

# more paths than are looked at (64 KiB of them): it was said to be all of them
testMoreImportsThanAreRead() {
	_file=/etc/containerd/config.toml
	cp $_file "$work/containerd.saved"
	mkdir -p /etc/containerd/conf.d
	_name=$(printf '%0230d' 0)
	for _i in $(seq 300); do : >"/etc/containerd/conf.d/$_i$_name.toml"; done
	printf 'version = 2\nimports = ["/etc/containerd/conf.d/*.toml"]\n' >$_file
	unasked
	found containerd-config note
	assertContains "$out" "conf.d/*.toml: Argument list too long"
	asked
	rm -r /etc/containerd/conf.d
	cp "$work/containerd.saved" $_file
}

no_command() {
	assertEquals "$out" "" "$(printf '%s\n' "$out" |
		jq -r '.findings[] | select(.id | startswith("containerd")) | .fix // ""')"
}

# CRI switched off, asked of containerd 1.6: without it there are no pods
testContainerdWithoutCri() {
	_file=/etc/containerd/config.toml
	cp $_file "$work/containerd.saved"
	for _lines in 'version = 2\ndisabled_plugins = ["io.containerd.grpc.v1.cri"]' \
		'version = 2\ndisabled_plugins = ["io.containerd.service.v1.tasks-service"]'; do
		printf "$_lines\n" >$_file
		# as Docker's own package has it
		gone containerd-config
		sed -n '/^\[plugins/,$p' "$top/oci-config/containerd.toml" >>$_file
		found containerd-config broken
		assertNotEquals "$out" ok "$(level containerd-runtime)"
		assertContains "$(of containerd-config advice)" "out of disabled_plugins in $_file"
	done
	# runtimes that take runc's place in 1.x, which is then no default
	{ echo 'version = 2' && sed -n '/^\[plugins/,$p' "$top/oci-config/containerd.toml" |
		sed '/runtimes\.runc\]/,$d'; } >$_file
	found containerd-config broken
	printf '[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]\nruntime_type = "io.containerd.runc.v2"\n' >>$_file
	gone containerd-config
	assertEquals "$out" ok "$(level containerd-runtime)"
	# a type that does not know BinaryName
	sed -i 's/io.containerd.runc.v2/io.containerd.runsc.v1/' $_file
	found containerd-runtime broken
	fixed containerd-runtime
	# nothing that is put into it matters before it is understood
	{ echo 'version = "2"' && sed -n '/^\[plugins/,$p' "$top/oci-config/containerd.toml"; } >$_file
	sed -i -e /_annotations/d -e s/runc.v2/runsc.v1/ $_file
	found containerd-config broken
	no_command
	unasked
	found containerd-config broken
	assertContains "$out" '"version\" in line 1 is not a whole number'
	asked
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
		printf 'version = 2\n[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]\nruntime_type = "t"\n'
		printf '[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.x]\npod_annotations = ["a"]\n'
		printf '%s\n[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.x.options]\nBinaryName = "$1"\n' '$2'
	E
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

. "$(dirname "$0")/../lib/common.sh"
