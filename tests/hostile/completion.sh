#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A user who has a cgroup of his own names others in it as a container would be named, with a
# command in the name, and waits for root to press TAB.
# needs: containers

good=tenant.good-name
# no more than long
long=x-tenant$(printf '%060d' 0)

suite_setup() {
	. "$top/tests/lib/completion-lib.sh"
	PATH=$BUILD:$PATH
	mkdir "$work/dir"
	write_tenant
	# shellcheck disable=SC2016 # meant as it stands
	for _file in 'file$(touch PWNED-file)' 'file`touch PWNED-file`' 'file;touch PWNED-file'; do
		: >"$work/dir/$_file"
	done
	cgroup=$(awk '$3 == "cgroup2" { print $2; exit }' /proc/mounts)/ksm-tenant-$$
	mkdir "$cgroup" "$cgroup/own"
	chown nobody "$cgroup" "$cgroup/cgroup.procs" "$cgroup/own" "$cgroup/own/cgroup.procs"
	# shellcheck disable=SC2016
	sh -c 'echo $$ >"$1/own/cgroup.procs" && exec setpriv --reuid=nobody --regid=nogroup \
		--clear-groups sh "$0" "$1"' "$work/tenant" "$cgroup" >"$work/made" 2>&1 &
	tenant=$!
	wait_for 10 grep -q '^done' "$work/made"
}

# Everything that a shell, or a command behind it, takes for more than a name.
write_tenant() {
	cat >"$work/tenant" <<'EOF'
cd "$1" || exit
name() {
	mkdir "lxc.payload.$1" 2>/dev/null || { echo "refused $1"; return; }
	sleep 600 &
	echo $! >"lxc.payload.$1/cgroup.procs"
	echo "made $1"
}
name tenant.good-name
name 'tenant$(id>PWNED-dollar)'
name 'tenant`id>PWNED-backquote`'
name 'tenant;id>PWNED-semicolon'
name 'tenant&id>PWNED-and'
name 'tenant|id>PWNED-pipe'
name "tenant';id>PWNED-quote;'"
name 'tenant";id>PWNED-quotes;"'
name 'tenant a b'
name 'tenant*'
name 'tenant?[a-z]'
name 'tenant{a,b}'
name 'tenant\x41'
name 'tenant!!'
name 'tenant>PWNED-redirect'
name 'tenant#x'
name "$(printf 'tenant\033[2J')"
name "$(printf 'tenant\tx')"
name "$(printf 'tenant\nx')"
name "$(printf 'tenant\302\240\342\200\256')"
name '$(id>PWNED-first)'
name '`id>PWNED-first`'
name '--all'
name '-x'
name '~root'
name '=ls'
name '1'
name "x-tenant$(printf '%060d' 0)"
echo done
wait
EOF
}

# Other containers of this machine may be offered as well, if their names are nothing else either; and one
# of containerd's that doctor's suite names.
ours_or_bad() {
	grep -e tenant -e '[^A-Za-z0-9_.+-]' -e '^[0-9-]*$' -e '^-' | grep -vx 'default/doctor-[0-9]*'
}

# what ran: the names of the files that a name or a file's name would have made
pwned() {
	(cd "$work/dir" && find . -name "PWNED*" -print)
}

testTheTenantHasItsCgroups() {
	assertEquals "all but those that the kernel refuses" 27 "$(grep -c ^made "$work/made")"
	# shellcheck disable=SC2016
	assertContains "$(ksm-hook ps)" 'tenant$(id>PWNED-dollar)'
}

testOnlyNamesThatAreNothingElseAreOffered() {
	for _word in tenant ''; do
		_good=$good
		[ -n "$_word" ] || _good="$good
$long"
		assertEquals "bash, $_word" "$_good" "$(in_bash ksm-hook attach "$_word" | ours_or_bad)"
		assertEquals "fish, $_word" "$_good" "$(in_fish "ksm-hook attach $_word" | ours_or_bad)"
		assertEquals "zsh, $_word" "$_good" "$(in_zsh "ksm-hook attach $_word" | ours_or_bad)"
	done
	assertEquals "$(pwned)" "" "$(pwned)"
}

# What an engine has written may be its user's choice: no name that a shell or attach takes for more.
testNamesOfEnginesToo() {
	named_cgroup=$cgroup/engine
	_n=0
	# shellcheck disable=SC2016 # meant as it stands
	for _name in tenant-of-nerdctl 'tenant$(touch PWNED-nerdctl)' 'tenant`touch PWNED-nerdctl`' \
		'tenant;touch PWNED-nerdctl' 'tenant a' 'tenant*' '--all' '-x' '/tenant' 1 pid:1 'tenant
x' 'tenant\u001b[2J' '~root' 'docker:tenant'; do
		_n=$((_n + 1))
		containerd_named $_n nerdctl- tenants "$(jq -n --arg n "$_name" '{"nerdctl/name": $n}')"
	done
	_good="tenant-of-nerdctl
$good
$long"
	assertEquals bash "$_good" "$(in_bash ksm-hook attach "" | ours_or_bad)"
	assertEquals fish "$_good" "$(in_fish "ksm-hook attach " | ours_or_bad)"
	assertEquals zsh "$_good" "$(in_zsh "ksm-hook attach " | ours_or_bad)"
	assertEquals "$(pwned)" "" "$(pwned)"
	containerd_named_end
}

# TAB, and ENTER on what TAB made of the line
testNothingRunsInATerminal() {
	for _shell in bash zsh fish; do
		rm -f "$work"/dir/PWNED*
		_shown=$(in_terminal $_shell \
			'ksm-hook attach \t\t' 'ksm-hook detach ten\t\t\r' 'ksm-hook attach $\t\t\r' \
			'ksm-hook attach "ten\t\t\r')
		assertContains "$_shell completes: $_shown" "$_shown" tenant.good-name
		assertEquals "$_shell: $_shown" "" "$(pwned)"
	done
}

# bash alone puts them into the line itself, without bash-completion
testNoNameOfAFileRuns() {
	rm -f "$work"/dir/PWNED*
	for _line in 'ksm-hook run cat file\t\t\r' 'ksm-hook run cat file$\t\t\r' 'ksm-hook run cat file;\t\t\r' \
		'ksm-hook run ./file$\t\t\r' 'ksm-hook precreate --config file$\t\t\r'; do
		_shown=$(in_terminal bash "$_line")
		assertEquals "$_line: $_shown" "" "$(pwned)"
	done
}

suite_teardown() {
	containerd_named_end
	[ -n "$cgroup" ] || return 0
	for _dir in "$cgroup"/*; do
		[ ! -e "$_dir/cgroup.procs" ] || xargs -r kill -KILL 2>/dev/null <"$_dir/cgroup.procs"
	done
	wait "$tenant" 2>/dev/null
	wait_for 10 empty
	find "$cgroup" -mindepth 1 -depth -type d -exec rmdir {} +
	rmdir "$cgroup"
}

empty() {
	! grep -q 'populated 1' "$cgroup/cgroup.events"
}

. "$(dirname "$0")/../lib/common.sh"
