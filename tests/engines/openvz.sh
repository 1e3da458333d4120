#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# OpenVZ: the action scripts, run as vzctl runs them, on real roots, with real mounts
# and real KSM; and installing them.
# needs: containers
# shellcheck disable=SC1091,SC2154 # what common.sh and openvz-lib.sh set
# shellcheck disable=SC2016,SC2086 # text for another shell; words without spaces
if [ -z "${OPENVZ_NAMESPACE:-}" ]; then
	OPENVZ_NAMESPACE=1 exec unshare --mount --propagation private "$0" "$@"
fi
. "$(dirname "$0")/../lib/openvz-lib.sh"

testProcessesOfTheContainerMerge() {
	ksmd_itself
	before=$(manifest "$(private)")
	start
	assertEquals 0 $?
	assertEquals "silent" "" "$(cat "$work/out" "$work/err")"
	assertEquals "$line" "$(vzctl exec $id cat /etc/ld.so.preload)"
	assertEquals yes "$(in_root)"

	echo 5000 >"$ksm/pages_to_scan"
	echo 10 >"$ksm/sleep_millisecs"
	start_sharing=$(cat "$ksm/pages_sharing")
	jobs=
	for i in 1 2; do
		vzctl exec $id 'exec perl -e "\$x = join q(), map { pack q(N1024), (\$_) x 1024 } 1..2500; print 1; sleep 100"' \
			>/dev/null 2>&1 9>&- &
		jobs="$jobs $!"
	done
	wait_for 25 more_than 2000 "$start_sharing"
	assertEquals "pages of two processes merge" 0 $?
	vzctl stop $id
	wait $jobs
	assertEquals "nothing is mounted" "" "$(mounts_below)"
	assertEquals "nothing is left" "$before" "$(manifest "$(private)")"
	assertFalse "no stage is left" "mountpoint -q /run/ksm-openvz/stage"
}

more_than() {
	[ $(($(cat "$ksm/pages_sharing") - $2)) -gt "$1" ]
}

testBothAbisWithoutNoise() {
	cp "$BUILD/tests/openvz_hello32" "$(private)/usr/bin/hello32"
	start
	assertEquals "merges, 64 bit" yes "$(in_root 2>&1)"
	assertEquals "merges, 32 bit" yes "$(vzctl exec $id hello32 2>&1)"
	assertEquals "also for a program that gains privilege" "$line" \
		"$(vzctl exec $id "chmod 4755 /usr/bin/hello32; cat /etc/ld.so.preload")"
	assertEquals yes "$(vzctl exec $id "perl -e '\$> = 1; exec q(hello32)'" 2>&1)"
}

testBusyboxRoot() {
	drop_container
	new_container busybox
	before=$(manifest "$(private)")
	start
	assertEquals 0 $?
	assertEquals "silent" "" "$(cat "$work/out" "$work/err")"
	assertEquals "static programs run as before" "$line" "$(vzctl exec $id cat /etc/ld.so.preload 2>&1)"
	assertEquals "libksm_preload.so" "$(vzctl exec $id ls /usr/lib/ksm-preload/x86_64)"
	vzctl stop $id
	assertEquals "$before" "$(manifest "$(private)")"
}

# The host's kill switch, either file; also for who requires merging.
testTheKillSwitch() {
	mkdir -p /etc/ksm-hook /run/ksm-hook
	echo 'KSM_REQUIRED="yes"' >>$vz/conf/$id.conf
	for _stop in /etc/ksm-hook/stop /run/ksm-hook/stop; do
		ln -s /nowhere $_stop
		before=$(manifest "$(private)")
		start
		assert_not_merging "$_stop" "merging is stopped on this host ($_stop)"
		assertContains "$(cat "$work/err")" "reason=host-stopped"
		assertEquals no "$(in_root)"
		assertEquals "nothing is mounted" "" "$(mounts_below)"
		vzctl stop $id
		rm $_stop
	done
	start
	assertEquals "again" "0 yes" "$? $(in_root)"
	vzctl stop $id
	rmdir /etc/ksm-hook
}

testWhoChooses() {
	while read -r global own expected; do
		sed -i '/KSM/d' $vz/vz.conf
		[ "$global" = - ] || echo "KSM_MERGE=$global" >>$vz/vz.conf
		: >$vz/conf/$id.conf
		[ "$own" = - ] || echo "KSM_MERGE=\"$own\"" >$vz/conf/$id.conf
		start
		assertEquals "vz.conf $global, $id.conf $own: $(cat "$work/err")" "$expected" "$(in_root)"
		vzctl stop $id
	done <<-END
		- - no
		yes - yes
		yes no no
		no yes yes
		- YES yes
		yes perhaps yes
		- perhaps no
	END
	assertContains "$(cat "$work/err")" "neither yes nor no is ignored: KSM_MERGE in $id.conf"
}

testOwnPreloadKeepsWorking() {
	cp "$BUILD/tests/openvz_own.so" "$(private)/usr/lib/own.so"
	for end in '\n' ''; do
		printf '# ours\n/usr/lib/own.so%b' "$end" >"$(private)/etc/ld.so.preload"
		before=$(manifest "$(private)")
		start
		assertEquals "merges" yes "$(in_root)"
		assertEquals "own library loaded" own "$(vzctl exec $id 'echo $OWN')"
		vzctl stop $id
		assertEquals "untouched" "$before" "$(manifest "$(private)")"
	done
	: >"$(private)/etc/ld.so.preload"
	before=$(manifest "$(private)")
	start
	assertEquals "an empty one" yes "$(in_root)"
	vzctl stop $id
	assertEquals "is kept" "$before" "$(manifest "$(private)")"
}

testRequired() {
	echo 'KSM_REQUIRED="yes"' >>$vz/conf/$id.conf
	start
	assertEquals "started" 0 $?
	assertEquals yes "$(in_root)"
	vzctl stop $id
	mkdir "$(private)/etc/ld.so.preload"
	start
	assertEquals 79 $?
	assertContains "$(cat "$work/err")" "id=$id reason=preload-mounts: not started"
	assertFalse "unmounted again" "mountpoint -q $(root)"
}

testLibraryMissing() {
	mv /usr/lib64/libksm_preload.so "$work/"
	before=$(manifest "$(private)")
	start
	assert_not_merging "no library" "cannot open the library /usr/lib64/libksm_preload.so"
	vzctl stop $id
	assertEquals "$before" "$(manifest "$(private)")"
	mv "$work/libksm_preload.so" /usr/lib64/
}

testHelperMissing() {
	mv /usr/libexec/ksm-hook/ksm-openvz "$work/"
	start
	assertEquals 0 $?
	assertContains "$(cat "$work/err")" "id=$id: starts without merging: /usr/libexec/ksm-hook/ksm-openvz does not run"
	vzctl stop $id 2>"$work/err"
	assertEquals 0 $?
	mv "$work/ksm-openvz" /usr/libexec/ksm-hook/
}

testKernelWithoutKsmAndKsmdStopped() {
	echo 0 >"$ksm/run"
	start
	assertContains "$(cat "$work/err")" "id=$id: nothing merges yet: ksmd is stopped; start it with: echo 1 >"
	assertEquals yes "$(in_root)"
	vzctl stop $id
	echo 1 >"$ksm/run"
	mount -t tmpfs tmpfs /sys/kernel/mm
	start
	assert_not_merging "no KSM" "this kernel has no KSM"
	umount /sys/kernel/mm
}

# shellcheck disable=SC2094 # the name is used, not the file
record() { # FILE: an administrator's script that tells how it was called
	cat >"$1" <<-END
		#!/bin/sh
		# written by the administrator
		echo "$(basename "$1") \$0 \$# \$(pwd) \$(env | grep -v '^_=\|^PWD=\|^SHLVL=' | sort | tr '\n' ' ')" >>$work/calls
		exit \$(cat $work/exit.$(basename "$1") 2>/dev/null || echo 0)
	END
	chmod 755 "$1"
}

testChainKeepsOrderEnvironmentAndExitCodes() {
	rm $vz/conf/vps.mount $vz/conf/vps.umount
	for s in vps.premount vps.mount vps.umount vps.postumount \
		$id.premount $id.mount $id.umount $id.postumount; do
		record $vz/conf/$s
	done
	run_both() {
		rm -f "$work/calls"
		start
		vzctl stop $id
		sed "s/\.before-ksm-hook//" "$work/calls"
	}
	plain=$(run_both)
	assertEquals "each ran once" 8 "$(echo "$plain" | wc -l)"
	make_install >/dev/null
	assertEquals "the same calls" "$plain" "$(run_both)"
	assertContains "$plain" "HOME=/ PATH=/bin:/sbin:/usr/bin:/usr/sbin:/usr/local/bin:/usr/local/sbin TERM=linux VEID=$id VE_CONFFILE=$vz/conf/$id.conf"

	echo 3 >"$work/exit.vps.mount"
	start
	assertEquals "a mount script that fails" 79 $?
	env -i VEID=$id VE_CONFFILE=$vz/conf/$id.conf $vz/conf/vps.mount
	assertEquals "its own code" 3 $?
	rm "$work/exit.vps.mount"
	start
	echo 4 >"$work/exit.vps.umount"
	vzctl stop $id 2>/dev/null
	assertEquals "an umount script that fails" 79 $?
	assertEquals "ours was undone all the same" "" "$(mounts_below)"
	rm "$work/exit.vps.umount"
	vzctl umount $id

	chmod 644 $vz/conf/vps.mount.before-ksm-hook
	start
	assertEquals "one without run bit" 79 $?
	ln -sf /nowhere $vz/conf/vps.mount.before-ksm-hook
	start
	assertEquals "a dangling link is passed over" 0 $?
	vzctl stop $id
	rm -f $vz/conf/vps.* "$work/calls"
	make_install >/dev/null
}

testInstallAndUninstall() {
	d=$work/dest
	install_there() { make -s -C "$top" BUILD="$work/build" PREFIX=/usr DESTDIR="$d" "$1" 2>&1; }
	mkdir -p "$d/etc/vz/conf"
	echo "#!/bin/sh" >"$d/etc/vz/conf/vps.mount"
	chmod 700 "$d/etc/vz/conf/vps.mount"
	ln -s /opt/site/umount "$d/etc/vz/conf/vps.umount"
	before=$(manifest "$d/etc")
	install_there install-openvz >/dev/null
	assertEquals 0 $?
	once=$(cd "$d" && find . ! -type d | sort)
	install_there install-openvz >/dev/null
	assertEquals "twice is once" "$once" "$(cd "$d" && find . ! -type d | sort)"
	assertEquals "./etc/vz/conf/vps.mount
./etc/vz/conf/vps.mount.before-ksm-hook
./etc/vz/conf/vps.umount
./etc/vz/conf/vps.umount.before-ksm-hook
./usr/libexec/ksm-hook/ksm-openvz" "$once"
	assertNull "nothing to fill in is left" "$(grep '@' "$d/etc/vz/conf/vps.mount")"
	assertNull "DESTDIR is in no script" "$(grep "$d" "$d/etc/vz/conf/vps.mount")"
	install_there uninstall-openvz >/dev/null
	assertEquals "as before" "$before" "$(manifest "$d/etc")"
	assertEquals "" "$(find "$d/usr" ! -type d)"
	install_there uninstall-openvz >/dev/null
	assertEquals "twice, too" "$before" "$(manifest "$d/etc")"

	install_there install-openvz >/dev/null
	rm "$d/etc/vz/conf/vps.mount"
	echo "#!/bin/sh # newer" >"$d/etc/vz/conf/vps.mount"
	assertContains "two of the administrator's" "$(install_there install-openvz)" "are both yours"
	install_there uninstall-openvz >/dev/null
	assertEquals "#!/bin/sh # newer" "$(cat "$d/etc/vz/conf/vps.mount")"
	assertTrue "[ -e $d/etc/vz/conf/vps.mount.before-ksm-hook ]"
	rm -rf "$d"
}

testRunTwiceAndAfterACrash() {
	start
	env -i VEID=$id VE_CONFFILE=$vz/conf/$id.conf $vz/conf/vps.mount
	assertEquals 0 $?
	assertEquals "two mounts" 2 "$(mounts_below | wc -l)"
	vzctl stop $id
	# the host went down: mounts are gone, mount points and a stage are not
	before=$(manifest "$(private)")
	start
	umount -lR "$(root)" && vzctl stop $id 2>/dev/null
	mkdir -p /run/ksm-openvz/stage
	mount -t tmpfs tmpfs /run/ksm-openvz/stage
	assertNotEquals "$before" "$(manifest "$(private)")"
	start
	assertEquals "$(cat "$work/err")" yes "$(in_root)"
	vzctl stop $id
	assertEquals "cleaned at the next stop" "$before" "$(manifest "$(private)")"
	assertFalse "mountpoint -q /run/ksm-openvz/stage"
}

testManyAtOnce() {
	ids="111 112 113 114 115 116" jobs=
	for i in $ids; do new_container busybox $i; done
	for i in $ids; do vzctl mount $i 2>"$work/err.$i" 9>&- & jobs="$jobs $!"; done
	wait $jobs
	for i in $ids; do
		assertEquals "$i" "$line" "$(cat "$(root $i)/etc/ld.so.preload")"
		assertNull "$(cat "$work/err.$i")"
		vzctl umount $i
		drop_container $i
	done
}

# libvzctl: an UUID, the root below fs/, per-container scripts beside it, mounts shared
testOpenVz7() {
	drop_container
	mount --make-rshared /
	mkdir -p "$(private $uuid)/fs" "$(private $uuid)/scripts"
	new_container busybox
	mount --bind "$(private)" "$(private $uuid)/fs"
	echo 'KSM_MERGE="yes"' >$vz/conf/$uuid.conf
	record "$(private $uuid)/scripts/mount"
	rm -f "$work/calls"
	before=$(manifest "$(private)")
	VZ_LAYOUT=7 start $uuid
	assertEquals 0 $?
	assertNull "$(cat "$work/err")"
	assertEquals "$line" "$(VZ_LAYOUT=7 vzctl exec $uuid cat /etc/ld.so.preload)"
	assertContains "$(cat "$work/calls")" "VEID=$uuid VE_CONFFILE=$vz/conf/$uuid.conf"
	VZ_LAYOUT=7 vzctl stop $uuid
	assertEquals 0 $?
	assertEquals "" "$(mounts_below $uuid)"
	assertEquals "$before" "$(manifest "$(private)")"
	umount "$(private $uuid)/fs"
	rm -rf "$(private $uuid)" $vz/conf/$uuid.conf
	mount --make-rprivate /
}

# perf_event_open (298) is the last system call of 2.6.31; 2.6.32 added none on x86_64
testOnlySystemCallsOfLinux2632() {
	file -L "$BUILD/ksm-openvz" >"$work/file"
	assertContains "$(cat "$work/file")" "statically linked"
	vzctl mount $id 2>/dev/null
	for what in umount mount umount; do
		env -i VEID=$id VE_CONFFILE=$vz/conf/$id.conf \
			strace -f -n -o "$work/trace" "$BUILD/ksm-openvz" $what $vz/vz.conf /usr/lib64 /usr/lib
		assertNull "newer than 2.6.32" "$(sed -n 's/^[0-9]* *\[ *\([0-9]*\)\] \([a-z0-9_]*\).*/\1 \2/p' "$work/trace" | awk '$1 > 298')"
		assertTrue "traced" "grep -q '\\[ *257\\] openat' $work/trace"
	done
}

. "$(dirname "$0")/../lib/common.sh"
