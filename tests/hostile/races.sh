#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Somebody exchanges, as fast as he can, what a name stands for that root opens; the clock is set
# back; cgroups vanish while they are looked at. races-soak.sh has 10,000 rounds of each race.
# needs: containers
# shellcheck disable=SC2317 # functions are called by name

: "${ROUNDS:=60}"

suite_setup() {
	cgroups=$(awk '$3 == "cgroup2" { print $2; exit }' /proc/mounts)
	printf '{"ociVersion":"1.0.2","id":"c1","status":"created","pid":1,"bundle":"/b"}' >"$work/state"
	mkdir "$work/dir"
	echo '{}' >"$work/config.json"
	swapping=
}

suite_teardown() {
	swap_end
	umount "$work/v/root" 2>/dev/null
	if [ -n "${cgroups:-}" ]; then
		for _dir in "$cgroups"/lxc.payload.race-*; do
			[ ! -d "$_dir" ] || rmdir "$_dir"
		done
	fi
	true
}

swap_begin() {
	"$BUILD/attach/swap" "$@" >"$work/swaps" 2>"$work/swap.err" &
	swapping=$!
}

swap_end() {
	[ -n "$swapping" ] || return 0
	kill "$swapping" && wait "$swapping"
	swapping=
}

# swapped: it ended well, and went on all the time
swapped() {
	swap_end
	assertEquals "" "$(cat "$work/swap.err")"
	assertTrue "$(cat "$work/swaps") swaps" "[ $(cat "$work/swaps") -gt $ROUNDS ]"
}

rounds() {
	: >"$work/said"
	rounds_more "$@"
}

rounds_more() {
	_i=0
	while [ $_i -lt "$ROUNDS" ]; do
		"$@" >>"$work/said" 2>&1 || echo "status $?" >>"$work/said"
		_i=$((_i + 1))
	done
}

reads_the_configuration() {
	"$KSM_HOOK" createRuntime --config "$work/dir/config.json" <"$work/state"
}

# A directory in which everybody may write, as /tmp is, in which root's configuration lies for a moment,
# and what a user puts in its place for the next: what he wrote is never believed, and nothing waits for
# him. (Others' directories are refused whatever is in them.)
testTheConfiguration() {
	chmod 1777 "$work/dir"
	echo '{"containers": "none", "log": "debug"}' >"$work/dir/config.json"
	echo '{"containers": "all", "log": "debug"}' >"$work/dir/his"
	chown nobody "$work/dir/his"
	ln -s his "$work/dir/link"
	mkfifo "$work/dir/fifo"
	swap_begin "$work/dir/config.json" "$work/dir/his" "$work/dir/link" "$work/dir/fifo"
	rounds reads_the_configuration
	# on a busy machine the two take turns by whole time slices: until each of his files was met
	_more=0
	while [ $_more -lt 100 ] && ! { grep -q 'must belong to root' "$work/said" &&
		grep -q 'not a regular file' "$work/said"; }; do
		rounds_more reads_the_configuration
		_more=$((_more + 1))
	done
	swapped
	assertEquals "believed" "" "$(grep -v 'must belong to root\|not a regular file\|reason=config' "$work/said" | head -n 3)"
	assertContains "the race is one" "$(cat "$work/said")" "must belong to root"
	assertContains "$(cat "$work/said")" "not a regular file"
	# what would be seen
	chown root "$work/dir/his"
	cp "$work/dir/his" "$work/dir/config.json"
	assertContains "$(reads_the_configuration 2>&1)" "not a child of the runtime"
}

edits_the_spec() {
	"$KSM_HOOK" precreate --library "$BUILD/libksm_preload.so" --config "$work/config.json" <"$work/spec" >/dev/null
}

# The directory of a container's program is a link out of its root every other moment. The
# program there is static, which would be told.
testTheProgramOfAContainer() {
	mkdir -p "$work/outside" "$work/r/bin" "$work/r/in"
	cp "$BUILD/attach/nothing" "$work/outside/prog"
	cp /bin/true "$work/r/bin/prog"
	cp "$BUILD/attach/nothing" "$work/r/in/prog"
	ln -s ../outside "$work/r/relative"
	ln -s "$work/outside" "$work/r/absolute"
	ln -s /proc/self/root"$work/outside" "$work/r/magic"
	jq -n --arg root "$work/r" '{ociVersion: "1.0.2", annotations: {"io.ksm.merge": "true", "io.ksm.method": "preload"},
		root: {path: $root}, process: {args: ["/bin/prog"], env: ["A=b"]},
		mounts: [{destination: "/dev", type: "tmpfs", source: "tmpfs"}]}' >"$work/spec"
	swap_begin "$work/r/bin" "$work/r/relative" "$work/r/absolute" "$work/r/magic"
	rounds edits_the_spec
	swapped
	assertNotContains "$(cat "$work/said")" "linked statically"
	assertNotContains "$(cat "$work/said")" "status"
	# what would be seen
	rm -r "$work/r/bin"
	ln -s in "$work/r/bin"
	assertContains "$(edits_the_spec 2>&1)" "linked statically"
}

# OpenVZ mounts into the container's root, whose etc and usr/lib lead to the host's.
testOpenvz() {
	mkdir -p "$work/v/root" "$work/v/lib" "$work/v/lib32" "$work/v/host/etc" "$work/v/host/lib"
	mount -t tmpfs tmpfs "$work/v/root"
	mkdir -p "$work/v/root/etc" "$work/v/root/usr/lib"
	cp "$BUILD/libksm_preload.so" "$work/v/lib/"
	printf 'VE_ROOT="%s"\n' "$work/v/root" >"$work/v/vz.conf"
	echo 'KSM_MERGE="yes"' >"$work/v/1.conf"
	: >"$work/v/host/etc/ld.so.preload"
	ln -s "$work/v/host/etc" "$work/v/root/link"
	ln -s "$work/v/host/lib" "$work/v/root/usr/link"
	# in a mount namespace of its own: mount, say what is mounted at the host's, unmount
	cat >"$work/v/often" <<'SH'
#!/bin/sh
mount -t tmpfs tmpfs /run
i=0
while [ $i -lt "$3" ]; do
	"$1/ksm-openvz" mount "$2/vz.conf" "$2/lib" "$2/lib32"
	while read -r line; do
		case $line in
		*"$2/host"*) echo "outside: $line" ;;
		*"$2/root/etc/ld.so.preload"*) echo "inside: $line" ;;
		esac
	done </proc/self/mountinfo
	"$1/ksm-openvz" umount "$2/vz.conf" "$2/lib" "$2/lib32"
	i=$((i + 1))
done
SH
	export VEID=1 VE_CONFFILE="$work/v/1.conf"
	swap_begin "$work/v/root/etc" "$work/v/root/link"
	"$BUILD/attach/swap" "$work/v/root/usr/lib" "$work/v/root/usr/link" >/dev/null 2>&1 &
	other=$!
	unshare --mount --propagation private sh "$work/v/often" "$BUILD" "$work/v" "$ROUNDS" >"$work/said" 2>&1
	kill $other && wait $other
	swapped
	# what would be seen
	_once=$(unshare --mount --propagation private sh "$work/v/often" "$BUILD" "$work/v" 1 2>&1)
	assertContains "$_once" "inside: "
	unset VEID VE_CONFFILE
	assertEquals "on the host" "" "$(grep -F "outside: " "$work/said" | head -n 3)"
	assertContains "the race is one" "$(cat "$work/said")" "in the container"
	assertEquals "etc/ld.so.preload" "$(cd "$work/v/host" && find . -type f | sed 's|^./||')"
	assertEquals "" "$(cat "$work/v/host/etc/ld.so.preload" && ls "$work/v/host/lib")"
}

# The clock was set back by a year: what was stored of containers that have ended still goes.
testTheClockIsSetBack() {
	mkdir -p /run/ksm-hook/containers
	_old=/run/ksm-hook/containers/race-ended-$$
	printf 'init 1 1\ncontainer race\n' >"$_old"
	touch -d '+1 year' "$_old" /run/ksm-hook/containers/.collected
	# any start that stores a name
	_id=race-new-$$
	sleep 60 &
	_pid=$!
	printf '{"ociVersion":"1.0.2","id":"%s","status":"created","pid":%d,"bundle":"/run/io.containerd.runtime.v2.task/k8s.io/%s",
		"annotations":{"io.ksm.merge":"true","io.kubernetes.cri.sandbox-namespace":"n","io.kubernetes.cri.sandbox-name":"p",
		"io.kubernetes.cri.container-name":"c"}}' $_id $_pid $_id >"$work/named"
	"$KSM_HOOK" createRuntime --config "$work/config.json" <"$work/named" >"$work/out" 2>&1
	kill $_pid && wait $_pid 2>/dev/null
	assertFalse "$(cat "$work/out")" "[ -e $_old ]"
	rm -f "$_old" "/run/ksm-hook/containers/$_id"
}

# Or forward: what was stored of a container whose first process is there stays, however old it looks.
testTheClockIsSetForward() {
	mkdir -p /run/ksm-hook/containers
	sleep 60 &
	_pid=$!
	_there=/run/ksm-hook/containers/race-there-$$
	_ended=/run/ksm-hook/containers/race-ended-$$
	printf 'init %d %d\ncontainer race\n' $_pid "$(sed 's/.*) //' "/proc/$_pid/stat" | cut -d' ' -f20)" >"$_there"
	printf 'init 1 1\ncontainer race\n' >"$_ended"
	touch -d '-1 year' "$_there" "$_ended" /run/ksm-hook/containers/.collected
	_id=race-new-$$
	printf '{"ociVersion":"1.0.2","id":"%s","status":"created","pid":%d,"bundle":"/run/io.containerd.runtime.v2.task/k8s.io/%s",
		"annotations":{"io.ksm.merge":"true","io.kubernetes.cri.sandbox-namespace":"n","io.kubernetes.cri.sandbox-name":"p",
		"io.kubernetes.cri.container-name":"c"}}' $_id $_pid $_id >"$work/named"
	"$KSM_HOOK" createRuntime --config "$work/config.json" <"$work/named" >"$work/out" 2>&1
	assertTrue "$(cat "$work/out")" "[ -e $_there ]"
	assertFalse "the control: $(cat "$work/out")" "[ -e $_ended ]"
	kill $_pid && wait $_pid 2>/dev/null
	rm -f "$_there" "$_ended" "/run/ksm-hook/containers/$_id"
}

comes_and_goes() {
	while :; do
		for _n in 1 2 3 4; do
			_dir=$cgroups/lxc.payload.race-$_n
			mkdir "$_dir" 2>/dev/null
			sh -c 'echo $$ >"$1/cgroup.procs" && exec "$2"' sh "$_dir" "$BUILD/attach/nothing" 2>/dev/null
			rmdir "$_dir" 2>/dev/null
		done
	done
}

looks() {
	timeout 60 "$KSM_HOOK" ps && timeout 60 "$KSM_HOOK" metrics
}

# Containers whose processes and cgroups come and go: who looks at all sees them or not, and goes on.
testCgroupsVanish() {
	comes_and_goes >/dev/null 2>&1 &
	_churn=$!
	ROUNDS=$((ROUNDS / 10)) rounds looks
	kill $_churn && wait $_churn 2>/dev/null
	assertNotContains "$(cat "$work/said")" "status"
	assertEquals "" "$(grep -a 'ksm-hook: ' "$work/said" | head -n 3)"
	assertContains "the race is one" "$(cat "$work/said")" "ksm_"
}

# Two names that hold every byte which a cgroup's may have.
testNamesWithEveryByte() {
	cat >"$work/bytes" <<'PY'
import json, os, subprocess, sys
cgroups, hook = sys.argv[1], sys.argv[2]
made, sleepers, bad = [], [], []
try:
    for half in (range(1, 128), range(128, 256)):
        name = bytes(b for b in half if b not in b"/\n")
        path = os.fsencode(cgroups) + b"/lxc.payload." + name
        os.mkdir(path)
        made.append(path)
        sleepers.append(subprocess.Popen(["sleep", "300"]))
        with open(path + b"/cgroup.procs", "w") as f:
            f.write(str(sleepers[-1].pid))
        out = subprocess.run([hook.encode(), b"attach", b"lxc:" + name], capture_output=True)
        if out.returncode or b"ksm_merge_any: yes" not in open("/proc/%d/ksm_stat" % sleepers[-1].pid, "rb").read():
            bad.append(("attach", out))
        out = subprocess.run([hook, "ps", "--json"], capture_output=True)
        # bytes that are no character are U+10FE00 plus the byte
        shown = [c["id"] for c in json.loads(out.stdout) if c["engine"] == "lxc"]
        back = [b"".join(bytes([ord(c) & 255]) if ord(c) >= 0x10fe00 else c.encode() for c in i) for i in shown]
        if name not in back:
            bad.append(("ps --json", out.stdout[:300]))
        out = subprocess.run([hook, "ps"], capture_output=True)
        if any(b < 32 and b != 10 or b == 127 for b in out.stdout):
            bad.append(("ps", out.stdout))
        out = subprocess.run([hook, "metrics"], capture_output=True)
        if any(b < 32 and b != 10 or b == 127 for b in out.stdout) or b'engine="lxc"' not in out.stdout:
            bad.append(("metrics", out.stdout[:300]))
finally:
    for s in sleepers:
        s.kill()
        s.wait()
    for path in made:
        os.rmdir(path)
print(bad or "all")
PY
	assertEquals all "$(python3 "$work/bytes" "$cgroups" "$KSM_HOOK" 2>&1)"
}

. "$(dirname "$0")/../lib/common.sh"
