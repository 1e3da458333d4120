#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# needs: containers
# shellcheck disable=SC1091,SC2154 # what doctor-lib.sh and common.sh set
# doctor: whatever it prints as a fix makes the finding go, and an engine that started still starts. Each
# is run in a copy. Configurations are written as people write them, in all the ways that their languages
# have.

. "$(dirname "$0")/../lib/doctor-lib.sh"

# what fixes may write to
copied='/etc/containerd /etc/containers /etc/docker /etc/ksm-hook /usr/share/containers /usr/share/lxc/config /usr/local/lib64'

save() {
	# shellcheck disable=SC2046 # a list
	tar -cf "$1" -C / $(for _d in $copied; do [ ! -e "$_d" ] || echo "${_d#/}"; done)
}

restore() {
	for _d in $copied; do
		[ ! -e "$_d" ] || find "$_d" -mindepth 1 -delete
	done
	tar -xpf "$1" -C /
}

starts() {
	[ ! -e /usr/local/sbin/containerd ] && containerd -c /etc/containerd/config.toml config dump >/dev/null 2>&1
}

# held LABEL N: doctor prints N fixes of something that is wrong, and each does what it says. The case is
# undone.
held() {
	doctor
	# what is said of files: ksmd and others' processes may be others' tests
	printf '%s\n' "$out" | jq '.findings |= map(select(.id | test("^(ksmd|huge-pages|headroom|container-)") | not))' \
		>"$work/found.json"
	jq -r '.findings[] | select(.fix and .level != "ok") | .fix' "$work/found.json" >"$work/fixes"
	assertEquals "$1: $(jq -c '.findings[] | select(.level != "ok")' "$work/found.json")" "$2" \
		"$(wc -l <"$work/fixes")"
	assertEquals "$1: a fix and advice" "" "$(jq -c '.findings[] | select(.fix and .advice)' "$work/found.json")"
	[ "$2" != 0 ] || {
		restore "$work/clean.tar"
		return
	}
	"$KSM_HOOK" doctor "$quiet" | sed -n 's/^  fix     //p' | sort >"$work/shown"
	assertEquals "$1: as a terminal shows it" "" "$(sort "$work/fixes" | comm -23 - "$work/shown")"
	starts
	_started=$?
	save "$work/case.tar"
	while read -r _fix; do
		sh -c "${_fix% && systemctl*}" >"$work/fix.out" 2>&1 </dev/null
		_rc=$?
		assertEquals "$1: $_fix: $(cat "$work/fix.out")" 0 $_rc
		doctor </dev/null
		jq -c --arg fix "$_fix" '.findings[] | select(.fix == $fix) | [.id, .what]' "$work/found.json" |
			sort -u >"$work/before"
		printf '%s\n' "$out" | jq -c '.findings[] | select(.level != "ok") | [.id, .what]' | sort -u |
			comm -12 "$work/before" - >"$work/left"
		assertEquals "$1: $_fix" "" "$(cat "$work/left")"
		[ $_started != 0 ] || assertTrue "$1: containerd does not start after: $_fix" starts
		restore "$work/case.tar"
	done <"$work/fixes"
	restore "$work/clean.tar"
}

each_setup() {
	save "$work/clean.tar"
	toml=/etc/containerd/config.toml
	grpc=io.containerd.grpc.v1.cri runtime=io.containerd.cri.v1.runtime
	table='runtime_type = "io.containerd.runc.v2"
pod_annotations = ["io.ksm.*"]
container_annotations = ["io.ksm.*"]'
	name='BinaryName = "/usr/local/sbin/ksm-runc"'
}

# headers BEGINNING PLUGIN: a runtime as a table with a table, beside the default one
headers() {
	printf '%s%s.containerd.runtimes.ksm-runc]\n%s\n%s%s.containerd.runtimes.ksm-runc.options]\n%s\n' \
		"$1" "$2" "$table" "$1" "$2" "$name"
	printf '%s%s.containerd.runtimes.runc]\nruntime_type = "io.containerd.runc.v2"\n' "$1" "$2"
}

# the name of a plugin that this version does not have, by where and how it is written
testContainerdPlugin() {
	for _begin in '[plugins.' '  [plugins.' '	[plugins.'; do
		for _quote in '"' "'"; do
			{ echo 'version = 2' && headers "$_begin" "$_quote$runtime$_quote"; } >$toml
			held "$_begin$_quote" 1
		done
	done
	# none that sed would find
	for _begin in '[ plugins.' '["plugins".' '[plugins . '; do
		{ echo 'version = 2' && headers "$_begin" "\"$runtime\""; } >$toml
		held "$_begin" 0
	done
	printf 'version = 2\n[plugins]\n"%s".containerd.runtimes.ksm-runc.options.%s\n' $runtime "$name" >$toml
	held "keys with dots" 0
	printf 'version = 2\n[plugins."%s".containerd.runtimes]\nksm-runc = { runtime_type = "x", options = { %s } }\n' \
		$runtime "$name" >$toml
	held "a table in braces" 0
	# for both: the right one counts, and there is nothing to say of the other
	{ echo 'version = 2' && headers '[plugins.' "\"$grpc\"" && headers '[plugins.' "\"$runtime\""; } >$toml
	assertTrue starts
	doctor
	assertEquals "$out" ok "$(level containerd-runtime)"
	held "of both names" 0
	# in a file of a name that a shell would take apart
	mkdir -p /etc/containerd/conf.d
	printf 'version = 2\nimports = ["/etc/containerd/conf.d/*.toml"]\n' >$toml
	{ echo 'version = 2' && headers '[plugins.' "\"$runtime\""; } >"/etc/containerd/conf.d/my \$HOME's;x.toml"
	held "a name" 1
}

testContainerdLines() {
	_all=$table
	table=$(echo "$_all" | grep -v runtime_type)
	{ echo 'version = 2' && headers '[plugins.' "\"$grpc\""; } >$toml
	held "no type" 1
	# a second one would be no TOML
	table="runtime_type = \"\"
$table"
	{ echo 'version = 2' && headers '[plugins.' "\"$grpc\""; } >$toml
	held "an empty type" 0
	for _lists in '' 'pod_annotations = [ ]' 'pod_annotations = [
  "a", # one
  "b"
]' 'container_annotations = ["a"]'; do
		table=$(echo "$_all" | grep -v _annotations && printf '%s\n' "$_lists")
		{ echo 'version = 2' && headers '[plugins.' "\"$grpc\""; } >$toml
		held "lists: $_lists" 1
	done
	printf 'version = 2\n[plugins."%s".containerd.runtimes]\nksm-runc = { runtime_type = "x", pod_annotations = ["a"], options = { %s } }\n' \
		$grpc "$name" >$toml
	held "a table in braces" 0
}

podman_runtimes() {
	mkdir -p /etc/containers/containers.conf.d
	printf '[engine.runtimes]\nksm-runc = [%s]\n' "$1" >"/etc/containers/containers.conf.d/my \$(runtimes).conf"
}

# the path of a program that has moved, in each engine's file
testPrograms() {
	without_containerd
	podman_runtimes '"/nowhere/ksm-runc"'
	held "once" 1
	podman_runtimes '"/nowhere/ksm-runc", "/nowhere/ksm-runc"] # ["/nowhere/ksm-runc"'
	held "twice in a line" 2
	podman_runtimes '"/nowhere/ksm-runc", "/nowhere/ksm-runc-1"'
	held "the beginning of another" 0
	podman_runtimes '"/nowhere/[x]/ksm-runc"'
	held "a pattern to sed" 0
	echo '{"runtimes": {"ksm-runc": {"path": "/nowhere/ksm-runc"}}}' >/etc/docker/daemon.json
	held Docker 1
	echo '{"runtimes": {"ksm-runc": {"path": "\/nowhere\/ksm-runc"}}}' >/etc/docker/daemon.json
	held "Docker, escaped" 0
	echo '{' >/etc/docker/daemon.json
	held "Docker, broken" 0
	rm -f /etc/docker/daemon.json
	held "Docker without a file" 1
	echo '{"runtimes": {"ksm-runc": {"path": "/usr/bin/other"}}}' >/etc/docker/daemon.json
	held "Docker, another's of that name" 0
	rm /etc/docker/daemon.json
	mv /usr/local/sbin/ksm-runc "$work/ksm-runc"
	held "Docker, and no wrapper" 0
	mv "$work/ksm-runc" /usr/local/sbin/ksm-runc
	rm /usr/local/lib64/libksm_preload.so
	held "a library" 0
	# loaded into every container, and anybody's to write
	chmod 666 /usr/local/lib64/libksm_preload.so
	held "a library of anybody's" 1
}

testHookFiles() {
	without_containerd
	_dir=$(dirname $hook_file)
	echo '{' >"$_dir/my hook's.json"
	held "no JSON" 1
	jq '.stages = ["createRuntme"]' $hook_file >"$_dir/my ksm-hook.json"
	held "ours, in another file" 1
	echo '{"version":"1.0.0","hook":{"path":"/bin/true"},"when":{"always":true},"stages":["precreate"]}' >"$_dir/a;b.json"
	held "a stage" 1
	mv $hook_file "$_dir/my hook.json"
	chmod 666 "$_dir/my hook.json"
	held "anybody's" 1
	mv $hook_file "$_dir/my hook.json"
	chown nobody "$_dir/my hook.json"
	held "nobody's" 1
	# somebody else's in a directory of our name, and one of our name with a program of theirs
	mkdir -p /etc/ksm-hook/hooks.d
	printf '[engine]\nhooks_dir = ["/etc/ksm-hook/hooks.d"]\n' >/etc/containers/containers.conf
	cp $hook_file /etc/ksm-hook/hooks.d
	jq '.hook.path = "/bin/true" | del(.version)' $hook_file >/etc/ksm-hook/hooks.d/99-nvidia.json
	doctor
	assertContains "$(of hook-json fix)" "$(of hook-json fix)" "mv /etc/ksm-hook/hooks.d/99-nvidia.json "
	echo '{' >/etc/ksm-hook/hooks.d/99-nvidia.json
	doctor
	assertContains "$(of hook-json fix)" "$(of hook-json fix)" "mv /etc/ksm-hook/hooks.d/99-nvidia.json "
	held "another's beside ours" 1
	mkdir -p /etc/ksm-hook/hooks.d
	printf '[engine]\nhooks_dir = ["/etc/ksm-hook/hooks.d"]\n' >/etc/containers/containers.conf
	jq '.hook.path = "/bin/true"' $hook_file >/etc/ksm-hook/hooks.d/50-ksm-hook.json
	held "another's by our name" 0
	# where the hook belongs
	printf '[engine]\nhooks_dir = ["/etc/containers/my hooks"]\n' >/etc/containers/containers.conf
	held "a directory that is not there" 1
	mkdir -p "/etc/containers/my hooks"
	printf '[engine]\nhooks_dir = ["/etc/containers/my hooks"]\n' >/etc/containers/containers.conf
	rm $hook_file
	held "an empty one" 1
	for _i in $(seq 17); do echo "\"/etc/containers/hooks$_i\","; done >"$work/list"
	printf '[engine]\nhooks_dir = [%s]\n' "$(cat "$work/list")" >/etc/containers/containers.conf
	doctor
	assertEquals "more than are looked at: $out" note "$(level hook-registered)"
	held "more than are looked at" 0
}

testConfiguration() {
	without_containerd
	echo '{"containers": "none"}' >$config
	held "in a line" 1
	printf '{"containers":\n"none"}\n' >$config
	held "in two lines" 0
	mkdir -p /etc/ksm-hook/conf.d
	echo '{"containers": "annotated"}' >$config
	echo '{"containers": "none"}' >"/etc/ksm-hook/conf.d/my own.json"
	held "in another file" 1
	echo '{' >$config
	held "no JSON" 0
	echo '{"containres": "all"}' >$config
	held "no such key" 0
	chmod 666 $config
	held "anybody's" 1
	mkdir -p /etc/ksm-hook/conf.d
	chown nobody /etc/ksm-hook/conf.d
	held "a directory of nobody's" 1
	echo '{}' >"$work/theirs.json"
	chown nobody "$work/theirs.json"
	ln -sf "$work/theirs.json" $config
	held "a link to nobody's" 0
}

testLxc() {
	without_containerd
	_file=/usr/share/lxc/config/common.conf.d/50-ksm-hook.conf
	rm $_file
	held "no drop-in" 1
	rm -r /usr/share/lxc/config/common.conf.d
	held "no directory" 1
	# what it calls is not known: nothing is said to be missing, and nothing written over
	chmod 666 $_file
	held "one of anybody's" 0
	sed -i 's|= .*/ksm-hook|= /nowhere/ksm-hook|' $_file
	held "a program that has moved" 1
}

# From a place that a shell would take apart
testACommandOfADirectory() {
	without_containerd
	mkdir "$work/my tools"
	cp "$BUILD/ksm-hook" "$work/my tools/ksm-hook"
	_saved=$KSM_HOOK
	KSM_HOOK="$work/my tools/ksm-hook"
	rm $hook_file
	held "the hook" 1
	KSM_HOOK=$_saved
}

. "$(dirname "$0")/../lib/common.sh"
