#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The packages: built twice, by root from this tree and by an ordinary user from its tarball, to
# the same bytes; judged by lintian and rpmlint; installed, upgraded, used and removed in Debian
# 12 and 13, and by rpm in a root of its own.
# needs: machine ksmd

user=ksm-hook-package
packages=podman,iptables,runc,busybox-static,ca-certificates,jq,lxc,man-db,bash-completion

suite_setup() {
	. "$top/tests/lib/bundle.sh"
	version=$("$top/packaging/changelog" version)
	useradd -M -d "$work/user" -s /bin/sh $user
	a=$work/a
	make -s -C "$top" BUILD="$a" deb rpm >"$work/log" 2>&1 || cat "$work/log"
	deb=$a/ksm-hook_${version}_$(dpkg --print-architecture).deb
	rpm=$a/ksm-hook-$version-1.$(uname -m).rpm
}

testVersionIsOne() {
	assertEquals "Makefile" "$version" "$(sed -n 's/^VERSION := //p' "$top/Makefile")"
	assertEquals "program" "ksm-hook $version" "$("$KSM_HOOK" --version)"
	assertEquals "deb" "$version" "$(dpkg-deb -f "$deb" Version)"
	assertEquals "rpm" "$version" "$(rpm -qp --qf '%{VERSION}' "$rpm")"
}

# without root, without a repository, without network, in another directory
testReproducible() {
	mkdir "$work/user"
	tar -xzf "$a/ksm-hook-$version.tar.gz" -C "$work/user"
	chown -R $user "$work/user"
	# shellcheck disable=SC2016
	unshare --net setpriv --reuid $user --regid $user --clear-groups env -i PATH="$PATH" \
		HOME="$work/user" TZ=Asia/Tokyo LC_ALL=C.UTF-8 sh -c 'umask 002; cd "$1" && make -s deb rpm' \
		sh "$work/user/ksm-hook-$version" >"$work/log" 2>&1
	_ended=$?
	assertEquals "$(cat "$work/log")" 0 $_ended
	for file in "$deb" "$rpm" "$a/ksm-hook-$version.tar.gz"; do
		assertTrue "$file" "cmp '$file' '$work/user/ksm-hook-$version/build/$(basename "$file")'"
	done
}

# each exception stands with its reason in packaging/
testLintian() {
	lintian --fail-on error,warning "$deb" >"$work/log" 2>&1 --allow-root
	_ended=$?
	assertEquals "$(cat "$work/log")" 0 $_ended
	assertNotContains "every exception is needed: $(cat "$work/log")" "$(cat "$work/log")" unused-override
	# what it says of one that is wrong
	dpkg-deb -R "$deb" "$work/wrong"
	rm -r "$work/wrong/usr/share/man/man8"
	dpkg-deb --root-owner-group -b "$work/wrong" "$work/wrong.deb" >/dev/null
	lintian --fail-on error,warning --allow-root "$work/wrong.deb" >"$work/log" 2>&1
	assertEquals 2 $?
	assertContains "$(cat "$work/log")" no-manual-page
}

testRpmlint() {
	said=$(rpmlint -c "$top/packaging/rpm/rpmlint.toml" "$rpm" 2>&1)
	assertContains "$said" "$said" "0 errors, 0 warnings"
	for name in ksm-hook ksm-runc ksm-crun; do
		assertContains "$(rpm -qpl "$rpm")" "/usr/share/man/man8/$name.8.gz"
	done
}

# what an administrator gives to an engine, with the package's paths in it
testFragments() {
	mkdir "$work/deb"
	dpkg-deb -x "$deb" "$work/deb"
	for _file in containerd.toml containerd-v3.toml crio-ksm-runc.conf; do
		assertEquals "$_file" "$(sed 's|/usr/local|/usr|' "$top/oci-config/$_file")" \
			"$(cat "$work/deb/usr/share/ksm-hook/$_file")"
		assertContains "$(rpm -qpl "$rpm")" "/usr/share/ksm-hook/$_file"
	done
}

# the same package as an older version, with a file that the newer one no longer has
old_deb() {
	dpkg-deb -R "$deb" "$work/old"
	sed -i 's/^Version: .*/Version: 0.0.9/' "$work/old/DEBIAN/control"
	echo old >"$work/old/usr/share/ksm-hook/of-old"
	dpkg-deb --root-owner-group -b "$work/old" "$work/old.deb" >/dev/null
}

# debian NAME NETWORK-PACKAGE
debian() {
	root=$BUILD/package-$1
	"$top/tests/lib/chroot" make "$root" "$packages,$2" "$1" >"$work/made" 2>&1 || cat "$work/made"
	[ -e "$work/old.deb" ] || old_deb
	# the chroot sees this tree, and so $BUILD, not $work
	mkdir -p "$BUILD/package"
	cp "$work/old.deb" "$BUILD/package/old.deb"
	cp "$deb" "$BUILD/package/new.deb"
	echo 2000 >$ksm/pages_to_scan
	echo 1 >$ksm/run
	timeout 150 "$top/tests/lib/chroot" run "$root" tests/project/package-debian \
		"$BUILD/package/old.deb" "$BUILD/package/new.deb" >"$work/log" 2>&1
	ksm_restore
	assertEquals "$1: $(grep -v '^ok' "$work/log")" "end" "$(tail -n 1 "$work/log")"
	rm -r "$BUILD/package"
}

testDebian12() {
	debian bookworm containernetworking-plugins
}

testDebian13() {
	debian trixie netavark
}

in_rpm_root() {
	rpm --root "$root" --nodeps "$@" >"$work/log" 2>&1
	_ended=$?
	assertEquals "rpm $1: $(cat "$work/log")" 0 $_ended
}

testRpm() {
	root=$work/rpm
	rootfs_make "$root"
	for applet in rm sed; do ln -s busybox "$root/bin/$applet"; done
	make -s -C "$top" BUILD="$work/b" VERSION=0.0.9 rpm >"$work/log" 2>&1 || cat "$work/log"
	rpm --root "$root" --initdb
	before=$(cd "$root" && find . -path ./var/lib -prune -o -path ./usr/lib/sysimage -prune -o -print | sort)
	in_rpm_root -i "$work/b/ksm-hook-0.0.9-1.$(uname -m).rpm"
	dropin=$root/usr/share/lxc/config/common.conf.d/50-ksm-hook.conf
	mkdir -p "${dropin%/*}"
	cp "$root/usr/share/ksm-hook/lxc/50-ksm-hook.conf" "$dropin"
	in_rpm_root -U "$rpm"
	assertEquals "ksm-hook-$version-1" "$(rpm --root "$root" -q --qf '%{NVR}' ksm-hook)"
	assertEquals "as it was packed" "" "$(rpm --root "$root" -V --nodeps ksm-hook)"
	assertEquals "ksm-hook $version" "$(chroot "$root" /usr/sbin/ksm-hook --version)"
	assertTrue "kept on an upgrade" "[ -e '$dropin' ]"
	in_rpm_root -e ksm-hook
	assertFalse "taken out" "[ -e '$dropin' ]"
	rm -r "$root/usr/share/lxc"
	after=$(cd "$root" && find . -path ./var/lib -prune -o -path ./usr/lib/sysimage -prune -o -print | sort)
	assertEquals "nothing is left but the tree's common directories" "" \
		"$(printf '%s\n' "$before" "$after" | sort | uniq -u | grep -i ksm)"
}

suite_teardown() {
	! id $user >/dev/null 2>&1 || userdel $user 2>/dev/null
}

. "$(dirname "$0")/../lib/common.sh"
