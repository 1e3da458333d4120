#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Which config.json does the runtime read, and which does the wrapper? Two bundles, of which one
# says that it is to be merged and the other that it is not: whichever real runc and crun start by a
# command line, has to be what it says.
# needs: containers config

suite_setup() {
	. "$top/tests/lib/bundle.sh"
	root=$work/root
	rootfs_make "$root"
	mkdir "$work/bin"
	for _name in runc crun; do
		ln -s "$KSM_HOOK" "$work/bin/ksm-$_name"
	done
	for _merge in true false; do
		bundle_make "$work/$_merge" "$root" '{}' "{\"io.ksm.merge\":\"$_merge\"}" \
			/bin/sh -c "echo bundle $_merge; cat /proc/self/ksm_stat; echo end"
	done
	# another name of the file, with the other answer
	cp "$work/false/config.json" "$work/true/other.json"
	cp "$work/true/config.json" "$work/false/other.json"
	config_folder_take
	id=ksmargs-$$
}

suite_teardown() {
	config_folder_leave
	runc delete -f "$id" >/dev/null 2>&1
}

# started NAME DIRECTORY LINE: by the wrapper NAME in DIRECTORY; the output in $out
started() {
	# shellcheck disable=SC2086 # words
	(cd "$2" && timeout -s KILL 60 unshare -m sh -c '
		mount -t tmpfs none /etc/ksm-hook && mount -t tmpfs none /run &&
		{ [ "$1" = runc ] || mount -t cgroup2 none /sys/fs/cgroup; } &&
		runtime=$2 && shift 2 && "$runtime" "$@"; status=$?
		[ -z "$(ls -A /run/runc /run/crun 2>/dev/null)" ] || {
			sleep 0.3 # for what it says
			runc delete -f "$0"; crun --cgroup-manager=disabled delete -f "$0"
		} >/dev/null 2>&1
		exit $status' "$id" "$1" "$work/bin/ksm-$1" $3) >"$work/out" 2>&1 </dev/null
	out=$(cat "$work/out")
}

# agreed NAME ANSWER LINE: ANSWER is which bundle the runtime starts, refused, or "any"
agreed() {
	for _dir in true false; do
		_want=$2 _line=$(echo "$3" | sed "s|OTHER|$work/$([ $_dir = true ] && echo false || echo true)|g; s|ID|$id|g")
		case $_want in
		own) _want=$_dir ;;
		other) _want=$([ $_dir = true ] && echo false || echo true) ;;
		esac
		started "$1" "$work/$_dir" "$_line"
		case $out in
		*"bundle true"*) _got=true _merged=yes ;;
		*"bundle false"*) _got=false _merged=no ;;
		*) _got=refused ;;
		esac
		assertEquals "$1 in $_dir: $3: $out" "$_want" $_got
		[ $_got = refused ] || assertContains "$1 in $_dir: $3: $out" "$out" "ksm_merge_any: $_merged"
	done
}

testRunc() {
	while read -r _answer _args; do
		agreed runc "$_answer" "$_args"
	done <<-E
		own run ID
		other run -b OTHER ID
		other run --bundle OTHER ID
		other run -bundle OTHER ID
		other run -b=OTHER ID
		other run --bundle=OTHER ID
		other run ID -b OTHER
		other run ID --bundle=OTHER
		other run --keep --no-pivot -b OTHER ID
		own run --bundle= ID
		own run -b OTHER -b . ID
		other run -b . -b OTHER ID
		refused run -bOTHER ID
		refused run -db OTHER ID
		refused run --bund OTHER ID
		refused run -d ID -b OTHER
		refused run -- ID -b OTHER
		own run -- ID
		other run -b OTHER -- ID
		refused run -f other.json ID
		own -root /run/r run ID
		own --root=/run/r --log-format json --log /dev/null run ID
		own --rootless false run ID
		own --rootless=false run ID
		other --debug=false run -b OTHER ID
		refused --rootless run -b OTHER ID
		own -- run ID
		refused --new value run ID
	E
}

testCrun() {
	while read -r _answer _args; do
		agreed crun "$_answer" "--cgroup-manager=disabled $_args"
	done <<-E
		own run ID
		other run -b OTHER ID
		other run -bOTHER ID
		other run --bundle OTHER ID
		other run --bundle=OTHER ID
		other run --bund OTHER ID
		other run --b=OTHER ID
		other run --no-piv -b OTHER ID
		refused run -b=OTHER ID
		refused run -bundle OTHER ID
		refused run ID -b OTHER
		refused run ID --bundle=OTHER
		own run -b OTHER -b . ID
		other run -b . -b OTHER ID
		other run -f other.json ID
		other run -fother.json ID
		other run --config=other.json ID
		other run --conf other.json ID
		refused run --con other.json ID
		other run -b OTHER -f other.json ID
		other run -b OTHER -f config.json ID
		own run -b OTHER -f ./config.json ID
		own run -- ID
		other run -b OTHER -- ID
		own --root /run/c run ID
		own --log=/dev/null --log-f text run ID
		own --rootl=false run ID
		own --cg cgroupfs --cgr=disabled run ID
		other -- run -b OTHER ID
		refused --new value run ID
	E
}

# a process of a container that runs on writes its output all the same
testDetached() {
	while read -r _name _args; do
		agreed "$_name" other "$_args"
	done <<-E
		crun --cgroup-manager=disabled run -db OTHER ID
		crun --cgroup-manager=disabled run -dbOTHER ID
		crun --cgroup-manager=disabled run --deta --bund=OTHER ID
		crun --cgroup-manager=disabled run -dfother.json ID
		runc run -d -b OTHER ID
	E
}

. "$(dirname "$0")/../lib/common.sh"
