#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What `make install-docker` does to daemon.json, and what undoes it.

path=/usr/local/sbin/ksm-runc

register() {
	out=$("$top/oci-config/docker-register" "$1" "$file" ${2:-$path} 2>&1)
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
	assertEquals '{"debug":false,"runtimes":{"other":{"path":"/x"}}}' "$(jq -c . "$file")"
	echo '{"debug":true,"runtimes":{}}' >"$file"
	register add
	assertContains "$out" "$(cat "$file")" ksm-runc
	jq '.debug = false' "$file" >"$file.n" && mv "$file.n" "$file"
	register remove
	assertEquals '{"debug":false,"runtimes":{}}' "$(jq -c . "$file")"
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
	refused '{"debug":true' "not one JSON object"
	refused '{} {}' "not one JSON object"
	refused '[]' "not one JSON object"
	refused '' "not one JSON object"
	refused '{"runtimes":[]}' '"runtimes" is not an object'
	refused '{"runtimes":{"ksm-runc":{"path":"/opt/ksm-runc"}}}' "another runtime ksm-runc"
	refused '{"runtimes":{"ksm-runc":{"path":"/opt/ksm-runc"}}}' "not ours" remove
	refused "{\"default-runtime\":\"ksm-runc\",\"runtimes\":{\"ksm-runc\":{\"path\":\"$path\"}}}" \
		"change that first" remove
	out=$("$top/oci-config/docker-register" add "$file" relative/ksm-runc 2>&1)
	assertEquals 1 $?
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

testWithoutJqItSaysWhatToDo() {
	echo '{"debug":true}' >"$file"
	mkdir "$dir/bin"
	ln -s /bin/cat "$dir/bin/cat"
	out=$(PATH=$dir/bin /bin/sh "$top/oci-config/docker-register" add "$file" 2>&1)
	assertEquals "$out" 1 $?
	assertContains "$out" "$out" '"runtimes": { "ksm-runc": { "path": "/usr/local/sbin/ksm-runc" } }'
	assertEquals '{"debug":true}' "$(cat "$file")"
}

. "$(dirname "$0")/../lib/common.sh"
