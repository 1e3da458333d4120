#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC1091,SC2154 # what common.sh sets
# The configuration: config.json and conf.d as a hook obeys them, and policy check.
# needs: containers

# shellcheck source=/dev/null
. "$(dirname "$0")/../lib/policy-lib.sh"

check() {
	"$KSM_HOOK" policy check --config "$etc/config.json" >"$work/out" 2>&1
}

testFilesInOrder() {
	echo '{"log": "info"}' >"$etc/config.json"
	assertEquals requested "$(decided)"
	echo '{"deny": [{"annotation": "team", "match": "web"}]}' >"$etc/conf.d/50-web.json"
	assertEquals denied-by-rule "$(decided)"
	assertContains "$(cat "$work/log")" "in conf.d/50-web.json"
	# lists add up: a later file takes no rule away
	echo '{"deny": [], "containers": "all"}' >"$etc/conf.d/60-all.json"
	assertEquals denied-by-rule "$(decided)"
	rm "$etc/conf.d/50-web.json"
	assertEquals containers-all "$(decided "$silent")"
	echo '{"containers": "none"}' >"$etc/conf.d/70-none.json"
	assertEquals containers-none "$(decided)"
	# neither is read
	mv "$etc/conf.d/70-none.json" "$etc/conf.d/70-none.json.off"
	echo '{' >"$etc/conf.d/.70-none.json"
	assertEquals containers-all "$(decided "$silent")"
	check
	assertEquals "a warning" 0 $?
	assertEquals "warning: $etc/conf.d/70-none.json.off: is not read, as its name does not end with \".json\"" \
		"$(cat "$work/out")"
}

# Each would leave a container alone if it were right, and none makes one mergeable.
testNothingBrokenWidens() {
	echo '{"containers": "all", "log": "info"}' >"$etc/config.json"
	assertEquals "the control" containers-all "$(decided "$silent")"
	while read -r broken; do
		echo "$broken" >"$etc/conf.d/50-deny.json"
		for state in "$asking" "$silent"; do
			assertEquals "$broken" config-invalid "$(decided "$state")"
			assertContains "$broken" "$(cat "$work/log")" "$etc/conf.d/50-deny.json:"
			assertNotContains "$broken" "$(cat "$work/log")" "reason=containers-all"
		done
		check
		assertEquals "$broken" 1 $?
		assertContains "$broken" "$(cat "$work/out")" "error: $etc/conf.d/50-deny.json:"
	done <<-'E'
		{"deny": [{"annotation": "team", "match": "web"}
		{"deny": [{"annotation": "team", "match": 7}]}
		{"deny": [{"annotation": "team"}]}
		{"deny": [{}]}
		{"deny": {"annotation": "team", "match": "web"}}
		{"dney": [{"annotation": "team", "match": "web"}]}
		{"Deny": [{"annotation": "team", "match": "web"}]}
		{"deny": [], "deny": [{"annotation": "team", "match": "web"}]}
		{"deny_teams": ["web"]}
		{"deny": [{"engine": "crio"}]}
		{"deny": [{"user": "root"}]}
		{"deny": [{"annotation": "team", "match": "[web"}]}
		{"deny": [{"namespace": "web\\"}]}
	E
	# what a newer version can ask for: nobody can say that it does not fit
	echo '{"unknown": "allow", "deny": [{"team": "web"}]}' >"$etc/conf.d/50-deny.json"
	assertEquals denied-unknown "$(decided "$silent")"
	rm "$etc/conf.d/50-deny.json"
	ln -s nowhere "$etc/conf.d/50-deny.json"
	assertEquals config-unreadable "$(decided "$silent")"
	check
	assertEquals 1 $?
	rm "$etc/conf.d/50-deny.json"
	assertEquals "and again" containers-all "$(decided "$silent")"
}

# Rules behind a link that leads nowhere, or in a file whose name was mistyped, are not there.
testNothingMissingWidens() {
	echo '{"containers": "all", "log": "info"}' >"$etc/config.json"
	echo '{"deny": [{"annotation": "team", "match": "web"}]}' >"$etc/conf.d/50-web.json"
	mv "$etc/config.json" "$etc/real" && ln -s real "$etc/config.json"
	mv "$etc/conf.d" "$etc/real.d" && ln -s real.d "$etc/conf.d"
	assertEquals "the control" denied-by-rule "$(decided "$silent")"
	missing "$etc/real.d" "$etc/conf.d: a link that leads nowhere"
	missing "$etc/real" "$etc/config.json: a link that leads nowhere"
	missing "$etc/config.json" "$etc/config.json: there is no such file"
	assertEquals "and again" denied-by-rule "$(decided "$silent")"
}

# missing FILE WORDS: without it nothing is merged, and the log and `check` say why; it is put back
missing() {
	mv "$1" "$etc/away"
	assertEquals "$1" config-unreadable "$(decided)"
	assertContains "$1" "$(cat "$work/log")" "$2"
	check
	assertEquals "$1: check" 1 $?
	assertContains "$1" "$(cat "$work/out")" "error: $2"
	mv "$etc/away" "$1"
}

# A deny that is broken stops merging for all: the log, status, doctor and a metric say so, and none of
# them of one that is right.
testWhatIsBrokenIsSaidLoudly() {
	mkdir -p "$work/upper" "$work/upwork"
	cat >"$work/loud" <<-'E'
		mount -t overlay none -o "lowerdir=/etc,upperdir=$1/upper,workdir=$1/upwork" /etc && mkdir -p /etc/ksm-hook || exit 1
		# the host's may come and go below the overlay
		mount -t tmpfs none /etc/ksm-hook && mkdir /etc/ksm-hook/conf.d || exit 1
		echo '{"containers": "all", "log": "info"}' >/etc/ksm-hook/config.json
		for match in '"db"' 7; do
			echo "{\"deny\": [{\"annotation\": \"team\", \"match\": $match}]}" >/etc/ksm-hook/conf.d/50-deny.json
			echo "log $("$2" createRuntime <"$1/state" 2>&1 | sed -n 's/.* reason=\([a-z-]*\).*/\1/p' | head -n 1)"
			echo "status $("$2" status | grep -c '^configuration   broken: nothing is merged') $("$2" status --json | jq .config_valid)"
			echo "doctor $("$2" doctor --json | jq -r '[.findings[] | select(.id == "config") | .level] | unique | join(",")')"
			echo "what $("$2" doctor --json | jq -r '.findings[] | select(.id == "config" and .level == "broken") | .what')"
			echo "metric $("$2" metrics | sed -n 's/^ksm_hook_config_valid //p')"
			echo "explain $("$2" policy explain --annotation io.ksm.merge=true 2>&1 | sed -n 's/.* reason=\([a-z-]*\).*/\1/p')"
		done
	E
	printf '%s' "$silent" >"$work/state"
	said=$(unshare -m sh "$work/loud" "$work" "$KSM_HOOK")
	heard() { echo "$said" | sed -n "s/^$1 //p" | paste -sd ' '; }
	assertEquals "$said" "containers-all config-invalid" "$(heard log)"
	assertEquals "$said" "0 true 1 false" "$(heard status)"
	assertEquals "$said" "ok broken" "$(heard doctor)"
	assertContains "$said" "$(heard what)" "/etc/ksm-hook/conf.d/50-deny.json:1:34: "
	assertEquals "$said" "1 0" "$(heard metric)"
	assertEquals "$said" "requested config-invalid" "$(heard explain)"
}

testWhatOthersCanWrite() {
	echo '{"log": "info"}' >"$etc/config.json"
	echo '{}' >"$etc/conf.d/a.json"
	assertEquals requested "$(decided)"
	for change in "chmod 666 conf.d/a.json" "chown 65534 conf.d/a.json" "chmod 777 conf.d" "chown 65534 conf.d" \
		"chmod 775 ." "chmod 777 ." "chown 65534 ."; do
		(cd "$etc" && $change)
		assertEquals "$change" config-untrusted "$(decided)"
		check
		assertEquals "$change" 1 $?
		chown -R 0:0 "$etc"
		chmod 755 "$etc" "$etc/conf.d"
		chmod 644 "$etc/conf.d/a.json"
	done
	# whose files nobody else takes away
	chmod 1777 "$etc"
	assertEquals requested "$(decided)"
	chmod 755 "$etc"
	assertEquals requested "$(decided)"
}

# cat_taken: what is decided by the usual path, in a directory that others can write to or cannot
cat_taken() {
	cat <<-'E'
		mount -t tmpfs tmpfs /etc/ksm-hook || exit 1
		echo '{"log": "info", "deny": [{"annotation": "team", "match": "web"}]}' >/etc/ksm-hook/config.json
		decide() {
			echo "$1 $("$KSM_HOOK" createRuntime <"$work/state" 2>&1 | sed -n 's/.* reason=\([a-z-]*\).*/\1/p' | head -n 1)" \
				"$("$KSM_HOOK" metrics | sed -n 's/^ksm_hook_config_valid //p')"
		}
		decide kept
		chmod 777 /etc/ksm-hook
		decide open
		mount -o remount,ro /etc/ksm-hook
		decide configmap
		mount -o remount,rw /etc/ksm-hook
		# what a user does who is let
		setpriv --reuid 65534 --regid 65534 --clear-groups mv /etc/ksm-hook/config.json /etc/ksm-hook/gone
		[ -e /etc/ksm-hook/config.json ] && echo "still there"
		decide taken
	E
}

# A rule that anybody may take away with its file is none. A ConfigMap's directory has the mode 777 as
# well, and nobody writes to it.
testNobodyTakesTheFileAway() {
	config_folder_take
	printf '%s' "$asking" >"$work/state"
	cat_taken >"$work/taken"
	said=$(env work="$work" KSM_HOOK="$KSM_HOOK" unshare -m sh "$work/taken" 2>&1)
	config_folder_leave
	for line in "kept denied-by-rule 1" "open config-untrusted 0" "configmap denied-by-rule 1" "taken config-untrusted 0"; do
		assertContains "$said" "$line"
	done
	assertNotContains "$said" "still there"
}

# A fleet has hosts of several versions: what one does not know leaves the rest as it is.
testUnknownKeys() {
	echo '{"log": "info", "audience": {"a": [1, {}]}, "allow": [{"annotation": "team", "match": "w*"}]}' >"$etc/config.json"
	assertEquals requested "$(decided)"
	assertContains "$(cat "$work/log")" 'config.json:1:17: unknown key "audience"'
	check
	assertEquals "a warning is no error" 0 $?
	assertEquals "warning: $etc/config.json:1:17: unknown key \"audience\": not understood, ignored" "$(cat "$work/out")"
	# what looks like a restriction too, unless it has the words that this version knows
	for word in exclude denied block; do
		echo "{\"log\": \"info\", \"$word\": [{\"namespace\": \"*\"}, [[{\"x\": 1}]]]}" >"$etc/config.json"
		assertEquals "$word" requested "$(decided)"
		assertContains "$word" "$(cat "$work/log")" "config.json:1:17: unknown key \"$word\": not understood, ignored"
	done
	for word in denylist disallow Deny_pods; do
		echo "{\"log\": \"info\", \"$word\": []}" >"$etc/config.json"
		assertEquals "$word" config-invalid "$(decided)"
	done
	# however deep, for a newer version may nest more than this one reads
	python3 -c 'print("{\"log\": \"info\", \"newer\": " + "[" * 9000 + "]" * 9000 + "}")' >"$etc/config.json"
	assertEquals requested "$(decided)"
	echo '{"log": "info", "allow": [{"annotation": "team", "match": "w*", "zone": "a"}]}' >"$etc/config.json"
	assertEquals "an allow that is not understood allows nothing" not-allowed "$(decided)"
}

# One line for each file and each rule that is wrong.
testEachProblemHasALine() {
	printf '{\n "containers": "al",\n "deny": [{"pod": 1},\n  {"x": 1},\n  {"match": "a"}]\n}\n' >"$etc/config.json"
	printf '{ "log": }' >"$etc/conf.d/1.json"
	printf '[]' >"$etc/conf.d/2.json"
	chmod 666 "$etc/conf.d/2.json"
	printf '{"method": "later"}' >"$etc/conf.d/3.json"
	check
	assertEquals 1 $?
	assertEquals "conf.d/2.json config.json:2:2 config.json:3:12 config.json:4:4 config.json:5:3 conf.d/1.json:1:10 conf.d/3.json:1:2" \
		"$(sed "s|^[a-z]*: $etc/\([^ ]*\): .*|\1|" "$work/out" | paste -sd ' ')"
	# more than an answer of the parser holds
	i=0
	while [ $i -lt 60 ]; do
		echo "{\"k$i\": 1, \"log\": $i}" >"$etc/conf.d/m$i.json"
		i=$((i + 1))
	done
	check
	assertEquals 127 "$(wc -l <"$work/out")"
	assertEquals 127 "$(sort -u "$work/out" | wc -l)"
	"$KSM_HOOK" policy check --config "$etc/config.json" --json >"$work/out"
	assertEquals 1 $?
	assertEquals 66 "$(jq '[.problems[] | select(.level == "error")] | length' "$work/out")"
}

testFilesByThemselves() {
	echo '{"log": "info"}' >"$work/good.json"
	chmod 666 "$work/good.json"
	assertEquals valid "$("$KSM_HOOK" policy check "$work/good.json")"
	printf '{"log": "in\033fo"}' >"$work/bad.json"
	said=$("$KSM_HOOK" policy check "$work/bad.json" "$work/good.json" "$work/none.json")
	assertEquals 1 $?
	assertEquals 2 "$(echo "$said" | wc -l)"
	assertContains "$said" "error: $work/bad.json:1:"
	assertContains "$said" "error: $work/none.json: No such file"
	assertEquals "0" "$(echo "$said" | grep -c "$(printf '\033')")"
	# an ordinary user may check what he is going to propose
	user=/tmp/ksm-hook-policy.$$
	mkdir "$user"
	cp "$KSM_HOOK" "$work/good.json" "$user"
	chown -R 65534:65534 "$user"
	assertEquals valid "$(setpriv --reuid 65534 --regid 65534 --clear-groups "$user/ksm-hook" policy check "$user/good.json" 2>&1)"
	rm -rf "$user"
}

testObserveDecidesAndMergesNothing() {
	echo '{"mode": "observe"}' >"$etc/config.json"
	assertEquals requested "$(decided)"
	assertContains "it is said without being asked for" "$(cat "$work/log")" 'would merge, but "mode" is "observe"'
	# without a process there was nothing to inject into, and nothing was tried
	assertNotContains "$(cat "$work/log")" "not made mergeable"
	echo '{"mode": "enforce", "log": "info"}' >"$etc/config.json"
	decided >/dev/null
	assertContains "the control" "$(cat "$work/log")" "not made mergeable"
	echo '{"mode": "observe", "deny": [{"annotation": "team", "match": "*"}]}' >"$etc/config.json"
	assertEquals denied-by-rule "$(decided)"
	echo '{"mode": "watch"}' >"$etc/config.json"
	assertEquals config-invalid "$(decided)"
	echo '{"mode": "observe"}' >"$etc/config.json"
	explain --annotation io.ksm.merge=true
	assertEquals "false true" "$(asked '.decision | "\(.merge) \(.would)"')"
	# merging is required, and is not going to be
	assertEquals requested "$(decided "$(echo "$asking" | sed 's/"team"/"io.ksm.required":"true","team"/')")"
	printf '%s' "$asking" | sed 's/"team"/"io.ksm.required":"true","team"/' |
		"$KSM_HOOK" createRuntime --config "$etc/config.json" 2>/dev/null
	assertEquals 0 $?
}

# with a real container of runc's, whose init the hook of the same configuration would change
testObserveLeavesARealContainerAlone() {
	. "$top/tests/lib/bundle.sh"
	[ -d "$work/root" ] || rootfs_make "$work/root"
	cp /dev/null "$work/config.json"
	for mode in observe enforce; do
		echo "{\"mode\": \"$mode\"}" >"$work/config.json"
		bundle_make "$work/$mode" "$work/root" "$(hooks_json createRuntime poststart)" '{"io.ksm.merge": "true"}' cat /proc/self/ksm_stat
		runc run -b "$work/$mode" "ksm-$mode-$$" >"$work/out" 2>/dev/null </dev/null
		assertContains "$mode" "$(cat "$work/out")" "ksm_merge_any: $([ $mode = enforce ] && echo yes || echo no)"
	done
}

testWrongUsage() {
	for words in "" "chek" "explain" "explain a b" "explain a --annotation x=y" "explain --annotation x" \
		"explain a --engine lxc" "check --engine lxc" "check --annotation a=b"; do
		# shellcheck disable=SC2086
		"$KSM_HOOK" policy $words >"$work/out" 2>"$work/log" </dev/null
		assertNotEquals "$words" 0 $?
		assertEquals "$words" "1 0" "$(wc -l <"$work/log") $(wc -l <"$work/out")"
	done
}

# without --config, where packages and people put them
testTheUsualPlace() {
	printf '%s' "$asking" >"$work/state"
	# shellcheck disable=SC2016 # for the inner shell
	out=$(unshare -m --propagation private sh -c 'mount -t tmpfs none /etc && mkdir -p /etc/ksm-hook/conf.d &&
		echo "{\"log\": \"debug\", \"deny\": [{\"annotation\": \"team\", \"match\": \"web\"}]}" \
			>/etc/ksm-hook/conf.d/50-web.json &&
		exec "$0" createRuntime <"$1"' "$KSM_HOOK" "$work/state" 2>&1)
	assertContains "$out" "$out" "reason=denied-by-rule"
	assertContains "$out" "$out" "in conf.d/50-web.json"
	# it need not be there, but as a link it has to lead somewhere
	for place in none "a link that leads nowhere"; do
		# shellcheck disable=SC2016 # for the inner shell
		out=$(unshare -m --propagation private sh -c 'mount -t tmpfs none /etc &&
			{ [ "$2" = none ] || ln -s nowhere /etc/ksm-hook; } && exec "$0" policy check </dev/null' \
			"$KSM_HOOK" "" "$place" 2>&1)
		case $place in
		none) assertContains "$place" "$out" "valid: there is none" ;;
		*) assertContains "$place" "$out" "error: /etc/ksm-hook: $place" ;;
		esac
	done
}

. "$(dirname "$0")/../lib/common.sh"
