# SPDX-License-Identifier: Apache-2.0
# Containers for the suites: a busybox root, OCI bundles for runc and crun, images for podman.

# rootfs_make DIR [PROGRAM...]: busybox, and programs of the host with their libraries
rootfs_make() {
	_root=$1
	shift
	mkdir -p "$_root/bin" "$_root/proc" "$_root/sys" "$_root/dev" "$_root/tmp" "$_root/etc"
	chmod 1777 "$_root/tmp"
	cp /bin/busybox "$_root/bin/busybox"
	for _applet in sh true sleep cat grep echo kill; do
		ln -sf busybox "$_root/bin/$_applet"
	done
	echo 'root:x:0:0:root:/:/bin/sh' >"$_root/etc/passwd"
	for _program; do
		rootfs_add "$_root" "$_program"
	done
}

# rootfs_add DIR PROGRAM: a program of the host at its own path, with what ldd names
rootfs_add() {
	for _file in "$2" $(ldd "$2" 2>/dev/null | grep -o '/[^ ]*'); do
		mkdir -p "$1$(dirname "$_file")"
		cp -L "$_file" "$1$_file"
	done
}

# bundle_template FILE: what `runc spec` says, with marks at the places that differ
bundle_template() {
	rm -rf "$1.d"
	mkdir "$1.d"
	runc spec -b "$1.d" || return
	jq '.process.terminal = false | .root.path = "@ROOT@" | .root.readonly = false |
		.process.args = "@ARGS@" | .hooks = "@HOOKS@" | .annotations = "@ANNOTATIONS@"' \
		"$1.d/config.json" >"$1.d/template" && mv "$1.d/template" "$1"
	rm -r "$1.d"
}

# bundle_make DIR ROOT HOOKS ANNOTATIONS COMMAND...: HOOKS and ANNOTATIONS are JSON objects. Suites make
# hundreds of bundles, and jq takes 20 ms to start: it makes the template, once.
bundle_make() {
	_dir=$1 _rootfs=$2 _hooks=$3 _annotations=$4
	shift 4
	_template=${work:-$_dir}/bundle.template
	mkdir -p "$_dir"
	[ -s "$_template" ] || bundle_template "$_template" || return
	_root=$_rootfs _hooks=$_hooks _annotations=$_annotations awk '
		function quoted(s,   i, c, out) {
			for (i = 1; i <= length(s); i++) {
				c = substr(s, i, 1)
				if (c == "\"" || c == "\\") c = "\\" c
				else if (c == "\n") c = "\\n"
				else if (c == "\t") c = "\\t"
				else if (c == "\r") c = "\\r"
				out = out c
			}
			return "\"" out "\""
		}
		function put(mark, text,   at) {
			at = index($0, mark)
			if (at) $0 = substr($0, 1, at - 1) text substr($0, at + length(mark))
		}
		BEGIN {
			for (i = 2; i < ARGC; i++) {
				args = args (i > 2 ? ", " : "") quoted(ARGV[i])
				delete ARGV[i]
			}
		}
		{
			put("\"@ROOT@\"", quoted(ENVIRON["_root"]))
			put("\"@ARGS@\"", "[" args "]")
			put("\"@HOOKS@\"", ENVIRON["_hooks"])
			put("\"@ANNOTATIONS@\"", ENVIRON["_annotations"])
			print
		}' "$_template" "$@" >"$_dir/config.json.new" && mv "$_dir/config.json.new" "$_dir/config.json"
}

# bundle_of ENGINE ID: where the engine would have the bundle, but below $work. containerd's CRI
# plugin and Docker are told by that; CRI-O by it and the cgroup crio-ID
bundle_of() {
	case $1 in
	containerd) echo "$work/io.containerd.runtime.v2.task/k8s.io/$2" ;;
	docker) echo "$work/io.containerd.runtime.v2.task/moby/$2" ;;
	ctr) echo "$work/io.containerd.runtime.v2.task/default/$2" ;;
	cri-o | podman) echo "$work/overlay-containers/$2/userdata" ;;
	plain) echo "$work/plain/$2" ;;
	esac
}

# hooks_json STAGE...: this build's hook for each stage, with $work/config.json, which is made
# where it is not there; $hooks_config: with that one, of a guest
hooks_json() {
	[ -n "${hooks_config:-}" ] || [ -e "$work/config.json" ] || echo '{}' >"$work/config.json"
	_hooks_all=
	for _stage; do
		_hooks_all="${_hooks_all:+$_hooks_all, }\"$_stage\": [{\"path\": \"$KSM_HOOK\", \"args\": [\"ksm-hook\", \"$_stage\", \"--config\", \"${hooks_config:-$work/config.json}\"]}]"
	done
	[ $# -eq 0 ] && echo null || echo "{$_hooks_all}"
}

# crun needs a pure cgroup v2 tree and is content with an empty one of its own
crun_run() {
	unshare -m sh -c 'mount -t cgroup2 none /sys/fs/cgroup && exec "$@"' sh \
		crun --cgroup-manager=disabled "$@"
}
