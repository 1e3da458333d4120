# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh disable=SC2154,SC2034 # from common.sh, and for the suites
# What the suites of doctor share. Each thing is broken for real, found, and fixed by the
# command that doctor names.
#
# All of it happens in a mount namespace of its own, with overlays on /etc, /usr/local,
# /usr/share and /var/lib/lxc: the real paths are read, and the machine keeps what it has.

[ -n "${DOCTOR_NAMESPACE:-}" ] ||
	DOCTOR_NAMESPACE=1 exec unshare -m --propagation private "$0" "$@"

merge='{"io.ksm.merge":"true"}'
hook_file=/usr/share/containers/oci/hooks.d/50-ksm-hook.json
config=/etc/ksm-hook/config.json

suite_setup() {
	. "$top/tests/lib/bundle.sh"
	mkdir "$work/tmpfs"
	mount -t tmpfs none "$work/tmpfs"
	for _d in /etc /usr/local /usr/share /var/lib/lxc; do
		_o=$work/tmpfs$_d
		mkdir -p "$_o/upper" "$_o/work"
		mount -t overlay none -o "lowerdir=$_d,upperdir=$_o/upper,workdir=$_o/work" $_d
	done
	# the host's may come and go below the overlay, which then does not know its own any more
	mkdir -p /etc/ksm-hook
	mount -t tmpfs none /etc/ksm-hook
	make -s -C "$top" BUILD="$BUILD" install install-lxc install-docker >"$work/install" 2>&1 ||
		cat "$work/install"
	cp $config "$work/config.saved"
	KSM_HOOK=/usr/local/sbin/ksm-hook
	PATH=/usr/local/sbin:$PATH
	sed -n '/^\[plugins/,$p' "$top/oci-config/containerd.toml" >>/etc/containerd/config.toml
	cgroups >"$work/cgroups"
	root=$work/root
	rootfs_make "$root" /usr/bin/perl
	if needs ksmd; then
		echo 0 >$ksm/run
	else
		ksm_stand_in || exit 1
	fi
	"$KSM_HOOK" enable >/dev/null
	# one that is none of ours, so that others' containers are not asked about
	sleep 1000 &
	quiet=pid:$!
}

suite_teardown() {
	"$KSM_HOOK" disable >/dev/null
	kill "${quiet#pid:}"
	[ -z "${daemon:-}" ] || kill -9 "$daemon" 2>/dev/null
	timeout 20 lxc-stop -n doctor-$$ -k >/dev/null 2>&1
	for _id in $(runc list -q | grep "^doctor-$$"); do runc delete -f "$_id"; done
	# the monitor of a container that was stopped ends a moment later
	wait_for 30 cgroups_gone
	cd /
	umount /etc/ksm-hook
	umount -l "$work/tmpfs"
}

# A test whose subject is not containerd need not ask it each time: one that anybody could have put there is
# not asked.
without_containerd() {
	printf '#!/bin/sh\n' >/usr/local/sbin/containerd
	chmod 777 /usr/local/sbin/containerd
}

each_teardown() {
	rm -f /usr/local/sbin/containerd
}

# doctor [TARGET]: what it finds, in $out, and its exit status, in $rc
doctor() {
	out=$("$KSM_HOOK" doctor --json "${@:-$quiet}" 2>&1)
	rc=$?
	findings
}

# The findings of $out, a line for each of their keys: number, id, level, key, value. jq takes 20 ms to
# start, and they are asked for hundreds of times.
findings() {
	[ "${_asked_of:-}" != "$out" ] || return 0
	printf '%s\n' "$out" | jq -r '.findings | to_entries[] | .key as $n | .value | .id as $id | .level as $level |
		to_entries[] | select(.value) | [$n, $id, $level, .key, (.value | tostring)] | @tsv' >"$work/findings"
	_asked_of=$out
}

# level ID: of the worst finding of that id
level() {
	findings
	awk -F '\t' -v id="$1" '$2 == id { there[$3] = 1 }
		END {
			n = split("broken warning note ok", levels, " ")
			for (i = 1; i <= n && !(levels[i] in there); i++) ;
			print (i > n ? "none" : levels[i])
		}' "$work/findings"
}

# of ID KEY: of the first finding of that id that is not "ok"
of() {
	findings
	awk -F '\t' -v id="$1" -v key="$2" '$2 == id && $3 != "ok" && (n == "" || n == $1) {
			n = $1
			if ($4 != key) next
			for (i = 1; i <= length($5); i++) { # what @tsv makes of a value
				c = substr($5, i, 1)
				if (c == "\\") {
					c = substr($5, ++i, 1)
					c = c == "n" ? "\n" : c == "t" ? "\t" : c == "r" ? "\r" : c
				}
				value = value c
			}
		}
		END { print value }' "$work/findings"
}

# found ID LEVEL [TARGET]: it is there, with reasons; what is broken shows in the exit status
found() {
	doctor "${3:-$quiet}"
	assertEquals "$1: $out" "$2" "$(level "$1")"
	[ "$2" != broken ] || assertEquals "$1: exit status" 1 $rc
	assertNotEquals "$1: why" "" "$(of "$1" why)"
}

gone() {
	doctor "${2:-$quiet}"
	case $(level "$1") in
	ok | none) ;;
	*) fail "$1 is still there: $(of "$1" what)" ;;
	esac
}

# fixed ID [TARGET]: by the command that was named
fixed() {
	_fix=$(of "$1" fix)
	sh -c "$_fix" >"$work/fix.out" 2>&1
	gone "$1" "${2:-$quiet}"
}

# start NAME HOOKS ANNOTATIONS COMMAND...: a container of plain runc
start() {
	_name=$1
	shift
	echo '{}' >"$work/config.json"
	_hooks=$1
	shift
	bundle_make "$work/bundle-$_name" "$root" "$_hooks" "$@"
	runc run -d -b "$work/bundle-$_name" "doctor-$$-$_name" >/dev/null 2>&1 </dev/null
}

pid_of() {
	runc state "doctor-$$-$1" | jq .pid
}

container_is() {
	grep -q "^ksm_merge_any: $2" "/proc/$(pid_of "$1")/ksm_stat"
}

# our LXC container's, and what engines make and leave; other suites have cgroups of their own
cgroups() {
	find /sys/fs/cgroup -maxdepth 2 -type d \( -name default -o -name lxc.pivot -o -name "lxc.*.doctor-$$" \) | sort
}

cgroups_gone() {
	cgroups | comm -13 "$work/cgroups" - | xargs -r rmdir 2>/dev/null
	[ -z "$(cgroups | comm -13 "$work/cgroups" - | grep "doctor-$$")" ]
}
