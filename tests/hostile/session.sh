#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Exec sessions by the wrapper: whether the container is mergeable is found by the runtime's state,
# and of that only what nobody but root can have written is believed.
# needs: config

suite_setup() {
	printf '#!/bin/sh\nexec cat /proc/self/ksm_stat\n' >"$work/crun"
	chmod 755 "$work/crun"
	echo "{\"runtimes\":[\"$work/crun\"]}" >"$work/config.json"
	# the init of a container that is mergeable, and one that is not
	"$KSM_HOOK" run -- sleep 1000 >/dev/null 2>&1 &
	merged=$!
	sleep 1000 &
	plain=$!
	_merged() { grep -q 'ksm_merge_any: yes' "/proc/$merged/ksm_stat"; }
	wait_for 20 _merged
}

suite_teardown() {
	kill "$merged" "$plain"
}

# start_of PID: field 22 of its stat
start_of() {
	sed 's/.*) //' "/proc/$1/stat" | cut -d' ' -f20
}

# recorded PID [START]: the state of the container box below $work/xdg, as crun and runc keep it
recorded() {
	rm -rf "$work/xdg"
	mkdir -p "$work/xdg/crun/box"
	chmod -R go-w "$work/xdg"
	echo "{\"pid\":$1,\"process-start-time\":${2:-$(start_of "$1")}}" >"$work/xdg/crun/box/status"
}

# session ANSWER WHAT [WORD...]: a session in box; is it mergeable?
session() {
	_want=$1 _what=$2
	shift 2
	out=$(XDG_RUNTIME_DIR=$work/xdg timeout 60 "$KSM_HOOK" runtime --config "$work/config.json" "$@" \
		exec box true 2>&1)
	assertContains "$_what: $out" "$out" "ksm_merge_any: $_want"
}

# by the name "runtime", which opts in, an unknown one would be mergeable: as crun's stand-in
stand_in() {
	_want=$1 _what=$2
	shift 2
	rm -rf "${work:?}/etc" && mkdir "$work/etc" && cp "$work/config.json" "$work/etc/"
	out=$(XDG_RUNTIME_DIR=$work/xdg timeout 60 unshare -m sh -c 'mount --bind "$0" /etc/ksm-hook && exec "$@"' \
		"$work/etc" "$work/stand-in/crun" "$@" exec box true 2>&1)
	assertContains "$_what: $out" "$out" "ksm_merge_any: $_want"
}

each_setup() {
	config_folder_take
	mkdir -p "$work/stand-in"
	ln -sf "$KSM_HOOK" "$work/stand-in/crun"
}

each_teardown() {
	config_folder_leave
}

testWhatTheRuntimeWroteCounts() {
	recorded $merged
	stand_in yes "by the environment"
	stand_in yes "by --root" --root "$work/xdg/crun"
	recorded $plain
	stand_in no "not mergeable"
	session no "not mergeable, and it chose the wrapper"
	# runc's words
	recorded $merged
	echo "{\"init_process_pid\":$merged,\"init_process_start\":$(start_of $merged)}" >"$work/xdg/crun/box/state.json"
	rm "$work/xdg/crun/box/status"
	stand_in yes "runc's words"
}

# /run, on a tmpfs that was mounted without a mode: nobody can replace what is root's in it.
testAStickyDirectoryAroundIt() {
	recorded $merged
	chmod 1777 "$work/xdg"
	stand_in yes "1777 xdg"
	chown nobody "$work/xdg/crun"
	stand_in no "1777 xdg, and somebody else's crun"
	chown root "$work/xdg/crun"
}

testWhatOthersCanWriteDoesNot() {
	for _what in "chown nobody xdg" "chown nobody xdg/crun" "chown nobody xdg/crun/box" \
		"chown nobody xdg/crun/box/status" "chmod g+w xdg" "chmod o+w xdg/crun" \
		"chmod 1777 xdg/crun" "chmod g+w xdg/crun/box" "chmod o+w xdg/crun/box/status"; do
		recorded $merged
		# shellcheck disable=SC2086 # words
		(cd "$work" && $_what)
		stand_in no "$_what"
		case $_what in *xdg) continue ;; esac
		stand_in no "$_what, by --root" --root "$work/xdg/crun"
	done
	for _link in crun/box crun/box/status; do
		recorded $merged
		mv "$work/xdg/$_link" "$work/elsewhere"
		ln -s "$work/elsewhere" "$work/xdg/$_link"
		stand_in no "a link at $_link"
		rm -rf "$work/elsewhere"
	done
	for _kind in fifo directory; do
		recorded $merged
		rm "$work/xdg/crun/box/status"
		case $_kind in
		fifo) mkfifo "$work/xdg/crun/box/status" ;;
		directory) mkdir "$work/xdg/crun/box/status" ;;
		esac
		stand_in no "a $_kind"
	done
}

# the number has become another's, or never was one
testAnotherProcessIsNotTheInit() {
	recorded $merged $(($(start_of $merged) - 1))
	stand_in no "it started at another time"
	recorded $merged 0
	stand_in no "no time"
	echo "{\"pid\":$merged}" >"$work/xdg/crun/box/status"
	stand_in no "no time at all"
	for _pid in 0 -1 1.5 4194305 99999999999 '"1"' null; do
		recorded $merged
		echo "{\"pid\":$_pid,\"process-start-time\":$(start_of $merged)}" >"$work/xdg/crun/box/status"
		stand_in no "process $_pid"
	done
	sleep 1000 &
	_gone=$!
	recorded $_gone
	kill $_gone
	wait $_gone 2>/dev/null
	stand_in no "it has ended"
}

# runc's root does not look at the environment, so whoever can set it does not mislead it
testRuncsRootLooksInRun() {
	recorded $merged
	mv "$work/xdg/crun" "$work/xdg/runc"
	ln -sf "$KSM_HOOK" "$work/stand-in/runc"
	cp "$work/crun" "$work/runc"
	sed "s|$work/crun|$work/runc|" "$work/config.json" >"$work/runc.json"
	rm -rf "${work:?}/etc" && mkdir "$work/etc" && cp "$work/runc.json" "$work/etc/config.json"
	out=$(XDG_RUNTIME_DIR=$work/xdg timeout 60 unshare -m sh -c 'mount --bind "$0" /etc/ksm-hook && exec "$@"' \
		"$work/etc" "$work/stand-in/runc" exec box true 2>&1)
	assertContains "$out" "$out" "ksm_merge_any: no"
}

. "$(dirname "$0")/../lib/common.sh"
