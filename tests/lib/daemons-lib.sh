# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh disable=SC2154 # top is the suite's
# Daemons in namespaces of their own (lib/daemons), started and ended by a suite; one at a time.

# daemons_start DIR [COMMAND...]: in the background, as $daemon; what they say goes to DIR/log
daemons_start() {
	"$top/tests/lib/daemons" "$@" >"$1/log" 2>&1 </dev/null &
	daemon=$!
}

# daemons_inside COMMAND...: where they are, whose /run, /etc and fifos are their own
daemons_inside() {
	nsenter -t "$(tr -d ' ' <"/proc/$daemon/task/$daemon/children")" -m -p "$@"
}

# daemons_end [CGROUP...]: with all that they started, and the cgroups that this was in
daemons_end() {
	[ -n "${daemon:-}" ] || return 0
	kill -KILL "$daemon"
	wait "$daemon" 2>/dev/null
	daemon=
	for _cgroup; do
		wait_for 60 cgroup_removed "$_cgroup" 2>/dev/null
	done
}
