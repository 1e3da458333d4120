# shellcheck shell=sh disable=SC2034,SC2154 # for who reads it; $hook and $here are theirs
# SPDX-License-Identifier: Apache-2.0
# What the nodes of tests/engines/nri share: containerd with its CRI plugin and NRI in a directory of
# its own, an image with busybox and the static $programs, and `ksm-hook nri` beside it. What it leaves ends with the chroot.
work=$(mktemp -d)
image=localhost/busybox:1
mkdir "$work/stubs" "$work/plugins" "$work/conf.d"

version=$(containerd --version | cut -d' ' -f3)
case $version in
1.*)
	# NRI is off by default here
	cat <<-T
		version = 2
		[plugins."io.containerd.nri.v1.nri"]
		  disable = false
		[plugins."io.containerd.grpc.v1.cri"]
		  sandbox_image = "$image"
		  disable_apparmor = true
		  restrict_oom_score_adj = true
		[plugins."io.containerd.grpc.v1.cri".containerd]
		  snapshotter = "native"
		[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
		  runtime_type = "io.containerd.runc.v2"
		[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.crun]
		  runtime_type = "io.containerd.runc.v2"
		[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.crun.options]
		  BinaryName = "crun"
	T
	local=
	;;
*)
	cat <<-T
		version = 3
		[plugins."io.containerd.cri.v1.images"]
		  snapshotter = "native"
		[plugins."io.containerd.cri.v1.images".pinned_images]
		  sandbox = "$image"
		[plugins."io.containerd.cri.v1.runtime"]
		  disable_apparmor = true
		  restrict_oom_score_adj = true
		[plugins."io.containerd.cri.v1.runtime".containerd.runtimes.runc]
		  runtime_type = "io.containerd.runc.v2"
		[plugins."io.containerd.cri.v1.runtime".containerd.runtimes.crun]
		  runtime_type = "io.containerd.runc.v2"
		[plugins."io.containerd.cri.v1.runtime".containerd.runtimes.crun.options]
		  BinaryName = "crun"
		[plugins."io.containerd.nri.v1.nri"]
	T
	local=--local
	;;
esac >"$work/base.toml"
{
	sed '/^version/!d' "$work/base.toml"
	cat <<-T
		root = "$work/root"
		state = "$work/state"
		[grpc]
		  address = "$work/sock"
		[plugins."io.containerd.internal.v1.opt"]
		  path = "$work/opt"
	T
	sed -e '/^version/d' -e "/io.containerd.nri.v1.nri/a\\
  plugin_path = \"$work/plugins\"\\
  plugin_config_path = \"$work/conf.d\"" "$work/base.toml"
} >"$work/containerd.toml"
cat >"$work/config.json" <<J
{ "deny": [{ "namespace": "kube-*" }] }
J

containerd_pid=
agent_pid=
ended() {
	[ $? = 0 ] || tail -n 40 "$work/log" "$work/agent"
	[ -z "$agent_pid" ] || kill "$agent_pid" 2>/dev/null
	[ -z "$containerd_pid" ] || kill "$containerd_pid" 2>/dev/null
}
trap ended EXIT

say() {
	echo "$1: $2"
}

# until COMMAND...: at most half a minute
until_true() {
	_tries=0
	until "$@" >/dev/null 2>&1; do
		_tries=$((_tries + 1))
		if [ "$_tries" -ge 300 ]; then
			echo "waited in vain for: $*"
			exit 1
		fi
		sleep 0.1
	done
}

ctl() {
	timeout 20 ctr -a "$work/sock" -n k8s.io "$@"
}

kubelet() {
	PYTHONPATH=$work/stubs timeout 120 python3 "$here/kubelet.py" "$work/sock" "$image" "$@" </dev/null
}

cri_answers() {
	ctl plugins ls | grep -q 'grpc.v1 *cri .* ok *$'
}

managed() {
	ctl image ls "name==$image" | grep -q io.cri-containerd.image=managed
}

import_image() {
	ctl image import $local --snapshotter native "$work/image.tar" >/dev/null
	until_true managed
}

start_containerd() {
	containerd --config "$work/containerd.toml" >>"$work/log" 2>&1 </dev/null &
	containerd_pid=$!
	until_true cri_answers
}

start_agent() {
	# with no more than the unit has; CAP_SYS_ADMIN is for processes under a seccomp filter
	setpriv --bounding-set=-all,+sys_ptrace,+sys_admin,+kill --inh-caps=-all --no-new-privs \
		"$hook" nri --config="$work/config.json" "$@" >>"$work/agent" 2>&1 &
	agent_pid=$!
}

# the confined child, which was the first
reader_pid() {
	cut -d' ' -f1 "/proc/$agent_pid/task/$agent_pid/children"
}

# how often it has registered so far
registered() {
	grep -c ': registered with containerd' "$work/agent" || :
}

registered_more_than() {
	[ "$(registered)" -gt "$1" ]
}

killed() {
	kill -KILL "$1"
	wait "$1" 2>/dev/null || :
}

protos=/usr/share/gocode/src
python3 -m grpc_tools.protoc -I"$protos/k8s.io/cri-api/pkg/apis/runtime/v1" -I"$protos" \
	--python_out="$work/stubs" --grpc_python_out="$work/stubs" \
	api.proto github.com/gogo/protobuf/gogoproto/gogo.proto
# shellcheck disable=SC2086 # a list
python3 "$here/../cri/image.py" "$work/image.tar" "$image" ${programs:-}
