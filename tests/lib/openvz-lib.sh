# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh disable=SC1091,SC2016,SC2034,SC2086,SC2119,SC2120,SC2154
# What the OpenVZ suites share: a host in a mount namespace, and containers on it.
#
# /etc, /usr and /var/lib are overlays there. What is written to them lands in
# $work/host, which is how a suite sees that nothing outside a root was touched.

id=101
uuid=5b1e2f3a-0001-4c6d-8e9f-0123456789ab
vz=/etc/vz
line='/usr/lib/ksm-preload/$PLATFORM/libksm_preload.so'

root() {
	echo "/var/lib/vz/root/${1:-$id}"
}

private() {
	echo "/var/lib/vz/private/${1:-$id}"
}

# The machine's own Debian release, of the required packages and the files that they have here; and a
# second ABI, as every older container has it. Kept in $BUILD.
make_debian_root() {
	[ ! -e "$BUILD/openvz-debian/etc/debian_version" ] || return 0
	_root=$BUILD/openvz-debian.new
	rm -rf "$_root"
	mkdir -p "$_root/dev" "$_root/proc" "$_root/sys" "$_root/run/mount" "$_root/root" "$_root/home" "$_root/var/tmp"
	mkdir -m 1777 "$_root/tmp"
	cp -a /dev/null /dev/zero /dev/full /dev/random /dev/urandom /dev/tty "$_root/dev"
	for _d in bin sbin lib lib32 lib64; do
		mkdir -p "$_root/usr/$_d"
		[ ! -L /$_d ] || ln -s usr/$_d "$_root/$_d"
	done
	dpkg-query -W -f '${Package} ${Priority}\n' | sed -n 's/ required$//p' | xargs apt-cache depends \
		--recurse --installed --no-recommends --no-suggests --no-conflicts --no-breaks --no-replaces \
		--no-enhances libc6-i386 | grep '^[a-z]' | sort -u | xargs dpkg-query -L 2>/dev/null | sort -u |
		grep -v '^/usr/share/\(doc\|man\|locale\|info\)/' |
		while read -r _f; do [ ! -e "$_f" ] || { [ -d "$_f" ] && [ ! -L "$_f" ]; } || echo "$_f"; done |
		tar -C / --no-recursion -cf - -T - 2>/dev/null | tar -C "$_root" -xf -
	cp /usr/share/base-passwd/passwd.master "$_root/etc/passwd"
	cp /usr/share/base-passwd/group.master "$_root/etc/group"
	ldconfig -r "$_root" && chroot "$_root" sh -c : && mv "$_root" "$BUILD/openvz-debian"
}

overlay() { # DIR: writes to it land in $work/host/DIR
	_upper=$work/host$1
	_scratch=$work/scratch/$(echo "$1" | tr / _)
	mkdir -p "$_upper" "$_scratch"
	mount -t overlay -o "lowerdir=$1,upperdir=$_upper,workdir=$_scratch" overlay "$1"
}

suite_setup() {
	PATH=$top/tests/lib/fakes:$PATH
	# two suites may want it at the same time
	(flock 9 && make_debian_root) 9>"$BUILD/openvz-debian.lock" || exit 1
	# below the overlay: nobody takes it away meanwhile
	config_folder_take
	# the locks stay the machine's
	mkdir "$work/lock" && mount --bind /run/lock "$work/lock"
	mount -t tmpfs tmpfs /run && mkdir /run/lock
	mount --bind "$work/lock" /run/lock && umount "$work/lock" && rmdir "$work/lock"
	overlay /etc && overlay /usr && overlay /var/lib || exit 1
	mkdir -p "$work/dev"
	mount -t tmpfs -o mode=755 tmpfs "$work/dev"
	cp -a /dev/null /dev/zero /dev/urandom /dev/tty "$work/dev"
	ln -s /proc/self/fd "$work/dev/fd"
	mount --bind "$work/dev" /dev
	busybox syslogd -n -O "$work/syslog" >/dev/null 2>&1 9>&- &
	syslogd=$!
	wait_for 30 test -S /dev/log
	mkdir -p $vz/conf /var/lib/vz/root /var/lib/vz/private /usr/lib64
	# shellcheck disable=SC2016 # vzctl replaces it
	printf '%s\n' 'VIRTUOZZO=yes' 'VE_ROOT="/var/lib/vz/root/$VEID"' \
		'VE_PRIVATE="/var/lib/vz/private/$VEID"' >$vz/vz.conf
	install_library
	make_install >/dev/null || exit 1
	ksm_stand_in || exit 1
}

suite_teardown() {
	[ -z "${syslogd:-}" ] || kill "$syslogd"
	umount -l "$work/dev"
	umount -lR /var/lib /usr /etc /dev 2>/dev/null
	config_folder_leave
}

install_library() {
	cp "$BUILD/libksm_preload.so" /usr/lib64/
	cp "$BUILD/32/libksm_preload.so" /usr/lib/
}

# ksmd_itself: for a test in which pages merge
ksmd_itself() {
	umount "$ksm"
	ksmd_take
	echo 1 >"$ksm/run"
}

# For another prefix all is built anew: not where the suites beside this one run it from.
make_install() {
	make -s -C "$top" BUILD="$work/build" PREFIX=/usr install-openvz
}

# new_container KIND [ID]: its private area is an overlay, so that each test has a new one
new_container() {
	_id=${2:-$id}
	_new=$work/private/$_id
	mkdir -p "$_new/upper" "$_new/work" "$_new/busybox" "$(private "$_id")"
	case $1 in
	debian) _lower=$BUILD/openvz-debian ;;
	busybox)
		_lower=$_new/busybox
		mkdir -p "$_lower/bin" "$_lower/sbin" "$_lower/etc" "$_lower/usr/lib" "$_lower/proc"
		cp "$(command -v busybox)" "$_lower/bin/busybox"
		for _a in sh env sleep cat ls mount; do ln -sf busybox "$_lower/bin/$_a"; done
		;;
	esac
	mount -t overlay -o "lowerdir=$_lower,upperdir=$_new/upper,workdir=$_new/work" \
		overlay "$(private "$_id")"
	printf '#!/bin/sh\nmount -t proc proc /proc 2>/dev/null\nexec sleep 1000\n' \
		>"$(private "$_id")/sbin/init"
	chmod 755 "$(private "$_id")/sbin/init"
	echo 'KSM_MERGE="yes"' >"$vz/conf/$_id.conf"
	: >"$work/syslog"
}

drop_container() {
	_id=${1:-$id}
	vzctl stop "$_id" >/dev/null 2>&1
	umount -lR "$(root "$_id")" 2>/dev/null
	umount -l "$(private "$_id")"
	rm -rf "$work/private/${_id:?}" "$vz/conf/$_id.conf"
}

each_setup() {
	[ "${_shunit_test_:-}" != '' ] || return 0
	mountpoint -q "$ksm" || mount --bind "$work/ksm" "$ksm"
	rm -f $vz/conf/[0-9]*.* $vz/conf/vps.*before* $vz/conf/vps.pre* $vz/conf/vps.post*
	sed -i '/KSM/d' $vz/vz.conf
	new_container debian
}

each_teardown() {
	mountpoint -q "$(private)" || return 0
	drop_container
}

# every file with what is in its inode; of a directory not the times
manifest() {
	find "$@" \( -type d -printf '%p %y %m %U %G\n' \) -o -printf '%p %y %m %U %G %s %T@ %i %l\n' | sort
}

# what no container may change: the host's files, and mounts that are not in its root
outside() {
	find "$work/host/etc" "$work/host/usr" "$work/host/var" "$work/victims" \
		-path "$work/host/etc/vz" -prune -o -path "$work/host/var/lib/vz" -prune -o \
		-printf '%p %y %m %U %G %s %T@ %l\n' 2>/dev/null | sort
	awk -v r="$(root)" 'index($5, r) != 1 { print $3, $4, $5, $6 }' /proc/self/mountinfo
}

mounts_below() {
	awk -v r="$(root "${1:-}")/" 'index($5, r) == 1 { print $5 }' /proc/self/mountinfo
}

in_root() { # a process of the container is mergeable
	vzctl exec $id "perl -e 'open F, \"/proc/self/smaps\"; while (<F>) { \$m++ if /^VmFlags:.* mg/ } print \$m > 0 ? \"yes\" : \"no\"'"
}

start() {
	vzctl start ${1:-$id} >"$work/out" 2>"$work/err"
}

assert_not_merging() { # WHAT REASON
	assertEquals "$1: started" 0 $?
	assertTrue "$1: on stderr: $(cat "$work/err")" \
		"grep -q '^ksm-hook\[openvz\] id=$id reason=[a-z-]*: starts without merging: ' '$work/err'"
	assertContains "$1: why" "$(cat "$work/err")" "$2"
	assertTrue "$1: in syslog: $(cat "$work/syslog")" \
		"grep -q '\[openvz\] id=$id reason=[a-z-]*: starts without merging: ' '$work/syslog'"
}
