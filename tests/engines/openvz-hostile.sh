#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# OpenVZ: containers, and texts in their configuration, that work against the host.
# needs: containers
# shellcheck disable=SC1091,SC2154 # what common.sh and openvz-lib.sh set
# shellcheck disable=SC2016,SC2086 # text for another shell; words without spaces
if [ -z "${OPENVZ_NAMESPACE:-}" ]; then
	OPENVZ_NAMESPACE=1 exec unshare --mount --propagation private "$0" "$@"
fi
. "$(dirname "$0")/../lib/openvz-lib.sh"

# vzctl reads its files itself, and so do we: a text from a panel is no command
testConfigurationIsNotRun() {
	printf '%s\n' "DESCRIPTION=\"\$(touch $work/pwned)\"" "NAME=\`touch $work/pwned\`" \
		"touch $work/pwned" '# KSM_MERGE="no"' ' KSM_MERGE="yes" # since May' \
		'KSM_MERGE="no"' >$vz/conf/$id.conf
	start
	assertEquals yes "$(in_root)"
	assertFalse "[ -e $work/pwned ]"
}

testLongPreloadIsRefused() {
	head -c 70000 /dev/zero | tr '\0' '#' >"$(private)/etc/ld.so.preload"
	start
	assert_not_merging long "longer than"
}

# Even a container that gets its mount writable again writes to its own copy.
testTheHostsLibraryIsOutOfReach() {
	sum=$(sha256sum /usr/lib64/libksm_preload.so)
	start
	assertContains "$(vzctl exec $id 'echo x >>/usr/lib/ksm-preload/x86_64/libksm_preload.so' 2>&1)" "Read-only"
	assertContains "$(vzctl exec $id 'echo x >>/etc/ld.so.preload' 2>&1)" "Read-only"
	vzctl exec $id 'mount -o remount,rw ksm-hook /usr/lib/ksm-preload && rm -r /usr/lib/ksm-preload/*; echo x >/etc/ld.so.preload' >/dev/null 2>&1
	assertEquals "$sum" "$(sha256sum /usr/lib64/libksm_preload.so)"
	new_container debian 102
	start 102
	assertEquals "another container has its own" "$line" "$(vzctl exec 102 cat /etc/ld.so.preload)"
	drop_container 102
}

hostile() { # PATH KIND [TARGET]
	rm -rf "${1:?}"
	case $2 in
	link) ln -s "$3" "$1" ;;
	dir) mkdir "$1" ;;
	fifo) mkfifo "$1" ;;
	socket) perl -MIO::Socket::UNIX -e 'IO::Socket::UNIX->new(Local => shift, Listen => 1)' "$1" ;;
	char) mknod "$1" c 1 5 ;;
	block) mknod "$1" b 7 200 ;;
	file) echo x >"$1" ;;
	esac
}

make_victims() {
	mkdir -p "$work/victims/etc" "$work/victims/lib"
	echo precious >"$work/victims/etc/ld.so.preload"
	echo precious >"$work/victims/lib/x"
	: >/etc/victim.preload
}

# place | what is there | link's target | reason
testHostileRoots() {
	make_victims
	drop_container
	new_container busybox
	p=$(private)
	while IFS='|' read -r place what target reason; do
		mv "$p/$place" "$p/aside" 2>/dev/null
		hostile "$p/$place" "$what" "$target"
		before=$(manifest "$p") host=$(outside)
		vzctl mount $id >"$work/out" 2>"$work/err"
		assert_not_merging "$place $what $target" "$reason"
		assertEquals "$place $what $target: outside" "$host" "$(outside)"
		assertEquals "$place $what $target: not mounted" "" "$(mounts_below)"
		vzctl umount $id
		assertEquals "$place $what $target: left" "$before" "$(manifest "$p")"
		assertEquals "$place $what $target: outside after" "$host" "$(outside)"
		rm -r "${p:?}/$place"
		[ ! -e "$p/aside" ] || mv "$p/aside" "$p/$place"
	done <<-END
		etc/ld.so.preload|link|/etc/victim.preload|is a symbolic link
		etc/ld.so.preload|link|../../../../../../etc/victim.preload|is a symbolic link
		etc/ld.so.preload|link|$work/victims/etc/ld.so.preload|is a symbolic link
		etc/ld.so.preload|link|/nowhere|is a symbolic link
		etc/ld.so.preload|link|ld.so.preload|is a symbolic link
		etc/ld.so.preload|link|/proc/1/root/etc/victim.preload|is a symbolic link
		etc/ld.so.preload|dir||is a directory
		etc/ld.so.preload|fifo||is a fifo
		etc/ld.so.preload|socket||is a socket
		etc/ld.so.preload|char||is a device
		etc/ld.so.preload|block||is a device
		etc|link|/etc|/etc in the container is a symbolic link
		etc|link|$work/victims/etc|/etc in the container is a symbolic link
		etc|link|../../../../../../etc|/etc in the container is a symbolic link
		etc|file||/etc in the container is a regular file
		etc|fifo||/etc in the container is a fifo
		usr|link|/usr|/usr in the container is a symbolic link
		usr/lib|link|$work/victims/lib|/usr/lib in the container is a symbolic link
		usr/lib|link|/nowhere|/usr/lib in the container is a symbolic link
		usr/lib/ksm-preload|link|$work/victims/lib|ksm-preload in the container is no directory
		usr/lib/ksm-preload|link|/nowhere|ksm-preload in the container is no directory
		usr/lib/ksm-preload|file||ksm-preload in the container is no directory
	END
}

# That outside() sees what a script does that trusts a path.
testANaiveScriptWouldBeSeen() {
	make_victims
	hostile "$(private)/etc/ld.so.preload" link /etc/victim.preload
	mv $vz/conf/vps.mount "$work/real.mount"
	printf '#!/bin/sh\nmount --bind /etc/hostname %s/etc/ld.so.preload\n' "$(root)" >$vz/conf/vps.mount
	chmod 755 $vz/conf/vps.mount
	host=$(outside)
	start
	assertNotEquals "$host" "$(outside)"
	umount /etc/victim.preload
	mv "$work/real.mount" $vz/conf/vps.mount
}

# Names are exchanged thousands of times a second while the scripts work.
testLinksSwappedMeanwhile() {
	make_victims
	p=$(private)
	ln -s /etc/victim.preload "$p/etc/swap"
	ln -s "$work/victims/etc" "$p/etc-swap"
	ln -s "$work/victims/lib" "$p/usr/lib-swap"
	ln -s "$work/victims/lib" "$p/usr/lib/swap"
	mkdir "$p/usr/lib/ksm-preload"
	echo /usr/lib/own.so >"$p/etc/ld.so.preload"
	host=$(outside)
	rounds=0 refused=0 bad=
	# until it has been met and won, some rounds at least
	end=$(($(date +%s) + 120))
	while [ "$(date +%s)" -lt $end ] && { [ $rounds -lt 16 ] || [ $refused -eq 0 ] || [ $refused -eq $rounds ]; }; do
		# each name alone, for together they leave no chance to get far
		case $((rounds % 4)) in
		0) pair=etc/ld.so.preload:etc/swap ;;
		1) pair=etc:etc-swap ;;
		2) pair=usr/lib:usr/lib-swap ;;
		3) pair=usr/lib/ksm-preload:usr/lib/swap ;;
		esac
		"$BUILD/tests/openvz_swap" "$p" $pair 9>&- &
		racer=$!
		vzctl mount $id >"$work/out" 2>"$work/err" || bad="$bad start"
		! grep -q 'without merging' "$work/err" || refused=$((refused + 1))
		env -i VEID=$id VE_CONFFILE=$vz/conf/$id.conf $vz/conf/vps.umount 2>/dev/null
		kill $racer
		wait $racer 2>/dev/null
		vzctl umount $id >/dev/null 2>&1 || bad="$bad stop"
		[ "$host" = "$(outside)" ] || bad="$bad outside($pair)"
		rounds=$((rounds + 1))
	done
	assertEquals "rounds that went wrong" "" "$bad"
	assertTrue "enough of them: $rounds" "[ $rounds -ge 16 ]"
	assertTrue "the race was met: $refused of $rounds refused" "[ $refused -gt 0 ]"
	assertTrue "and was sometimes won: $refused of $rounds refused" "[ $refused -lt $rounds ]"
}

testAMountThatIsNotTheContainers() {
	printf '#!/bin/sh\nmount --bind /usr %s/usr\n' "$(root)" >$vz/conf/vps.mount.before-ksm-hook
	chmod 755 $vz/conf/vps.mount.before-ksm-hook
	host=$(outside)
	start
	assert_not_merging "the host's /usr" "/usr in the container is a mount of another file system"
	assertEquals "$host" "$(outside)"
}

testVeRootIsTheHosts() {
	mkdir -p "$work/victims"
	printf '%s\n' 'KSM_MERGE=yes' 'VE_ROOT=/' >$vz/conf/$id.conf
	host=$(outside)
	env -i VEID=$id VE_CONFFILE=$vz/conf/$id.conf $vz/conf/vps.mount 2>"$work/err"
	assert_not_merging "/" "is the host's own root"
	assertEquals "$host" "$(outside)"
}

. "$(dirname "$0")/../lib/common.sh"
