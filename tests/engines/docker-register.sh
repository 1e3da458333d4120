#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC1091,SC2154 # what common.sh sets
# ksm-hook docker-register, which is what `make install-docker` calls: what it does to daemon.json,
# and what undoes it.

path=/usr/local/sbin/ksm-runc

register() {
	out=$("$KSM_HOOK" docker-register "$1" "$file" "${2:-$path}" 2>&1)
}

each_setup() {
	dir=$work/d
	rm -rf "$dir" && mkdir "$dir"
	file=$dir/daemon.json
}

testThereAndBackAgain() {
	for _text in '{}' '{"runtimes":{}}' '{ "debug" :true,
		"runtimes": {"nvidia": {"path": "/usr/bin/nvidia-container-runtime", "runtimeArgs": []}} }' \
		'{"log-opts":{"max-size":"10m"},"registry-mirrors":[]}'; do
		printf '%s' "$_text" >"$file"
		chmod 600 "$file" && chown 1:2 "$file"
		register add
		assertEquals "$out" 0 $?
		assertContains "$out" "systemctl reload docker"
		assertEquals $path "$(jq -r '.runtimes["ksm-runc"].path' "$file")"
		assertEquals "all else stays" "$(echo "$_text" | jq -S 'del(.runtimes)')" \
			"$(jq -S 'del(.runtimes)' "$file")"
		assertEquals "the others stay" "$(echo "$_text" | jq -S '.runtimes // {}')" \
			"$(jq -S '.runtimes | del(.["ksm-runc"])' "$file")"
		assertEquals "600 1 2" "$(stat -c '%a %u %g' "$file")"
		_once=$(cat "$file")
		register add
		assertEquals "twice: $out" 0 $?
		assertEquals "$_once" "$(cat "$file")"
		register remove
		assertEquals "$out" 0 $?
		assertEquals "byte by byte" "$_text" "$(cat "$file")"
		assertEquals "600 1 2" "$(stat -c '%a %u %g' "$file")"
		assertEquals "nothing left" daemon.json "$(ls "$dir")"
		register remove
		assertEquals "twice: $out" 0 $?
	done
}

testWithoutAFile() {
	rmdir "$dir"
	register add
	assertEquals "$out" 0 $?
	assertEquals "{\"runtimes\":{\"ksm-runc\":{\"path\":\"$path\"}}}" "$(jq -c . "$file")"
	assertEquals 644 "$(stat -c %a "$file")"
	register remove
	assertEquals "$out" 0 $?
	assertEquals "" "$(ls "$dir")"
}

testWhatWasChangedMeanwhileStays() {
	echo '{"debug":true}' >"$file"
	register add
	assertContains "$out" "$(cat "$file")" ksm-runc
	jq '.debug = false | .runtimes.other = {path: "/x"}' "$file" >"$file.n" && mv "$file.n" "$file"
	register remove
	assertEquals '{"debug":false,"runtimes":{"other":{"path":"/x"}}}' "$(jq -Sc . "$file")"
	echo '{"debug":true,"runtimes":{}}' >"$file"
	register add
	assertContains "$out" "$(cat "$file")" ksm-runc
	jq '.debug = false' "$file" >"$file.n" && mv "$file.n" "$file"
	register remove
	assertEquals '{"debug":false,"runtimes":{}}' "$(jq -c . "$file")"
}

# somebody's file of the name under which ours is kept, before and after
testWhatIsNotOursStays() {
	echo '{"debug":true}' >"$file"
	echo mine >"$file.before-ksm-hook"
	register add
	assertContains "$out" "$out" "$file.before-ksm-hook.1"
	assertEquals mine "$(cat "$file.before-ksm-hook.1")"
	assertEquals '{"debug":true}' "$(cat "$file.before-ksm-hook")"
	jq '.debug = false' "$file" >"$file.n" && mv "$file.n" "$file"
	register remove
	assertContains "$out" "$out" "$file.before-ksm-hook: is kept"
	assertEquals '{"debug":true}' "$(cat "$file.before-ksm-hook")"
	register add
	assertEquals '{"debug":true}' "$(cat "$file.before-ksm-hook.2")"
	register remove
	assertEquals '{"debug":false}' "$(jq -c . "$file")"
	assertEquals "daemon.json daemon.json.before-ksm-hook.1 daemon.json.before-ksm-hook.2" \
		"$(cd "$dir" && echo *)"
}

testOneAfterTheOther() {
	echo '{"debug":true}' >"$file"
	out=$(flock "$dir" "$KSM_HOOK" docker-register add "$file" $path 2>&1)
	assertEquals "$out" 1 $?
	assertContains "$out" "$out" "$dir/ stays locked"
	assertEquals '{"debug":true}' "$(cat "$file")"
	# what the first one saved is the original, however many there are
	for _round in 1 2 3 4 5 6 7 8 9 10; do
		_jobs=
		for _job in 1 2 3 4 5 6 7 8; do
			"$KSM_HOOK" docker-register add "$file" $path >/dev/null 2>&1 &
			_jobs="$_jobs $!"
		done
		for _job in $_jobs; do
			wait "$_job"
			assertEquals 0 $?
		done
		assertEquals '{"debug":true}' "$(cat "$file.before-ksm-hook")"
		register remove
		assertEquals '{"debug":true}' "$(cat "$file")"
		assertEquals daemon.json "$(ls "$dir")"
	done
}

# refused TEXT SAYING [WHAT]
refused() {
	printf '%s' "$1" >"$file"
	register "${3:-add}"
	assertEquals "$1: $out" 1 $?
	assertContains "$out" "$2"
	assertEquals "untouched" "$1" "$(cat "$file")"
	assertEquals daemon.json "$(ls "$dir")"
}

testRefusals() {
	refused '{"debug":true' "$file:1:"
	refused '{} {}' "$file:1:"
	refused '[]' "not a JSON object"
	refused '{ /* debug */ }' "$file:1:"
	refused '{"runtimes":[]}' '"runtimes" is not an object'
	refused '{"runtimes":{"ksm-runc":{"path":"/opt/ksm-runc"}}}' "another runtime ksm-runc"
	refused '{"runtimes":{"ksm-runc":{"path":"/opt/ksm-runc"}}}' "is not ours" remove
	refused "{\"default-runtime\":\"ksm-runc\",\"runtimes\":{\"ksm-runc\":{\"path\":\"$path\"}}}" \
		"change that first" remove
	for _path in relative/ksm-runc /usr/bin/other '/a"b/ksm-runc'; do
		register add "$_path"
		assertEquals "$_path: $out" 1 $?
	done
	ln -s nowhere "$dir/link"
	file=$dir/link
	register add
	assertEquals "$out" 1 $?
	file=$dir
	register add
	assertEquals "$out" 1 $?
}

testThroughALink() {
	echo '{"debug":true}' >"$dir/real"
	ln -s real "$file"
	register add
	assertTrue "still a link" "[ -L '$file' ]"
	assertEquals $path "$(jq -r '.runtimes["ksm-runc"].path' "$dir/real")"
	register remove
	assertEquals '{"debug":true}' "$(cat "$dir/real")"
}

testNoBytesButOursChange() {
	# what a program that reads and writes JSON loses: numbers, names given twice, order, white space
	for _text in '{"default-ulimits":{"nofile":{"Name":"nofile","Hard":9223372036854775807,"Soft":64000}}}' \
		'{"shutdown-timeout":1e1 ,"x":1.10}' \
		'{"runtimes":{"a":{"path":"/a"}},"runtimes":{"b":{"path":"/b"}}}' \
		'{"b":"\u00e9\/","a":0}' "$(printf '{\r\n\t"debug": true\r\n}\r\n.')" "$(printf '\357\273\277{}\n\n.')"; do
		printf %s "${_text%.}" >"$file"
		cp "$file" "$work/before"
		register add
		assertEquals "$out" 0 $?
		# byte by byte, and what is left over is ours
		python3 - "$work/before" "$file" "$path" <<-'P'
			import sys
			a, b = (open(f, "rb").read() for f in sys.argv[1:3])
			n = len(b) - len(a)
			at = [i for i in range(len(a) + 1) if a[:i] == b[:i] and a[i:] == b[i + n:]]
			sys.exit(0 if at and sys.argv[3].encode() in b[at[0]:at[0] + n] else 1)
		P
		_ended=$?
		assertEquals "$_text: one insertion: $(cat "$file")" 0 $_ended
		register remove
		assertTrue "$_text: $out" "cmp '$file' '$work/before'"
	done
}

# `: >daemon.json` is common, and newer dockerds start with it
testEmptyFile() {
	for _text in '' ' ' '
'; do
		printf %s "$_text" >"$file"
		cp "$file" "$work/before"
		register add
		assertEquals "$out" 0 $?
		assertEquals $path "$(jq -r '.runtimes["ksm-runc"].path' "$file")"
		register remove
		assertTrue "$out" "cmp '$file' '$work/before'"
	done
}

# a full disk, or whatever else ends it before the rename
testWhereItCannotWrite() {
	mkdir "$dir/small"
	mount -t tmpfs -o size=8k,nr_inodes=4 none "$dir/small"
	file=$dir/small/daemon.json
	echo '{"debug":true}' >"$file"
	head -c 4096 /dev/zero >"$dir/small/other"
	register add
	assertEquals "$out" 1 $?
	assertContains "$out" "$out" "nothing was changed"
	assertEquals '{"debug":true}' "$(cat "$file")"
	umount "$dir/small"
}

info() {
	DOCKER_CONFIG=$work/client timeout 20 docker -H "unix://$dir/d.sock" info -f '{{json .Runtimes}}'
}

# dockerd starts with what was written, and has the runtimes that it had
testDockerdReadsIt() {
	cat >"$file" <<-'J'
		{"default-ulimits":{"nofile":{"Name":"nofile","Hard":9223372036854775807,"Soft":64000}},
		"runtimes":{"first":{"path":"/usr/bin/first"}},
		"runtimes":{"second":{"path":"/usr/bin/second"}}}
	J
	register add
	assertEquals "$out" 0 $?
	. "$top/tests/lib/daemons-lib.sh"
	daemons_start "$dir"
	wait_for 60 info >/dev/null 2>&1 || cat "$dir/dockerd.log"
	assertEquals "first ksm-runc second" "$(info |
		jq -r 'keys | map(select(test("^(first|second|ksm-runc)$"))) | join(" ")')"
	daemons_end
}

. "$(dirname "$0")/../lib/common.sh"
