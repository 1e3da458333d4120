# shellcheck shell=sh disable=SC2154 # work, top, BUILD and KSM_HOOK are the suite's
# SPDX-License-Identifier: Apache-2.0
# What a tenant does in a container of a real engine, and what the host's commands make of it, for the
# suites hostile/*-matrix.sh. Of each engine a suite has:
#
#   engine_start KIND NAME COMMAND...    KIND: asks (to be merged), plain, confined (by a seccomp profile), powerful (what hold-lock takes)
#   engine_end NAME                      whether it runs or not
#   engine_id NAME                       as ps shows it
#   engine_init NAME                     its pid, for whom host runs
#   host COMMAND...                      as the administrator, where the engine's processes are seen

# of each command, on a machine that is busy
limit=60

# tenant_setup: the root of all, in $work/root
tenant_setup() {
	. "$top/tests/lib/bundle.sh"
	. "$top/tests/lib/daemons-lib.sh"
	rootfs_make "$work/root"
	cp "$BUILD/attach/many" "$BUILD/attach/escape" "$BUILD/tests/hold-lock" "$work/root/bin"
	for _applet in ln mv mkdir rm seq setsid; do
		ln -sf busybox "$work/root/bin/$_applet"
	done
	mkdir "$work/root/mnt" && chmod 777 "$work/root/mnt"
	mknod -m 666 "$work/root/fuse" c 10 229
	cat >"$work/root/crowd" <<-'S'
		# 3,000 processes beside each other, 500 below each other, 100 that are stopped, one of 30,000
		# mappings; and one that has links lead to the host's files and back, for ever
		sleep 10000 | many processes 3000 &
		sleep 10000 | many chain 500 &
		sleep 10000 | many mappings 30000 &
		for _i in $(seq 100); do
			sleep 10000 &
			kill -STOP $!
		done
		while true; do
			ln -sfn ../../../../../../etc /etc.new && mv -f /etc.new /tmp/etc
			ln -sfn /proc/self/root /etc.new && mv -f /etc.new /tmp/etc
		done
	S
	chmod 755 "$work/root/crowd"
}

# tenant_neighbour: one who asked to be merged, and is to notice nothing
tenant_neighbour() {
	engine_start asks neighbour /bin/sleep 10000
	neighbour=$(engine_init neighbour)
	assertTrue "a process: $neighbour" "[ '$neighbour' -gt 1 ]"
	shadow=$(grep '^root:' /etc/shadow)
	is_well at_first
}

# ends STATUS COMMAND...: of ksm-hook, on the host, in time; $out, $said
ends() {
	_status=$1
	shift
	host timeout -s KILL $limit "$KSM_HOOK" "$@" >"$work/out" 2>"$work/said"
	_rc=$?
	out=$(cat "$work/out") said=$(head -n 20 "$work/said")
	assertEquals "$*: $said" "$_status" $_rc
}

# row NAME FIELD: of what ps --json printed last
row() {
	jq -c --arg id "$(engine_id "$1")" "[.[] | select(.id == \$id)][0].$2" "$work/out"
}

# is_well WHEN: the neighbour is what it was, and is shown so; nothing of the host's has changed
is_well() {
	assertEquals "$1: the neighbour" "$neighbour" "$(engine_init neighbour)"
	assertContains "$1" "$(host cat "/proc/$neighbour/ksm_stat")" "ksm_merge_any: yes"
	ends 0 ps --json
	assertEquals "$1: $out" 1 "$(row neighbour processes)"
	assertEquals "$1: $out" true "$(row neighbour mergeable)"
	assertEquals "$1" "$shadow" "$(grep '^root:' /etc/shadow)"
}

has_crowd() {
	host timeout $limit "$KSM_HOOK" ps --json >"$work/out" 2>"$work/said"
	[ "$(row crowd processes)" -ge 3600 ]
}

# Thousands of processes in every form, and names that are exchanged: each command ends and counts.
tenant_crowd() {
	engine_start plain crowd /bin/sh /crowd
	wait_for $limit has_crowd
	ends 0 metrics
	assertContains "$out" "id=\"$(engine_id crowd)\""
	# 1: something of this host's is broken, as it may be
	host timeout -s KILL $limit "$KSM_HOOK" doctor >"$work/out" 2>"$work/said"
	assertTrue "doctor ends by itself: $?" "[ $? -le 1 ]"
	out=$(cat "$work/out")
	assertContains "$out" "containers are mergeable"
	ends 0 ps --exact
	# who is stopped, or is not reached in time, is told of: then it fails, and has done the others
	host timeout -s KILL $limit "$KSM_HOOK" attach "$(engine_id crowd)" >"$work/attach" 2>&1
	assertTrue "attach ends by itself: $?" "[ $? -le 1 ]"
	ends 0 ps --json
	assertTrue "of $(row crowd processes), mergeable: $(row crowd mergeable_processes): $(tail -n 3 "$work/attach")" \
		"[ $(row crowd mergeable_processes) -ge 3400 ]"
	# what it says is so, but for those that come and go
	_failed=$(sed -n 's/^.* were already, \([0-9]*\) failed.*/\1/p' "$work/attach")
	assertTrue "said to have failed: $_failed" \
		"[ ${_failed:-9999} -le $(($(row crowd processes) - $(row crowd mergeable_processes) + 20)) ]"
	host timeout -s KILL $limit "$KSM_HOOK" detach "$(engine_id crowd)" >"$work/detach" 2>&1
	assertTrue "detach ends by itself: $?" "[ $? -le 1 ]"
	is_well crowd
	# no name below its root, nor by its links, is opened
	host timeout $limit strace -f -qq -e trace=%file -o "$work/opened" "$KSM_HOOK" doctor >"$work/out" 2>&1
	assertTrue "it is traced" "grep -q 'smaps\|cgroup' '$work/opened'"
	assertEquals "" "$(grep -e "$work/root" -e '/proc/[0-9]*/\(root\|cwd\|fd\)/' -e '/tmp/etc' "$work/opened" | head -n 3)"
	engine_end crowd
}

# Its processes keep their own mmap locks, for ever.
tenant_locks() {
	engine_start powerful locks /bin/hold-lock /fuse /mnt 2
	_held() {
		host timeout -s KILL $limit "$KSM_HOOK" ps --json >"$work/out" 2>"$work/said"
		grep -q 'target-unreadable.*hold-lock' "$work/said"
	}
	wait_for $limit _held
	for _command in ps metrics doctor; do
		host timeout -s KILL $limit "$KSM_HOOK" $_command >"$work/out" 2>"$work/said"
		_rc=$?
		assertTrue "$_command ends by itself: $_rc: $(cat "$work/said")" "[ $_rc -le 1 ]"
		assertContains "$_command" "$(cat "$work/said")" "reason=target-unreadable: process "
	done
	host timeout -s KILL $limit "$KSM_HOOK" attach "$(engine_id locks)" "$(engine_id neighbour)" >"$work/out" 2>&1
	assertTrue "attach ends by itself: $?" "[ $? -le 1 ]"
	is_well locks
	engine_end locks
}

# Under a seccomp profile, the engine's own where that has one, it waits for attach to get a call past it.
tenant_window() {
	engine_start confined window /bin/escape
	_init=$(engine_init window)
	_filtered() { host grep -q '^Seccomp:.*2' "/proc/$_init/status"; }
	wait_for 20 _filtered
	_done=0 _tries=0
	while [ $_done -lt 20 ] && [ $_tries -lt 400 ] && [ "$(engine_init window)" = "$_init" ]; do
		_tries=$((_tries + 1))
		if host timeout $limit "$KSM_HOOK" attach "pid:$_init" >"$work/out" 2>&1 &&
			host timeout $limit "$KSM_HOOK" detach "pid:$_init" >"$work/out" 2>&1; then
			_done=$((_done + 1))
		fi
	done
	assertEquals "rounds: $(cat "$work/out")" 20 $_done
	# it ends when one gets through
	assertEquals "it goes on trying" "$_init" "$(engine_init window)"
	assertNotContains "$(engine_says window)" through
	is_well window
	engine_end window
}

# Where it has a cgroup of its own to name others in: each byte that a name may have, and those that
# look like other engines' containers.
tenant_names() {
	engine_start plain names /bin/sleep 10000
	_init=$(engine_init names)
	cat >"$work/name-them" <<-'P'
		import os, subprocess, sys
		pid, hierarchy = sys.argv[1], sys.argv[2]
		line = [l.rstrip("\n").split(":", 2) for l in open("/proc/%s/cgroup" % pid)]
		own = [p for n, c, p in line if c == ("" if hierarchy.endswith("unified") or len(line) == 1 else "memory")][0]
		base = os.fsencode(hierarchy + own)
		made = []
		for b in range(1, 256):
		    if bytes([b]) not in (b"/", b"\n", b"."):
		        made.append(b"n" + bytes([b]))
		made += [b"lxc.payload.$(id>PWNED)", b"docker-" + b"e" * 64 + b".scope", b"crio-" + b"f" * 64 + b".scope", b"-rf", b"*"]
		for name in made:
		    path = base + b"/" + name
		    os.makedirs(path, exist_ok=True)
		p = subprocess.Popen(["sleep", "10000"])
		for name in made:
		    open(base + b"/" + name + b"/cgroup.procs", "w").write(str(p.pid))
		    subprocess.run(sys.argv[3:], stdout=subprocess.DEVNULL, timeout=60) if made.index(name) % 40 == 0 else None
		for command in ("ps", "metrics", "doctor"):
		    for name in made[-5:]:
		        open(base + b"/" + name + b"/cgroup.procs", "w").write(str(p.pid))
		        out = subprocess.run([sys.argv[3], command], capture_output=True, timeout=60)
		        assert out.returncode in (0, 1), (command, name, out)
		        assert all(32 <= c < 127 or c == 10 for c in out.stdout + out.stderr), (command, name, out.stdout)
		p.kill()
		p.wait()
		left = made
		while left:
		    again = []
		    for name in left:
		        try:
		            os.rmdir(base + b"/" + name)
		        except OSError:
		            again.append(name)
		    left = again
		print(len(made), "names")
	P
	host python3 "$work/name-them" "$_init" "$(awk '$3 == "cgroup2" { print $2; exit }' /proc/mounts)" "$KSM_HOOK" ps \
		>"$work/named" 2>&1
	assertContains "$(cat "$work/named")" "257 names"
	assertFalse "no command of a name has run" "[ -e PWNED ]"
	is_well names
	engine_end names
}
