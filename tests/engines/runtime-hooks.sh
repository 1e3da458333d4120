#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The wrapper and other people's hooks, which the runtime starts on the host: what they inherit
# of what is the container's, and from which commands of the runtime they do not.
# needs: containers

groups=/run/ksm-hook/groups

suite_setup() {
	. "$top/tests/lib/bundle.sh"
	rootfs_make "$work/root"
	had_groups=$([ -d $groups ] && echo yes)
	echo '{"shared_layout": true}' >"$work/config.json"
	mkdir "$work/seen"
	# what a hook of the host finds: its layout, the limit of its stack, whether it is mergeable
	cat >"$work/hook" <<-END
		#!/bin/sh
		read -r personality </proc/self/personality
		{ echo "\$personality \$(ulimit -s) \$(sed -n 's/^ksm_merge_any: //p' /proc/\$\$/ksm_stat)"; } >>"$work/seen/\$1"
	END
	chmod 755 "$work/hook"
	hooks=$(jq -n --arg path "$work/hook" '[$ARGS.positional[] | {(.): [{path: $path, args: ["hook", .]}]}] | add' \
		--args prestart createRuntime poststart poststop)
	# shellcheck disable=SC3045 # dash and bash have it
	own="00000000 $(ulimit -s) no"
	id=ksmhooks-$$
}

suite_teardown() {
	for _id in $(runc list -q | grep "^$id"); do runc delete -f "$_id"; done
	rm -f $groups/group%3A"$id"*
	[ "$had_groups" = yes ] || rmdir $groups /run/ksm-hook 2>/dev/null
	true
}

# wrapper RUNTIME WORD...
wrapper() {
	_runtime=$1 _more=
	shift
	[ "$_runtime" = runc ] || _more=--cgroup-manager=disabled
	echo "{\"shared_layout\": true, \"runtimes\": [\"$_runtime\"]}" >"$work/config.json"
	unshare -m sh -c '[ "$0" = runc ] || mount -t cgroup2 none /sys/fs/cgroup; exec "$@"' "$_runtime" \
		"$KSM_HOOK" runtime --config "$work/config.json" $_more "$@" </dev/null >"$work/out" 2>&1
}

# make ANNOTATIONS
make() { bundle_make "$work/b" "$work/root" "$hooks" "$1" /bin/true; }

# deleted RUNTIME: when the container has ended
deleted() {
	wrapper "$1" delete "$id" 2>/dev/null
	[ -e "$work/seen/poststop" ]
}

# hooks RUNTIME ANNOTATIONS: by run, then by create, start and delete; what each has seen goes to
# $work/seen.run and $work/seen.create
hooks() {
	make "$2"
	wrapper "$1" run -b "$work/b" "$id"
	rm -rf "$work/seen.run" "$work/seen.create"
	mv "$work/seen" "$work/seen.run"
	mkdir "$work/seen"
	wrapper "$1" create -b "$work/b" "$id"
	wrapper "$1" start "$id"
	wait_for 60 deleted "$1"
	mv "$work/seen" "$work/seen.create"
	mkdir "$work/seen"
}

# saw PATTERN STAGE...: each of these hooks ran once and found this
saw() {
	_pattern=$1
	shift
	for _stage; do
		_found=$(cat "$work/seen.$_stage" 2>/dev/null)
		# shellcheck disable=SC2254 # a pattern
		case $_found in
		$_pattern) assertTrue true ;;
		*) fail "$_runtime, $_stage: '$_found', not '$_pattern': $(cat "$work/out")" ;;
		esac
	done
}

testWhoDidNotAsk() {
	for _rt in runc crun; do
		hooks $_rt '{"io.ksm.merge":"false"}'
		saw "$own" run/prestart run/createRuntime run/poststart run/poststop \
			create/prestart create/createRuntime create/poststart create/poststop
	done
}

# docs/security.md says so: what is the runtime's child has what the runtime has
testWhatIsInherited() {
	for _rt in runc crun; do
		hooks $_rt '{"io.ksm.merge":"true"}'
		saw "${own% no} yes" run/prestart run/createRuntime run/poststart run/poststop \
			create/prestart create/createRuntime
		hooks $_rt "{\"io.ksm.merge\":\"true\",\"io.ksm.layout\":\"shared\",\"io.ksm.group\":\"$id\"}"
		# no stack of a usual limit has so many digits
		saw "00040000 [0-9][0-9][0-9][0-9][0-9][0-9]* yes" run/prestart run/createRuntime run/poststart run/poststop \
			create/prestart create/createRuntime
	done
}

# only what makes the container is mergeable: what is called for it later is not
testWhatIsNot() {
	_asks="{\"io.ksm.merge\":\"true\",\"io.ksm.layout\":\"shared\",\"io.ksm.group\":\"$id\"}"
	hooks runc "$_asks"
	saw "$own" create/poststop
	hooks crun "$_asks"
	saw "$own" create/poststart create/poststop
}

. "$(dirname "$0")/../lib/common.sh"
