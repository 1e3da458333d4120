#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC1091,SC2154 # what common.sh sets
# --help: of the program and of each command; that the manual says the same; wrong usage.

suite_setup() {
	commands=$("$KSM_HOOK" --help | sed -n 's/^  \([a-zA-Z][a-zA-Z-]*\) .*/\1/p')
	# those that an engine calls: what is wrong there must not stop a container
	stages="createRuntime prestart poststart poststop lxc precreate"
}

# options COMMAND: those that its --help explains
options() {
	"$KSM_HOOK" "$1" --help | sed -n '/^Options:/,/^$/s/^      \(--[a-z-]*\).*/\1/p' |
		grep -vx -e --help | sort
}

is_stage() {
	case " $stages " in *" $1 "*) return 0 ;; esac
	return 1
}

testTheCommandsAreGrouped() {
	said=$("$KSM_HOOK" --help)
	assertEquals "Look: ps status estimate capacity metrics doctor policy Opt in: run attach detach economize Host: enable disable stop docker-register For engines: createRuntime prestart poststart poststop precreate lxc runtime nri" \
		"$(echo "$said" | sed -n 's/^\([A-Z][a-zA-Z ]*:\)$/\1/p; s/^  \([a-zA-Z][a-zA-Z-]*\) .*/\1/p' | tr '\n' ' ' | sed 's/ $//')"
	assertEquals "lines of a terminal" "" "$(echo "$said" | awk 'length > 79')"
	assertEquals "-h does the same" "$said" "$("$KSM_HOOK" -h)"
}

testEachCommandExplainsItself() {
	for c in $commands; do
		said=$("$KSM_HOOK" "$c" --help 2>"$work/err" </dev/null)
		assertEquals "$c" 0 $?
		assertEquals "$c" "" "$(cat "$work/err")"
		for part in "usage: ksm-hook $c" "Options:" "print this help" "Examples:" "See also: ksm-hook"; do
			assertContains "$c: $part" "$said" "$part"
		done
		assertEquals "$c: lines of a terminal" "" "$(echo "$said" | sed 1d | awk 'length > 79')"
		# every option of the usage line is explained, and no other
		assertEquals "$c: usage line" "$(options "$c")" \
			"$(echo "$said" | head -n 1 | grep -o -e '\[--[a-z][a-z-]*' | tr -d '[' | sort)"
		page=$(echo "$said" | sed -n 's/^See also: \(ksm-hook[a-z-]*\)(8).*/\1/p')
		assertTrue "$c: $page is the page that tells of it" \
			"grep -qE '^\.Cm (.* \| )?$c( \||\$)' '$top/docs/$page.8'"
		# with a text of its own
		assertEquals "$c: a text for each" "" \
			"$(echo "$said" | awk '/^Options:/ { on = 1; next } /^$/ { on = 0 }
				on && wait && !/^ {24}[^ ]/ { print before }
				on { wait = /^      --[^ ]*$/; before = $0 }')"
		# and of what has a value, what it is where it is not given
		assertEquals "$c: a default for each" "" \
			"$(echo "$said" | awk 'function end() { if (option ~ /=/ && text !~ /[Dd]efault|instead +of/) print option; text = "" }
				/^Options:/ { on = 1; next } /^$/ { if (on) end(); on = 0 }
				on && /^      --/ { end(); option = $1 }
				on { text = text $0 }')"
	done
}

# Each page beside the commands that it tells of: nothing that is missing on either side. Options
# of other programs that our pages name are listed.
testTheManualSaysTheSame() {
	foreign="--annotation --collector --config-file --help --hooks-dir --log --log-format --name --now --runc-binary --runtime --validate --version"
	for page in "$top"/docs/ksm-hook-*.8; do
		name=$(basename "$page" .8)
		case $name in
		ksm-hook-hooks) told="createRuntime prestart poststart poststop lxc precreate" ;;
		ksm-hook-attach) told="attach detach" ;;
		ksm-hook-enable) told="enable disable" ;;
		*) told=${name#ksm-hook-} ;;
		esac
		mandoc -T utf8 "$page" | col -b >"$work/page"
		grep -o -e '--[a-z][a-z-]*' "$work/page" | sort -u >"$work/in-page"
		for c in $told; do options "$c"; done | sort -u >"$work/in-help"
		assertEquals "$name lacks what --help has" "" "$(comm -13 "$work/in-page" "$work/in-help")"
		assertEquals "--help lacks what $name has" "" "$(comm -23 "$work/in-page" "$work/in-help" |
			grep -vxF -e "$(echo "$foreign" | tr ' ' '\n')")"
		echo "$told" >>"$work/told"
	done
	assertEquals "every command is told of" "$(echo "$commands" | sort)" \
		"$(tr ' ' '\n' <"$work/told" | sort -u)"
	# the page of all commands names options of each, and none that there is not
	for c in $commands; do options "$c"; done | sort -u >"$work/in-help"
	assertEquals "no command has what ksm-hook(8) names" "" "$(mandoc -T utf8 "$top/docs/ksm-hook.8" |
		col -b | grep -o -e '--[a-z][a-z-]*' | sort -u | comm -23 - "$work/in-help" |
		grep -vxF -e "$(echo "$foreign" | tr ' ' '\n')")"
}

# wrong STATUS MESSAGE WORD...: one line, nothing on stdout
wrong() {
	_status=$1 _message=$2
	shift 2
	echo '{}' | "$KSM_HOOK" "$@" >"$work/out" 2>"$work/err"
	assertEquals "$*" "$_status" $?
	assertEquals "$*: $(cat "$work/err")" 1 "$(wc -l <"$work/err")"
	assertContains "$*" "$(cat "$work/err")" ": $_message"
	# precreate hands its input on whatever happens
	[ "$1" = precreate ] || assertEquals "$*: stdout" "" "$(cat "$work/out")"
}

testWrongUsage() {
	for c in $commands; do
		[ "$c" != runtime ] || continue # all but its own options are the runtime's
		status=2 more="see ksm-hook $c --help"
		! is_stage "$c" || status=0 more="nothing was done, fix the hook's \"args\""
		wrong $status "unknown option \"--nonsense\"; $more" "$c" --nonsense
		[ "$c" = run ] || wrong $status "unknown option \"-x\"; $more" "$c" -x
		for option in $(options "$c"); do
			case $("$KSM_HOOK" "$c" --help) in
			*"[$option=FILE]"*) wrong $status "$option needs a value: $option=FILE; $more" "$c" "$option" ;;
			*"[$option]"*) wrong $status "$option takes no value; $more" "$c" "$option=1" ;;
			esac
		done
		case $("$KSM_HOOK" "$c" --help | head -n 1) in
		*TARGET* | *COMMAND*) ;;
		*) wrong $status "unexpected argument \"it\"; $more" "$c" it ;;
		esac
	done
	wrong 2 "--config needs a value: --config=FILE" runtime --config
}

. "$(dirname "$0")/../lib/common.sh"
