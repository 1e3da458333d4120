#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Somebody exchanges, as fast as he can, the files of root's that commands believe: names that were
# stored, engines' own files of containers, groups, conf.d, the state of ksmd and of runtimes, samples.
# What he wrote is never believed, nothing waits for him, and what root wrote still counts in between.
# (Most lie where only root could do that.) races-files-soak.sh has 500 rounds of each. What else is
# read goes by the same function, of which tests/unit/base/io_races.c has 10,000 rounds in each run.
# needs: containers
# shellcheck disable=SC2317 # functions are called by name

: "${ROUNDS:=25}"
: "${TOGETHER:=25}"

suite_setup() {
	v2=$(awk '$3 == "cgroup2" { print $2; exit }' /proc/mounts)
	docker=$(printf 'd%063d' $$)
	pod=$(printf 'c%063d' $$)
	stored=$(printf 'e%063d' $$)
	tenants="docker-$docker.scope cri-containerd-$pod.scope crio-$stored.scope"
	sleepers=
	for _cgroup in $tenants; do
		mkdir "$v2/$_cgroup"
		sh -c 'echo $$ >"$1/cgroup.procs" && exec setarch -R sleep 10000' sh "$v2/$_cgroup" &
		sleepers="$sleepers $!"
	done
	for _cgroup in $tenants; do
		wait_for 20 grep -q . "$v2/$_cgroup/cgroup.procs"
	done
	his=$work/his
	mkdir -p "$his" "$work/host/run" "$work/host/var/lib" "$work/host/etc"
	cp -a /etc/. "$work/host/etc"
	rm -rf "$work/host/etc/ksm-hook"
	cat >"$work/hold" <<-'S'
		mount --make-rprivate / || exit 1
		for place in run var/lib etc; do
			mount --bind "host/$place" "/$place" || exit 1
		done
		echo held
		exec sleep 10000
	S
	: >"$work/held"
	(cd "$work" && exec unshare -m sh hold) >"$work/held" 2>&1 &
	holder=$!
	wait_for 20 grep -q . "$work/held"
	assertEquals held "$(cat "$work/held")"
	swapping='' swaps='' together=1 input=''
	words='forged[a-z]*|genuine[a-z]*|not a child of the runtime|must belong to root|not a regular file|status [0-9]+|'$(printf '\033')
}

suite_teardown() {
	swaps_end
	[ -z "${holder:-}" ] || kill "$holder"
	# shellcheck disable=SC2086 # words
	kill ${sleepers:-} ${session:-} 2>/dev/null
	for _cgroup in ${tenants:-}; do
		wait_for 20 cgroup_removed "$_cgroup"
	done
	true
}

# host COMMAND...: where these places are ours, $together times, with $input
host() {
	# shellcheck disable=SC2016 # for the inner shell
	timeout -s KILL $((${together:-1} > 1 ? 300 : 60)) nsenter -t "$holder" -m sh -c 'n=$1 input=$2
		shift 2
		while [ "$n" -gt 0 ]; do
			"$@" <"$input"
			_r=$?
			[ $_r -le 1 ] || echo "status $_r"
			n=$((n - 1))
		done' sh "${together:-1}" "${input:-/dev/null}" "$@"
}

# place PATH <CONTENT: root's file, which is also there when nobody exchanges anything
place() {
	mkdir -p "$(dirname "$work/host$1")"
	cat >"$work/host$1"
	chmod go-w "$work/host$1"
}

# exchanged PATH CONTENT: for his, a link to his, and a fifo, all the time
exchanged() {
	_n=$(echo "$1" | tr / _)
	echo "$2" >"$his/$_n"
	chown nobody "$his/$_n"
	ln -sf "$his/$_n" "$his/$_n.link"
	[ -p "$his/$_n.fifo" ] || mkfifo "$his/$_n.fifo"
	swaps="$swaps -- $work/host$1 $his/$_n $his/$_n.link $his/$_n.fifo"
}

# exchanged_directory PATH COMMAND...: for a directory of his, which the command fills as ., and a link to it
exchanged_directory() {
	_path=$1 _n=$(echo "$1" | tr / _)
	shift
	mkdir -p "$his/$_n"
	(cd "$his/$_n" && "$@")
	# what is in it is root's: not for a file's sake alone is it refused
	chown nobody "$his/$_n"
	ln -sfn "$his/$_n" "$his/$_n.link"
	swaps="$swaps -- $work/host$_path $his/$_n $his/$_n.link"
}

# all of them by one process: with one each there is no processor left for who is to be disturbed
swaps_begin() {
	# shellcheck disable=SC2086 # words
	"$BUILD/attach/swap" ${swaps# -- } >"$work/swaps" 2>&1 &
	swapping=$!
	swaps=
}

swaps_end() {
	[ -n "$swapping" ] || return 0
	kill "$swapping" && wait "$swapping"
	swapping=
}

# rounds TRUE COMMAND...: what it says, one line for each word that is there, in $work/said. More of them, where the
# two take turns by whole time slices, until what is true was seen once.
rounds() {
	_true=$1
	shift
	: >"$work/said"
	together=$TOGETHER
	swaps_begin
	_i=0
	while [ $_i -lt "$ROUNDS" ] || { [ $_i -lt $((ROUNDS + 2000)) ] && ! grep -q "$_true" "$work/said"; }; do
		"$@" >"$work/round" 2>&1
		_rc=$?
		[ $_rc -le 1 ] || echo "status $_rc" >>"$work/said"
		grep -oE "$words" "$work/round" >>"$work/said"
		_i=$((_i + together))
	done
	swaps_end
	together=1
	assertTrue "$(cat "$work/swaps")" "[ $(cat "$work/swaps") -gt 10 ]"
	echo "$_i rounds of $1, $(cat "$work/swaps") exchanges: $(sort "$work/said" | uniq -c | tr -s '\n ' ' ')"
}

# never WORD...: was never said; everything ended
never() {
	assertNotContains "$(sort "$work/said" | uniq -c)" "status"
	assertNotContains "escaped" "$(cat "$work/said")" "$(printf '\033')"
	for _word in "$@"; do
		assertEquals "$(sort "$work/said" | uniq -c)" 0 "$(grep -cx "$_word" "$work/said")"
	done
}

# would_be_seen WORD COMMAND...: the control, of what the command says now
would_be_seen() {
	_word=$1
	shift
	_seen() {
		"$@" >"$work/round" 2>&1
		grep -q "$_word" "$work/round"
	}
	wait_for 5 _seen "$@"
}

# his_is_roots PATH: the control: what he wrote, as root's
his_is_roots() {
	_n=$(echo "$1" | tr / _)
	cp --remove-destination "$his/$_n" "$work/host$1"
}

ps_of_host() { host "$KSM_HOOK" ps --json; }

of_docker() { echo "{\"Name\":\"/$1docker\",\"Config\":{\"Image\":\"$1image\"}}"; }
of_pod() {
	echo "{\"annotations\":{\"io.kubernetes.cri.container-type\":\"container\",\"io.kubernetes.cri.container-name\":\"$1container\",
		\"io.kubernetes.cri.sandbox-name\":\"$1pod\",\"io.kubernetes.cri.sandbox-namespace\":\"$1space\"}}"
}
of_record() { printf 'init 0 0\npod %srecord\nnamespace n\ncontainer c\n' "$1"; }

# What ps takes names from: three files of three engines, and the one that says where the first lies.
testNamesOfContainers() {
	_docker=/var/lib/docker/containers/$docker/config.v2.json
	_pod=/run/containerd/io.containerd.runtime.v2.task/k8s.io/$pod/config.json
	_record=/run/ksm-hook/containers/$stored
	of_docker genuine | place "$_docker"
	of_pod genuine | place "$_pod"
	of_record genuine | place "$_record"
	chmod 700 "$work/host/run/ksm-hook/containers"
	echo '{"data-root": "/var/lib/docker"}' | place /etc/docker/daemon.json
	mkdir -p "$work/root/containers/$docker"
	of_docker forgedroot >"$work/root/containers/$docker/config.v2.json"
	exchanged "$_docker" "$(of_docker forged)"
	exchanged "$_pod" "$(of_pod forged)"
	exchanged "$_record" "$(of_record forged)"
	exchanged /etc/docker/daemon.json "{\"data-root\": \"$work/root\"}"
	rounds 'genuinedocker' ps_of_host
	never forgeddocker forgedimage forgedcontainer forgedpod forgedspace forgedrecord forgedrootdocker forgedrootimage
	for _word in genuinedocker genuinepod genuinerecord; do
		assertContains "the race is one" "$(cat "$work/said")" $_word
	done
	for _path in "$_docker" "$_pod" "$_record"; do
		his_is_roots "$_path"
	done
	for _word in forgeddocker forgedpod forgedrecord; do
		would_be_seen $_word ps_of_host
	done
	his_is_roots /etc/docker/daemon.json
	would_be_seen forgedrootdocker ps_of_host
}

# The directories that these lie in.
testTheDirectoryOfRecords() {
	_record=/run/ksm-hook/containers/$stored
	of_record genuine | place "$_record"
	chmod 700 "$work/host/run/ksm-hook/containers"
	_fill() {
		of_record forged >"$stored"
		chmod 700 .
	}
	exchanged_directory /run/ksm-hook/containers _fill
	rounds genuinerecord ps_of_host
	never forgedrecord
	assertContains "the race is one" "$(cat "$work/said")" genuinerecord
	chown root "$his/_run_ksm-hook_containers"
	cp --remove-destination -a "$his/_run_ksm-hook_containers/$stored" "$work/host$_record"
	would_be_seen forgedrecord ps_of_host
}

# A group is told by the limit of a process's stack, which is its secret: one that no other suite's process has.
testGroups() {
	_secret=$((268435456 + (1 + $$ % 8000) * 12288))
	prlimit --pid "$(cat "$v2/docker-$docker.scope/cgroup.procs")" --stack=$_secret:$_secret
	_path=/run/ksm-hook/groups/genuinegroup
	echo "$_secret 1 00000000000000000000000000000001" | place "$_path"
	_other=/run/ksm-hook/groups/forgedgroup
	echo "$((_secret + 4096)) 1 00000000000000000000000000000002" | place "$_other"
	chmod 755 "$work/host/run/ksm-hook"
	chmod 700 "$work/host/run/ksm-hook/groups"
	assertContains "$(ps_of_host)" genuinegroup
	exchanged "$_path" "$((_secret + 8192)) 1 00000000000000000000000000000001"
	exchanged "$_other" "$_secret 1 00000000000000000000000000000002"
	rounds genuinegroup ps_of_host
	never forgedgroup
	assertContains "the race is one" "$(cat "$work/said")" genuinegroup
	his_is_roots "$_path"
	his_is_roots "$_other"
	would_be_seen forgedgroup ps_of_host
}

starts() {
	printf '{"ociVersion":"1.0.2","id":"c1","status":"created","pid":1,"bundle":"/b"}' >"$work/state"
	input=$work/state
	host "$KSM_HOOK" createRuntime
	input=
}

# Rules: a file of conf.d, and conf.d. While one cannot be believed nothing is merged, whatever the rest says.
testConfD() {
	echo '{"containers": "none", "log": "debug"}' | place /etc/ksm-hook/config.json
	echo '{"containers": "none"}' | place /etc/ksm-hook/conf.d/1.json
	exchanged /etc/ksm-hook/conf.d/1.json '{"containers": "all"}'
	rounds 'must belong to root' starts
	never 'not a child of the runtime'
	assertContains "the race is one" "$(cat "$work/said")" 'must belong to root'
	_fill() { echo '{"containers": "all"}' >1.json; }
	exchanged_directory /etc/ksm-hook/conf.d _fill
	rounds 'must belong to root' starts
	never 'not a child of the runtime'
	assertContains "the race is one" "$(cat "$work/said")" 'must belong to root'
	his_is_roots /etc/ksm-hook/conf.d/1.json
	would_be_seen 'not a child of the runtime' starts
	rm -r "$work/host/etc/ksm-hook/conf.d"
}

# start_of PID: field 22 of its stat
start_of() {
	sed 's/.*) //' "/proc/$1/stat" | cut -d' ' -f20
}

of_state() { echo "{\"pid\":$1,\"process-start-time\":$(start_of "$1")}"; }

enters() {
	host "$work/stand-in/crun" exec box true | sed 's/ksm_merge_any: yes/forgedinit/; s/ksm_merge_any: no/genuineinit/'
}

# The runtime's state, by which an exec session becomes mergeable or not.
testSessions() {
	mkdir -p "$work/stand-in"
	ln -sf "$KSM_HOOK" "$work/stand-in/crun"
	printf '#!/bin/sh\nexec cat /proc/self/ksm_stat\n' >"$work/crun"
	chmod 755 "$work/crun"
	echo "{\"runtimes\":[\"$work/crun\"]}" | place /etc/ksm-hook/config.json
	"$KSM_HOOK" run -- sleep 10000 >/dev/null 2>&1 &
	session=$!
	_merged() { grep -q 'ksm_merge_any: yes' "/proc/$session/ksm_stat"; }
	wait_for 20 _merged
	_path=/run/crun/box/status
	of_state "${sleepers##* }" | place $_path
	exchanged $_path "$(of_state $session)"
	rounds genuineinit enters
	never forgedinit
	assertContains "the race is one" "$(cat "$work/said")" genuineinit
	his_is_roots $_path
	would_be_seen forgedinit enters
}

# LXC's own file of a container, of whoever owns that: the one LXC itself was given. Nothing of it is believed but
# what a container may say of itself; what is no file is said so, nothing waits, and the log stays what it is.
testTheConfigurationOfLxc() {
	echo '{"log": "debug"}' | place /etc/ksm-hook/config.json
	_path=/var/lib/lxc/box/config
	printf 'lxc.environment = KSM_MERGE=no\n' | place $_path
	exchanged $_path "lxc.environment = KSM_MERGE=$(printf '\033')[2Jyes"
	_asks() {
		host env LXC_HOOK_VERSION=1 LXC_HOOK_TYPE=start-host LXC_NAME=box LXC_PID=1 LXC_CONFIG_FILE="$_path" \
			"$KSM_HOOK" lxc 2>&1 | sed 's/leave alone: KSM_MERGE=no/genuine/; s/invalid value KSM_MERGE/forged/'
	}
	rounds genuine _asks
	never
	for _word in genuine forged 'not a regular file'; do
		assertContains "the race is one" "$(sort "$work/said" | uniq -c)" "$_word"
	done
	# each said one of these three
	assertEquals "$(sort "$work/said" | uniq -c)" $_i "$(wc -l <"$work/said")"
}

# CRI-O's own file of a container, by a stand-in for CRI-O, which is not to be had: config.json in the directory
# that it keeps for the container, read by the wrapper that stands in its place as the runtime. Whatever is there in
# a moment, the delegate is started, and a rule on what CRI-O writes last holds for whatever a file says.
testTheBundleOfCrio() {
	mkdir -p "$work/stand-in"
	ln -sf "$KSM_HOOK" "$work/stand-in/crun"
	printf '#!/bin/sh\nexec cat /proc/self/ksm_stat\n' >"$work/crun"
	chmod 755 "$work/crun"
	echo "{\"runtimes\":[\"$work/crun\"],\"containers\":\"all\",\"deny\":[{\"namespace\":\"*\"}]}" | place /etc/ksm-hook/config.json
	_path=/run/containers/storage/overlay-containers/$stored/userdata/config.json
	_spec() {
		jq -n --arg cgroup "/x/crio-$stored" --arg space "$1" '{ociVersion: "1.0.2", process: {args: ["/bin/true"]},
			annotations: {"io.ksm.merge": "true", "io.kubernetes.pod.namespace": $space},
			linux: {cgroupsPath: $cgroup}}'
	}
	_spec shop | place "$_path"
	exchanged "$_path" "$(_spec other)"
	_creates() {
		host "$work/stand-in/crun" create --bundle "${_path%/*}" "$stored" |
			sed 's/ksm_merge_any: yes/forgedinit/; s/ksm_merge_any: no/genuineinit/'
	}
	rounds genuineinit _creates
	never forgedinit
	assertEquals "$(sort "$work/said" | uniq -c)" $_i "$(grep -c genuineinit "$work/said")"
	echo "{\"runtimes\":[\"$work/crun\"]}" | place /etc/ksm-hook/config.json
	would_be_seen forgedinit _creates
}

of_ksmd() { printf 'profile %s\nrun 0 1\npages_to_scan 100 %s\n' "$1" "$2"; }

tells_of_ksmd() {
	host "$KSM_HOOK" status | sed "s/profile fast/forgedprofile/; s/profile gentle/genuineprofile/"
}

# What disable sets ksmd back to, and status shows.
testTheStateOfKsmd() {
	_path=/run/ksm-hook/ksmd
	of_ksmd gentle 111 | place $_path
	exchanged $_path "$(of_ksmd fast 222)"
	rounds genuineprofile tells_of_ksmd
	never forgedprofile
	assertContains "the race is one" "$(cat "$work/said")" genuineprofile
	his_is_roots $_path
	would_be_seen forgedprofile tells_of_ksmd
}

tells_of_samples() {
	host "$KSM_HOOK" capacity --samples="$work/host/samples" 2>&1 | sed 's/line 2: .*/forgedsamples/; s/^Saved.*/genuinesamples/'
}

# The samples by which a saving is promised.
testSamples() {
	echo "ksm-hook samples 1" | place /samples
	exchanged /samples "ksm-hook samples 1
none"
	rounds 'must belong to root' tells_of_samples
	never forgedsamples
	assertContains "the race is one" "$(cat "$work/said")" 'must belong to root'
	his_is_roots /samples
	would_be_seen forgedsamples tells_of_samples
}

. "$(dirname "$0")/../lib/common.sh"
