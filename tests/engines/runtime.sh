#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The runtime wrapper in front of real runc and crun, by hand and under podman.
# needs: containers config

suite_setup() {
	. "$top/tests/lib/bundle.sh"
	. "$top/tests/lib/podman-lib.sh"
	. "$top/tests/lib/user-lib.sh"
	root=$work/root
	rootfs_make "$root"
	mkdir "$work/bin" "$work/private"
	for _name in runc crun; do
		ln -s "$KSM_HOOK" "$work/bin/ksm-$_name"
		ln -s "$KSM_HOOK" "$work/private/$_name"
	done
	gcc -D_GNU_SOURCE -O1 -static -o "$work/tell" "$top/tests/programs/tell.c"
	tar -C "$root" -cf "$work/image.tar" .
	user_make
	config_folder_take
	id=ksmwrap-$$
}

# with_config JSON COMMAND...: the file that the runtimes' names read
with_config() {
	rm -rf "${work:?}/etc" && mkdir "$work/etc" && echo "$1" >"$work/etc/config.json"
	shift
	unshare -m sh -c 'mount --bind "$0" /etc/ksm-hook && exec "$@"' "$work/etc" "$@"
}

bundle() {
	bundle_make "$work/b" "$root" '{}' "$@"
}

# run COMMAND...: a container by a wrapper; its output in $out
run() {
	out=$("$@" run -b "$work/b" "$id" 2>&1)
}

show='/bin/cat /proc/self/ksm_stat'

testChosenByName() {
	for _a in '{}' '{"io.ksm.merge":"true"}' '{"io.ksm.merge":"maybe"}'; do
		bundle "$_a" $show
		run "$work/bin/ksm-runc"
		says_merged "ksm-runc $_a" yes
		run "$KSM_HOOK" runtime
		says_merged "ksm-hook runtime $_a" yes
		run v2_tree "$work/bin/ksm-crun" --cgroup-manager=disabled
		says_merged "ksm-crun $_a" yes
	done
	bundle '{"io.ksm.merge":"false"}' $show
	run "$work/bin/ksm-runc"
	says_merged "the container says no" no
	run v2_tree "$work/bin/ksm-crun" --cgroup-manager disabled
	says_merged "crun's says no" no
}

testInARuntimesPlace() {
	for _a in '{}' '{"io.ksm.merge":"false"}' '{"io.ksm.merge":"maybe"}'; do
		bundle "$_a" $show
		run "$work/private/runc"
		says_merged "runc $_a" no
		run v2_tree "$work/private/crun" --cgroup-manager=disabled
		says_merged "crun $_a" no
	done
	bundle '{"io.ksm.merge":"true"}' $show
	run "$work/private/runc"
	says_merged "runc asked" yes
	run v2_tree "$work/private/crun" --cgroup-manager=disabled
	says_merged "crun asked" yes
}

testConfigJsonHasTheLastWord() {
	bundle '{"team":"payments"}' $show
	run with_config '{"containers":"all"}' "$work/private/runc"
	says_merged all yes
	run with_config '{"containers":"none"}' "$work/bin/ksm-runc"
	says_merged none no
	run with_config '{"deny":[{"annotation":"team","match":"pay*"}]}' "$work/bin/ksm-runc"
	says_merged denied no
	run with_config '{"deny":[{"annotation":"team","match":"x*"}]}' "$work/bin/ksm-runc"
	says_merged "not denied" yes
	run with_config '{"allow":[{"annotation":"team","match":"x*"}]}' "$work/bin/ksm-runc"
	says_merged "not allowed" no
	bundle '{"io.ksm.merge":"true"}' $show
	run with_config '{"containers":"none"}' "$work/private/runc"
	says_merged "none, asked" no
}

# an exec session is what its container is, whoever starts it
sessions() {
	_wrap=$1 _a=$2 _want=$3
	shift 3
	bundle "$_a" /bin/sleep 60
	v2_tree "$work/$_wrap" "$@" run -d -b "$work/b" "$id" </dev/null >/dev/null 2>&1
	out=$(v2_tree "$work/$_wrap" "$@" exec -e X=1 "$id" $show 2>&1)
	says_merged "$_wrap exec $_a" "$_want"
	# and by the other kind of name
	case $_wrap in
	bin/ksm-*) _wrap=private/${_wrap#bin/ksm-} ;;
	*) _wrap=bin/ksm-${_wrap#private/} ;;
	esac
	out=$(v2_tree "$work/$_wrap" "$@" exec "$id" $show 2>&1)
	says_merged "$_wrap exec $_a" "$_want"
	v2_tree "$work/$_wrap" "$@" delete -f "$id"
}

testExecSessionsOfRunc() {
	sessions bin/ksm-runc '{}' yes
	sessions bin/ksm-runc '{"io.ksm.merge":"false"}' no --root "$work/state"
	sessions private/runc '{}' no
	sessions private/runc '{"io.ksm.merge":"true"}' yes --root="$work/state" --log "$work/log" --log-format json
}

testExecSessionsOfCrun() {
	sessions bin/ksm-crun '{}' yes --cgroup-manager=disabled
	sessions private/crun '{}' no --cgroup-manager disabled --root "$work/cstate"
	sessions private/crun '{"io.ksm.merge":"true"}' yes --cgroup-manager disabled --root="$work/cstate"
}

# the lifecycle, in the words of containerd's shim
testCreateStartKillDelete() {
	bundle '{}' /bin/sh -c 'cat /proc/self/ksm_stat; exec sleep 60'
	set -- "$work/bin/ksm-runc" --root "$work/state" --log "$work/log" --log-format json
	"$@" create --bundle "$work/b" --pid-file "$work/pid" "$id" >"$work/said" 2>&1 </dev/null
	_ended=$?
	assertEquals "$(cat "$work/said")" 0 $_ended
	assertContains "$(cat "/proc/$(cat "$work/pid")/ksm_stat")" "ksm_merge_any: yes"
	"$@" start "$id"
	_said() { grep -q any "$work/said"; }
	wait_for 30 _said
	out=$(cat "$work/said")
	says_merged "the workload" yes
	assertEquals running "$("$@" state "$id" | jq -r .status)"
	"$@" kill "$id" KILL
	_stopped() { [ "$("$@" state "$id" | jq -r .status)" = stopped ]; }
	wait_for 30 _stopped "$@"
	"$@" delete "$id"
	assertEquals 0 $?
	# from within the bundle
	bundle '{"io.ksm.merge":"true"}' $show
	out=$(cd "$work/b" && "$work/private/runc" run "$id" 2>&1)
	says_merged "bundle by the working directory" yes
}

# arguments, environment, descriptors, signals, processors, children and the exit status
testNothingIsEatenOrAdded() {
	cp "$work/tell" "$work/own-runtime"
	echo "{\"runtimes\":[\"$work/own-runtime\"]}" >"$work/runtimes.json"
	bundle '{}' $show
	for _words in "--version" "features" "frobnicate --all x" "--strange 1 create --bundle $work/b y" \
		"create --bundle $work/b y" "run -b $work/b -- -x" "exec -t y sh -c create" "--help" "" "-h"; do
		for _how in direct wrapped; do
			_first="$KSM_HOOK runtime --config $work/runtimes.json"
			[ $_how = wrapped ] || _first=$work/own-runtime
			# shellcheck disable=SC2086 # words
			(cd "$work" && trap '' USR2 && umask 027 &&
				env -i A=1 "B=with blank" LD_PRELOAD= sh -c 'exec "$@"' sh \
					$_first $_words 5<"$work/tell" 7>>"$work/seven" >"$work/$_how")
			assertEquals "$_how $_words" 42 $?
		done
		assertEquals "<$_words>" "$(cat "$work/direct")" "$(cat "$work/wrapped")"
		assertContains "$(cat "$work/wrapped")" "descriptor 7:"
	done
	assertContains "words that are not split" \
		"$("$KSM_HOOK" runtime --config "$work/runtimes.json" run "a  b" '' "c
d" | tr '\n' '~')" "<a  b>~argument 3: <>~argument 4: <c~d>"
}

# whatever stands in the directories where runtimes are looked for
in_local_sbin() {
	unshare -m sh -c 'mount -t tmpfs none /usr/local/sbin && eval "$0" && exec "$@"' "$@" 2>&1
}

testItNeverFindsItself() {
	bundle '{}' $show
	for _how in "ln -s $KSM_HOOK" "cp $KSM_HOOK" "ln -s $work/bin/ksm-runc"; do
		out=$(in_local_sbin "$_how /usr/local/sbin/runc" \
			/usr/local/sbin/runc run -b "$work/b" "$id")
		says_merged "$_how" no
		out=$(in_local_sbin "$_how /usr/local/sbin/runc" \
			"$work/bin/ksm-runc" run -b "$work/b" "$id")
		says_merged "$_how, chosen" yes
	done
	ln "$KSM_HOOK" "$BUILD/hard-runc" && mkdir "$BUILD/hard" && mv "$BUILD/hard-runc" "$BUILD/hard/runc"
	echo "{\"runtimes\":[\"$BUILD/hard/runc\"]}" >"$work/self.json"
	out=$(timeout 5 "$KSM_HOOK" runtime --config "$work/self.json" state x 2>&1)
	assertEquals "$out" 1 $?
	assertContains "$out" "$out" "$BUILD/hard/runc is ksm-hook itself"
	rm -r "$BUILD/hard"
}

testCirclesThroughScriptsEnd() {
	printf '#!/bin/sh\nexec "%s" "$@"\n' "$work/bin/ksm-runc" >"$work/script"
	out=$(timeout 10 unshare -m sh -c 'mount -t tmpfs none /usr/local/sbin &&
		install -m 755 "$0/script" /usr/local/sbin/runc && exec "$0/bin/ksm-runc" state x' "$work" 2>&1)
	assertEquals "$out" 1 $?
	assertContains "$out" "$out" "leads back to ksm-hook"
	# a script that does not come back is as good a runtime as any
	printf '#!/bin/sh\nexec /usr/sbin/runc "$@"\n' >"$work/script"
	bundle '{}' $show
	out=$(unshare -m sh -c 'mount -t tmpfs none /usr/local/sbin &&
		install -m 755 "$0/script" /usr/local/sbin/runc && exec "$0/bin/ksm-runc" run -b "$0/b" "$1"' "$work" "$id" 2>&1)
	says_merged "a script" yes
}

testNoRuntimeIsSaid() {
	echo '{"runtimes":["no-such-runtime"]}' >"$work/none.json"
	out=$("$KSM_HOOK" runtime --config "$work/none.json" --log "$work/none.log" --log-format json state x 2>&1)
	assertEquals "$out" 1 $?
	assertContains "$out" "$out" 'no runtime "no-such-runtime" in /usr/local/sbin:'
	assertEquals error "$(jq -r .level "$work/none.log")"
	assertContains "$(jq -r .msg "$work/none.log")" "install it"
}

# A configuration that says nothing merges nothing, and containers start.
testBrokenConfigFailsOpen() {
	bundle '{"io.ksm.merge":"true"}' $show
	for _name in bin/ksm-runc private/runc; do
		rm -f "$work/log"
		out=$(with_config '{"containers":' "$work/$_name" --log "$work/log" run -b "$work/b" "$id" 2>/dev/null)
		says_merged "$_name" no
		assertContains "$(cat "$work/log")" 'level=warning msg="ksm-hook[runtime]'
		assertContains "$(cat "$work/log")" " reason=config-invalid: "
	done
	# the container's own word for "required" counts all the same
	bundle '{"io.ksm.merge":"true","io.ksm.required":"true"}' $show
	out=$(with_config '{"containers":' "$work/private/runc" run -b "$work/b" "$id" 2>&1)
	assertEquals "$out" 1 $?
	assertContains "$out" "$out" " reason=config-invalid: "
}

# who got into the parser by way of the bundle gets no further, and the container starts
testParserTakenOver() {
	bundle '{"io.ksm.merge":"true"}' $show
	for _fault in open socket crash lie; do
		rm -f "$work/log"
		out=$(KSM_FAULT=parser:$_fault "$BUILD/ksm-hook-faults" runtime --log "$work/log" run -b "$work/b" "$id" 2>&1)
		says_merged "$_fault" no
		assertContains "$_fault: $(cat "$work/log")" "$(cat "$work/log")" " reason=parser-"
	done
}

old_kernel=$(dirname "$0")/../lib/no-prctl

# 6.3 and before: said in the runtime's log and not on the container's stderr
testKernelWithoutThePrctl() {
	bundle '{}' /bin/echo started
	rm -f "$work/log"
	out=$("$old_kernel" "$KSM_HOOK" runtime --library "$work/none.so" --log "$work/log" --log-format json \
		run -b "$work/b" "$id" 2>&1)
	assertEquals started "$out"
	assertEquals warning "$(jq -r .level "$work/log" | sort -u)"
	assertContains "$(jq -r .msg "$work/log")" " reason=preload-library: "
	assertContains "$(jq -r .msg "$work/log")" "$work/none.so: No such file"
	assertNotContains "$(jq -r '.time | fromdate' "$work/log")" null
	out=$("$old_kernel" "$KSM_HOOK" runtime --library "$work/none.so" run -b "$work/b" "$id" 2>/dev/null)
	assertEquals started "$out"
}

# There config.json gets the preload library, once, and keeps all else to the digit.
testKernelWithoutThePrctlGetsTheLibrary() {
	[ -e "$root/usr/bin/cat" ] || rootfs_add "$root" /usr/bin/cat
	bundle '{}' /usr/bin/cat /proc/self/smaps
	jq '.unknown = {"number": "NUMBER"} | .hooks = {"prestart": [{"path": "/bin/true"}]}' "$work/b/config.json" |
		sed 's/"NUMBER"/1.10e+2/' >"$work/b/new"
	mv "$work/b/new" "$work/b/config.json"
	chmod 640 "$work/b/config.json"
	cp "$work/b/config.json" "$work/before.json"
	for _round in 1 2; do
		out=$("$old_kernel" "$KSM_HOOK" runtime --library "$BUILD/libksm_preload.so" \
			run -b "$work/b" "$id" 2>&1)
		assertTrue "$_round: $out" "echo '$out' | grep -q 'VmFlags:.* mg'"
		[ $_round = 2 ] || cp "$work/b/config.json" "$work/after.json"
	done
	cmp "$work/after.json" "$work/b/config.json"
	assertEquals "once" 0 $?
	assertEquals "added, and nothing else" "$(jq -S . "$work/before.json")" "$(jq -S \
		'.process.env -= ["LD_PRELOAD=/dev/ksm-hook/libksm_preload.so"] |
		 .mounts |= map(select(.destination != "/dev/ksm-hook/libksm_preload.so"))' "$work/after.json")"
	assertEquals 1 "$(grep -c '1\.10e+2' "$work/after.json")"
	assertEquals "mode" 640 "$(stat -c %a "$work/b/config.json")"
	assertEquals "config.json" "$(ls -A "$work/b")"
	# in runc's place, one that did not ask keeps its file untouched, one that asked does not
	cp "$work/before.json" "$work/b/config.json"
	"$old_kernel" "$work/private/runc" run -b "$work/b" "$id" >/dev/null 2>&1
	cmp "$work/before.json" "$work/b/config.json"
	assertEquals "did not ask" 0 $?
}

testRequiredRefuses() {
	bundle '{"io.ksm.required":"true"}' /bin/echo started
	for _format in json text; do
		rm -f "$work/log"
		out=$("$old_kernel" "$KSM_HOOK" runtime --library "$work/none.so" --log "$work/log" --log-format $_format \
			run -b "$work/b" "$id" 2>&1)
		assertEquals "$out" 1 $?
		assertNotContains "$out" "$out" started
		assertContains "$out" "$out" " reason=preload-library: "
		case $_format in
		json) assertEquals error "$(jq -r .level "$work/log")" ;;
		text) assertContains "$(cat "$work/log")" 'level=error msg="ksm-hook[' ;;
		esac
	done
	# what did not ask is not refused
	out=$("$old_kernel" "$work/private/runc" run -b "$work/b" "$id" 2>&1)
	assertEquals started "$out"
}

testPodman() {
	podman_in "$work/r" import "$work/image.tar" image >/dev/null 2>&1
	for _case in "bin/ksm-runc yes" "private/runc no" "private/runc yes --annotation io.ksm.merge=true"; do
		# shellcheck disable=SC2086
		set -- $_case
		_wrap=$work/$1 _want=$2
		shift 2
		podman_in "$work/r" --runtime "$_wrap" run -d --name c "$@" $limits image sleep 60 >"$work/said" 2>&1
		_ended=$?
		assertEquals "$(cat "$work/said")" 0 $_ended
		out=$(podman_in "$work/r" --runtime "$_wrap" exec c $show 2>&1)
		says_merged "podman exec: $_case" "$_want"
		podman_in "$work/r" --runtime "$_wrap" restart -t 0 c >/dev/null 2>&1
		out=$(podman_in "$work/r" --runtime "$_wrap" exec c cat /proc/1/ksm_stat 2>&1)
		says_merged "podman restart: $_case" "$_want"
		podman_in "$work/r" --runtime "$_wrap" rm -t 0 -f c >/dev/null 2>&1
	done
}

# where injecting is refused: crun makes itself undumpable
testRootlessCrun() {
	rm -rf "$work/plain" "$work/xdg"
	mkdir -m 700 "$work/plain" "$work/xdg"
	runc spec --rootless -b "$work/plain"
	jq --arg root "$root" --arg uid "$uid" --arg gid "$gid" \
		'.process.terminal = false | .root.path = $root |
		 .linux.uidMappings[0].hostID = ($uid | tonumber) |
		 .linux.gidMappings[0].hostID = ($gid | tonumber) |
		 .process.args = ["/bin/cat", "/proc/self/ksm_stat"]' \
		"$work/plain/config.json" >"$work/plain/new"
	mv "$work/plain/new" "$work/plain/config.json"
	chown -R $user "$work/plain" "$work/xdg"
	out=$(v2_tree setpriv --reuid "$uid" --regid "$gid" --init-groups env -i PATH="$PATH" \
		XDG_RUNTIME_DIR="$work/xdg" "$work/bin/ksm-crun" --cgroup-manager=disabled \
		run -b "$work/plain" "$id" 2>&1)
	says_merged "rootless crun" yes
}

testRootlessPodmanCrun() {
	rm -rf "${work:?}/home" "$work/xdg"
	mkdir -m 700 "$work/home" "$work/xdg"
	chown $user "$work/home" "$work/xdg"
	{
		podman_here
		cat <<-E
			cd "$work/home"
			podman_in "$work/home" import "$work/image.tar" image >/dev/null 2>&1
			podman_in "$work/home" --runtime "$work/private/crun" run -d --name c --cgroups disabled $limits \
				--annotation io.ksm.merge=true image sleep 60 >/dev/null
			podman_in "$work/home" --runtime "$work/private/crun" exec c $show
			podman_in "$work/home" --runtime "$work/private/crun" rm -t 0 -f c >/dev/null
			podman_in "$work/home" system migrate
		E
	} >"$work/rootless.sh"
	out=$(v2_tree setpriv --reuid $user --regid $user --init-groups env -i \
		HOME="$work/home" PATH="$PATH" XDG_RUNTIME_DIR="$work/xdg" sh "$work/rootless.sh" 2>&1)
	says_merged "rootless podman exec" yes
}

suite_teardown() {
	user_remove
	podman_in "$work/r" rm -fa -t 0 >/dev/null 2>&1
	umount -R "$work/r/storage" 2>/dev/null
	runc delete -f "$id" >/dev/null 2>&1
	config_folder_leave
	rm -rf "$BUILD/hard"
	true
}

. "$(dirname "$0")/../lib/common.sh"
