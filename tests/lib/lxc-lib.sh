# shellcheck shell=sh disable=SC2154 # work, top and KSM_HOOK are the suite's
# SPDX-License-Identifier: Apache-2.0
# LXC containers for suites and benches: a busybox root, three kinds of container, and a mount
# namespace in which the host has our drop-in and the id ranges, so that nothing of the host's
# is changed.

. "$top/tests/lib/user-lib.sh"
# what the containers' ids 0 to 65535 are on the host
base_idmapped=1500000
base_user=1600000

# lxc_setup: template root, drop-in, id ranges
lxc_setup() {
	. "$top/tests/lib/bundle.sh"
	mkdir "$work/roots" "$work/conf" "$work/common.conf.d" "$work/lxc"
	rootfs_make "$work/template"
	for _applet in awk head ls mount ps seq setsid tr wc; do
		ln -sf busybox "$work/template/bin/$_applet"
	done
	cat >"$work/template/probe" <<-'S'
		#!/bin/sh
		# PID 1: says what /proc tells of every process, then ends, or stays if told
		sleep 30 &
		setsid sleep 30 &
		(sleep 30 & sleep 30) &
		while [ "$(cat /proc/[0-9]*/comm | grep -c sleep)" -lt 4 ]; do true; done
		for p in /proc/[0-9]*; do
			[ -e $p/status ] && echo "$(cat $p/comm 2>&1) $(grep merge_any $p/ksm_stat) $(grep State $p/status)"
		done >/tmp/out
		grep -E '^(Seccomp|CapEff|CapBnd|NoNewPrivs):' /proc/self/status >>/tmp/out
		echo end >>/tmp/out
		[ "$1" != stay ] || exec sleep 60
	S
	chmod 755 "$work/template/probe"
	sed "s|@SBINDIR@/ksm-hook lxc|$KSM_HOOK lxc --config $work/config.json|" \
		"$top/lxc/50-ksm-hook.conf.in" >"$work/common.conf.d/50-ksm-hook.conf"
	echo '{}' >"$work/config.json"
	mkdir "$work/etc"
	printf '%s:%s:65536\n' root $base_idmapped $user $base_user >"$work/etc/subuid"
	cp "$work/etc/subuid" "$work/etc/subgid"
	# an overlay, because a bind mount on a file ends when useradd replaces that file
	cat >"$work/host" <<-S
		set -e
		mount -t overlay overlay -o "lowerdir=$work/etc:/etc" /etc
		mount --bind "$work/common.conf.d" /usr/share/lxc/config/common.conf.d
		exec "\$@"
	S
}

# lxc_host COMMAND...: with the drop-in and the id ranges
lxc_host() {
	unshare -m sh "$work/host" "$@"
}

# lxc_make NAME privileged|idmapped|user [LINE...]: a root and a configuration, which ends in
# LINEs; its init is the probe
lxc_make() {
	_name=$1 _kind=$2
	shift 2
	_base=
	case $_kind in
	idmapped) _base=$base_idmapped ;;
	user) _base=$base_user ;;
	esac
	rm -rf "${work:?}/roots/$_name"
	cp -a "$work/template" "$work/roots/$_name"
	[ -z "$_base" ] || chown -R $_base:$_base "$work/roots/$_name"
	{
		echo "lxc.include = /usr/share/lxc/config/common.conf"
		if [ -n "$_base" ]; then
			echo "lxc.include = /usr/share/lxc/config/userns.conf"
			echo "lxc.idmap = u 0 $_base 65536"
			echo "lxc.idmap = g 0 $_base 65536"
		fi
		cat <<-S
			lxc.uts.name = $_name
			lxc.rootfs.path = dir:$work/roots/$_name
			lxc.net.0.type = empty
			lxc.init.cmd = /probe
		S
		[ $# -eq 0 ] || printf '%s\n' "$@"
	} >"$work/conf/$_name"
	echo "$_kind" >"$work/conf/$_name.kind"
}

# lxc_start NAME [OPTION...]: in the foreground up to its end, unless told -d
lxc_start() {
	_name=$1
	shift
	rm -f "$work/roots/$_name/tmp/out"
	set -- -n "$_name" -f "$work/conf/$_name" "$@"
	case $(cat "$work/conf/$_name.kind") in
	user)
		_as_user="setpriv --reuid $user --regid $user --init-groups env -i HOME=$work/home XDG_RUNTIME_DIR=$work/xdg"
		lxc_host $_as_user PATH="$PATH" timeout 20 lxc-start -P "$work/home/lxc" "$@"
		;;
	*) lxc_host timeout 20 lxc-start -P "$work/lxc" "$@" ;;
	esac </dev/null
}

# lxc_stop NAME...: whether it runs or not
lxc_stop() {
	for _name; do
		timeout 20 lxc-stop -P "$work/lxc" -n "$_name" -k >/dev/null 2>&1
	done
	true
}

# doc_blocks SECTION FILE: the sh blocks below "## SECTION", each behind a line that numbers it.
# A reader takes a second to look; a process in exec or at its end is neither mergeable nor not.
doc_blocks() {
	awk -v section="## $1" '
		/^## / { here = $0 == section }
		here && /^```sh$/ { on = 1; print "echo \"== " ++n "\""; next }
		/^```$/ { on = 0 }
		on && /^ksm-hook ps/ { print "sleep 1" }
		on' "$2"
}

# block N: what the Nth of them printed, of $said
block() {
	echo "$said" | awk -v n="$1" '/^== / { on = $2 == n; next } on'
}
