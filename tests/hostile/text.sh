#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Every byte that a tenant or a user may put into a name, a path or an argument: nothing of it
# gets to a terminal or a log as it stands, and no line is forged.

suite_setup() {
	mkdir "$work/dir"
	cat >"$work/feed" <<'EOF'
import os, re, subprocess, sys
# 16 at a time, since long names are cut in messages; the last line would be a forged one
for first in range(1, 256, 16):
    some = bytes(b for b in range(first, min(first + 16, 256)) if b != 0x2f)
    text = b"x" + some + b"\033]0;t\007\nksm-hook[forged]: y"
    words = [os.fsencode(w).replace(b"@", text) for w in sys.argv[1:]]
    out = subprocess.run(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                         stderr=subprocess.STDOUT, check=False).stdout
    if not out:
        print(first, "says nothing")
    if re.search(rb"[^ -~\n]|^ksm-hook\[forged\]", out, re.M):
        print(first, repr(out))
EOF
}

# says LABEL COMMAND...: run for each byte, which stands where a word has @. It says something, all
# of it in ASCII's visible characters, and no line is the text's.
says() {
	_label=$1
	shift
	assertEquals "$_label" "" "$(python3 "$work/feed" "$@" 2>&1 | head -n 3)"
}

testArguments() {
	says "unknown command" "$KSM_HOOK" @
	for _applet in $("$KSM_HOOK" --help | sed -n 's/^  \([a-zA-Z][a-zA-Z-]*\) .*/\1/p'); do
		case $_applet in
		run | runtime) continue ;; # what follows is another program's
		esac
		says "option of $_applet" "$KSM_HOOK" "$_applet" "--@"
		says "argument of $_applet" "$KSM_HOOK" "$_applet" @ @
	done
	says "value" "$KSM_HOOK" attach "--method=@" 1
	says "number" "$KSM_HOOK" ps "--watch=@"
	says "sort" "$KSM_HOOK" ps "--sort=@"
	says "target" "$KSM_HOOK" attach @
	says "cgroup" "$KSM_HOOK" attach "/@"
	says "process" "$KSM_HOOK" attach "pid:@"
	says "engine" "$KSM_HOOK" attach "lxc:@"
	says "profile" "$KSM_HOOK" enable "--profile=@"
	says "program" "$KSM_HOOK" run "$work/none/@"
	says "configuration" "$KSM_HOOK" createRuntime "--config=$work/dir/@"
}

testTheEnvironmentOfLxc() {
	says "LXC_HOOK_TYPE" env LXC_HOOK_VERSION=1 LXC_NAME=box LXC_HOOK_TYPE=@ "$KSM_HOOK" lxc
	says "LXC_NAME" env LXC_HOOK_VERSION=1 LXC_NAME=@ LXC_HOOK_TYPE=none "$KSM_HOOK" lxc
	says "LXC_CONFIG_FILE" env LXC_HOOK_VERSION=1 LXC_NAME=box LXC_HOOK_TYPE=start-host LXC_PID=1 \
		"LXC_CONFIG_FILE=$work/dir/@" KSM_MERGE=yes "$KSM_HOOK" lxc
	says "KSM_MERGE" env LXC_HOOK_VERSION=1 LXC_NAME=box LXC_HOOK_TYPE=mount KSM_MERGE=@ "$KSM_HOOK" lxc
	says "argv" env -u LXC_HOOK_VERSION "$KSM_HOOK" lxc @ lxc @
}

testOpenvz() {
	printf 'KSM_MERGE="yes"\n' >"$work/none.conf"
	says "VEID" env VEID=@ VE_CONFFILE="$work/none.conf" "$BUILD/ksm-openvz" mount "$work/none.conf" "$work" "$work"
	says "VE_CONFFILE" env VEID=101 "VE_CONFFILE=$work/@" "$BUILD/ksm-openvz" umount "$work/none.conf" "$work" "$work"
	says "a library's directory" env VEID=101 VE_CONFFILE="$work/none.conf" "$BUILD/ksm-openvz" umount "$work/@" "$work" "$work"
}

# the name of a file that is mapped, on the stderr of the program itself
testThePreloadLibrary() {
	# shellcheck disable=SC2016
	says "a mapped file's name" env PRELOAD="$BUILD/libksm_preload.so" KSM_PRELOAD=madvise \
		KSM_PRELOAD_DEBUG=1 sh -c 'cp /bin/true "$0" && LD_PRELOAD=$PRELOAD "$0"' "$work/dir/@"
}

. "$(dirname "$0")/../lib/common.sh"
