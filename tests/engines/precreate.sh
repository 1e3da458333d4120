#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# ksm-hook precreate: what it adds and what it leaves alone, byte for byte.
# needs: containers

# shellcheck source=/dev/null
. "$(dirname "$0")/../lib/precreate-lib.sh"

testTheEdit() {
	changed podman "$work/asks.json"
	jq -c --arg place $place --arg library "$library" '.process.env += ["LD_PRELOAD=" + $place] |
		(.mounts | map(.destination) | index("/dev")) as $i |
		.mounts = .mounts[:$i + 1] + [{destination: $place, type: "bind", source: $library,
			options: ["bind", "ro", "nosuid", "nodev"]}] + .mounts[$i + 1:]' "$work/asks.json" >"$work/want"
	jq -c . "$work/out" | diff "$work/want" - >"$work/diff"
	_ended=$?
	assertEquals "$(cat "$work/diff")" 0 $_ended
	cp "$work/out" "$work/once"
	alone twice "$work/once" ""
}

# Keys that are none of ours, of any length up to what a walk keeps of them
testLongForeignKeys() {
	for _length in 511 512 513 4096 100000; do
		for _where in . .annotations .process .linux.sysctl; do
			as "$_where += {(\"k\" * $_length): \"v\"}"
			changed "$_length in $_where" "$work/as.json"
		done
		as ".annotations = {(\"k\" * $_length): (\"v\" * $_length)} + .annotations + {(\"io.ksm.\" + \"k\" * $_length): \"v\"}"
		changed "$_length among annotations" "$work/as.json"
	done
	as ".x = {(\"k\" * 300000): \"v\"}"
	alone "longer than is kept" "$work/as.json" spec-invalid
}

# a tenth of what precreate-soak.sh does
testGeneratedConfigs() {
	out=$("$top/tests/engines/precreate-property" edit "$KSM_HOOK" "$library" "$work/plain.json" 150 2>&1)
	assertEquals "$out" 0 $?
}

testCut() {
	out=$("$top/tests/engines/precreate-property" cut "$KSM_HOOK" "$library" "$work/all.json" "$work/podman.json" 31 2>&1)
	assertEquals "$out" 0 $?
}

testDidNotAsk() {
	as 'del(.annotations["io.ksm.merge"])'
	for config in plain required; do
		hook $config <"$work/as.json"
		assertEquals 0 $rc
		assertTrue "cmp '$work/as.json' '$work/out'"
		assertEquals "" "$(cat "$work/err")"
	done
	hook all <"$work/as.json"
	assertTrue "\"all\"" "grep -q $place '$work/out'"
	as '.annotations["io.ksm.merge"] = "false"'
	alone "said no" "$work/as.json" ""
	hook all <"$work/as.json"
	assertTrue "cmp '$work/as.json' '$work/out'"
}

# Which container of a pod this is nobody knows here: one that is not to be merged may be this one.
testOneContainerOfAPod() {
	as '.annotations["io.ksm.merge/container.db"] = "false"'
	alone "one said no" "$work/as.json" ""
	hook all <"$work/as.json"
	assertTrue "cmp '$work/as.json' '$work/out'"
	as '.annotations["io.ksm.merge/container.db"] = "true"'
	changed "one said yes, as did all" "$work/as.json"
	as '.annotations |= (del(.["io.ksm.merge"]) + {"io.ksm.merge/container.db": "true"})'
	alone "one said yes" "$work/as.json" ""
}

# this kernel keeps the mark over exec
testMethods() {
	as 'del(.annotations["io.ksm.method"])'
	cp "$work/as.json" "$work/auto.json"
	alone auto "$work/auto.json" ""
	changed "auto without the prctl" "$work/auto.json" "$top/tests/lib/no-prctl"
	as '.annotations["io.ksm.method"] = "inject"'
	alone inject "$work/as.json" ""
	alone "inject without the prctl" "$work/as.json" "" "$top/tests/lib/no-prctl"
	changed "preload without the prctl" "$work/asks.json" "$top/tests/lib/no-prctl"
}

testLeftAloneWithAReason() {
	as '.process.env += ["KSM_PRELOAD=off"]'
	alone off "$work/as.json" preload-opted-out
	as '.process.env += ["KSM_MERGE=no"]'
	alone no "$work/as.json" preload-opted-out
	as '.process.env += ["LD_PRELOAD=/usr/lib64/libksm_preload.so"]'
	alone own "$work/as.json" preload-foreign-copy
	as '.process.env += ["LD_PRELOAD=/a.so", "LD_PRELOAD=/b.so"]'
	alone two "$work/as.json" preload-environment
	as '.process.env += [7]'
	alone number "$work/as.json" preload-environment
	as '.process.env = null'
	alone null "$work/as.json" preload-environment
	as 'del(.process)'
	alone process "$work/as.json" preload-process
	as '(.mounts[] | select(.destination == "/dev")).type = "bind"'
	alone bind "$work/as.json" preload-mounts
	as '.mounts += [{destination: "/dev/../dev/", source: "/dev", type: "bind"}]'
	alone covered "$work/as.json" preload-mounts
	as 'del(.mounts)'
	alone mounts "$work/as.json" preload-mounts
	as '.mounts = {"a": {destination: "/dev", type: "tmpfs"}}'
	alone object "$work/as.json" preload-mounts
	as '.mounts = "/dev"'
	alone string "$work/as.json" preload-mounts
	library=/nonexistent alone library "$work/asks.json" preload-library
	library=$work/plain.json alone library "$work/asks.json" preload-library
	library='/tmp/"' alone library "$work/asks.json" preload-library
	as '.x = ([range(70)] | reduce .[] as $i (1; [.]))'
	alone deep "$work/as.json" spec-invalid
	as '.annotations["io.ksm.merge"] = true'
	hook plain <"$work/as.json"
	assertContains "$(cat "$work/err")" "annotation io.ksm.merge must be a string"
	assertTrue "cmp '$work/as.json' '$work/out'"
}

testSeccompProfiles() {
	changed "podman's own" "$work/asks.json"
	rule='.linux.seccomp.syscalls += [{names: ["prctl"], action: "SCMP_ACT_ERRNO", args: [{index: 0, value: 67, op: "SCMP_CMP_EQ"}]}]'
	as "$rule"
	alone refused "$work/as.json" preload-seccomp-refuses
	changed "refused, and not needed" "$work/as.json" "$top/tests/lib/no-prctl"
	as '.linux.seccomp.syscalls += [{names: ["prctl"], action: "SCMP_ACT_KILL_PROCESS", args: [{index: 0, value: 68, op: "SCMP_CMP_GE"}]}]'
	alone killed "$work/as.json" preload-seccomp-kills
	alone "killed on an old kernel" "$work/as.json" preload-seccomp-kills "$top/tests/lib/no-prctl"
	as '.linux.seccomp = {defaultAction: "SCMP_ACT_ERRNO", syscalls: [{names: ["prctl", "mmap"], action: "SCMP_ACT_ALLOW"}]}'
	changed "no madvise, and not needed" "$work/as.json"
	alone "no madvise" "$work/as.json" preload-seccomp-refuses "$top/tests/lib/no-prctl"
	as 'del(.linux.seccomp)'
	changed unconfined "$work/as.json"
}

# program FILTER FILE: the entry program is FILE of the root
testEntryProgram() {
	as '.process.args = ["sh", "-c", "cat"]'
	alone static "$work/as.json" preload-static
	# e_machine of aarch64
	cp "$root/bin/cat" "$root/bin/foreign"
	printf '\267' | dd of="$root/bin/foreign" bs=1 seek=18 conv=notrunc 2>/dev/null
	as '.process.args = ["/bin/foreign"]'
	alone foreign "$work/as.json" preload-architecture
	# AddressSanitizer's library has to be the first one
	assertTrue "it is linked with a library" "readelf -d '$root/bin/sanitized' | grep -q 'NEEDED.*libasan'"
	as '.process.args = ["/bin/sanitized"]'
	alone sanitized "$work/as.json" preload-sanitizer
	# as images with a WORKDIR have it
	for program in ./sanitized ../bin/sanitized sanitized; do
		as ".process.args = [\"$program\"] | .process.cwd = \"/bin\" |
			.process.env |= map(select(startswith(\"PATH=\") | not)) + [\"PATH=/nonexistent:\"]"
		alone "$program" "$work/as.json" preload-sanitizer
	done
	as '.process.args = ["bin/sanitized"] | .process.cwd = "/"'
	alone bin/sanitized "$work/as.json" preload-sanitizer
	as '.process.args = ["./busybox"] | .process.cwd = "/link-to-bin"'
	ln -sfn /bin "$root/link-to-bin"
	alone busybox "$work/as.json" preload-static
	# what a developer mounts, a directory or the program itself
	mkdir -p "$work/built" "$work/empty"
	cp "$root/bin/sanitized" "$work/built/a.out"
	for program in ./a.out /src/a.out /src/./a.out; do
		as ".process.args = [\"$program\"] | .process.cwd = \"/src\" |
			.mounts = [{destination: \"/src\", source: \"$work/empty\", type: \"bind\", options: [\"rbind\"]}] + .mounts +
			[{destination: \"/src/\", source: \"$work/built\", type: \"none\", options: [\"ro\", \"rbind\"]}]"
		alone "$program" "$work/as.json" preload-sanitizer
	done
	as ".process.args = [\"/bin/cat\"] | .mounts += [{destination: \"/bin/cat\", source: \"$work/built/a.out\", type: \"bind\", options: [\"bind\"]}]"
	alone file "$work/as.json" preload-sanitizer
	for _mounted in /bin/sanitize /bin/sanitized/x /bi; do
		as ".process.args = [\"/bin/sanitized\"] | .mounts += [{destination: \"$_mounted\", source: \"$work/empty\", type: \"bind\", options: [\"bind\"]}]"
		alone "beside $_mounted" "$work/as.json" preload-sanitizer
	done
	# covered by something else
	as ".process.args = [\"/bin/sanitized\"] | .mounts += [{destination: \"/bin\", source: \"$work/empty\", type: \"bind\", options: [\"bind\"]}]"
	changed "covered" "$work/as.json"
	for cwd in '"/"' '"bin"' '"/nonexistent"' 7 null '"/proc/self/root/bin"'; do
		as ".process.args = [\"./sanitized\"] | .process.cwd = $cwd"
		changed "cwd $cwd" "$work/as.json"
	done
	echo 'int main(void) { return 0; }' | gcc -fsanitize=undefined -o "$root/bin/undefined" -xc -
	as '.process.args = ["/bin/undefined"]'
	changed "another sanitizer" "$work/as.json"
	# absolute links are the container's: this one is no program of the host's
	ln -sf /bin/foreign "$root/bin/link"
	as '.process.args = ["link"]'
	alone link "$work/as.json" preload-architecture
	ln -sf ../../../../../../../../../../bin/busybox "$root/bin/up"
	as '.process.args = ["up"]'
	alone up "$work/as.json" preload-static
	printf '#!/bin/sh\n' >"$root/bin/script"
	chmod 755 "$root/bin/script"
	: >"$root/bin/empty"
	head -c 70 "$root/bin/cat" >"$root/bin/short"
	chmod 755 "$root/bin/empty" "$root/bin/short"
	mkfifo "$root/bin/fifo"
	mknod "$root/bin/device" c 1 7
	chmod 755 "$root/bin/fifo" "$root/bin/device"
	for program in script empty short fifo device /proc/self/exe nonexistent ./sh ""; do
		as ".process.args = [\"$program\"]"
		changed "program $program" "$work/as.json"
	done
	as 'del(.process.args)'
	changed "no program" "$work/as.json"
	as '.root.path = "/nonexistent"'
	changed "no root" "$work/as.json"
	as 'del(.root)'
	changed "root not told" "$work/as.json"
}

# bad TEXT CODE: refused with nothing on stdout
bad() {
	printf "$1" >"$work/bad.json"
	for config in plain required all; do
		hook $config <"$work/bad.json"
		assertEquals "$1" 1 $rc
		assertEquals "$1" 0 "$(wc -c <"$work/out")"
		assertContains "$1" "$(cat "$work/err")" " reason=$2"
	done
}

testBadJson() {
	a='"annotations":{"io.ksm.merge":"true"}'
	bad '' spec-unreadable
	bad '   ' spec- # truncated, or invalid where it is parsed in any case
	bad "{$a,oops}" spec-invalid
	bad "{$a,\"x\":01}" spec-invalid
	bad "{$a,\"x\":1.}" spec-invalid
	bad "{$a,\"x\":[1,]}" spec-invalid
	bad "{$a,\"x\":\"\\\\q\"}" spec-invalid
	bad "{$a,\"x\":\"\\377\"}" spec-invalid
	bad "{$a,\"x\":\"\\t\"}" spec-invalid
	bad "{$a}\"" spec-truncated
	bad "{$a}tru" spec-invalid
	bad "{$a}{}" spec-invalid
	bad "{$a}\\n/* */" spec-invalid
	bad "{$a,\"x\":1\\0}" spec-invalid
	# nobody asked, so nothing is parsed
	printf '{"a":[1,2}' | hook plain
	assertEquals 1 $rc
	assertContains "$(cat "$work/err")" " reason=spec-truncated: "
}

testSixteenMiB() {
	python3 - "$work/asks.json" "$work/big.json" <<-'E'
		import sys
		text = open(sys.argv[1]).read().strip()
		head, size = text[:-1] + ',"x":["', 16 << 20
		body = ("a\\n" + "0123456789" * 5 + '","') * (size // 56)
		body = body[:size - len(head) - 3 - 60].rsplit('","', 1)[0]
		body += "x" * (size - len(head) - len(body) - 3)
		open(sys.argv[2], "w").write(head + body + '"]}')
	E
	assertEquals $((16 << 20)) "$(wc -c <"$work/big.json")"
	# the input once, the parser's pages, and room for one string of all of it
	hook plain prlimit --as=$((64 << 20)) <"$work/big.json"
	assertEquals "$(cat "$work/err")" 0 $rc
	assertEquals 2 "$(grep -o $place "$work/out" | wc -l)"
	printf ' ' >>"$work/big.json"
	alone large "$work/big.json" spec-unreadable
	head -c $((40 << 20)) /dev/urandom >"$work/huge.json"
	alone huge "$work/huge.json" spec-unreadable
	rm "$work/big.json" "$work/huge.json"
}

testParserThatIsTakenOver() {
	for fault in crash hang lie open socket; do
		KSM_HOOK=$BUILD/ksm-hook-faults hook plain env KSM_FAULT=parser:$fault <"$work/asks.json"
		assertEquals "$fault" 0 $rc
		assertTrue "$fault" "cmp '$work/asks.json' '$work/out'"
		assertContains "$fault" "$(cat "$work/err")" " reason=parser-"
		KSM_HOOK=$BUILD/ksm-hook-faults hook required env KSM_FAULT=parser:$fault <"$work/asks.json"
		assertEquals "$fault required" 1 $rc
		assertEquals "$fault required" 0 "$(wc -c <"$work/out")"
	done
}

testWrongUsage() {
	"$KSM_HOOK" precreate --nonsense <"$work/asks.json" >"$work/out" 2>"$work/err"
	assertEquals 0 $?
	assertContains "$(cat "$work/err")" "unknown option \"--nonsense\""
	assertTrue "cmp '$work/asks.json' '$work/out'"
	"$KSM_HOOK" precreate --library "$library" <"$work/asks.json" >/dev/full 2>"$work/err"
	assertEquals 1 $?
	assertContains "$(cat "$work/err")" "standard output: No space left"
}

. "$(dirname "$0")/../lib/common.sh"
