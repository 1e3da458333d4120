# shellcheck shell=sh
# SPDX-License-Identifier: Apache-2.0
# Assertions in the place of shunit2's, which can pass though nothing is as they say. common.sh reads this when
# shunit2 has defined its own. tests/project/asserts.sh has the cases.

# assertContains [MESSAGE] TEXT PART: PART stands in TEXT, byte for byte. (shunit2 gives grep the lines of PART, of
# which one is enough; an empty PART is in anything; and some shells' echo changes TEXT.)
assertContains() {
	_assert_contains "$@"
	case $? in
	0) _shunit_assertPass ;;
	1) _assert_failed "Not found:<$_assert_part>" ;;
	*) return 1 ;;
	esac
}

assertNotContains() {
	_assert_contains "$@"
	case $? in
	0) _assert_failed "Found:<$_assert_part>" ;;
	1) _shunit_assertPass ;;
	*) return 1 ;;
	esac
}

# 0 and 1; 2 for what is no question, which has been told
_assert_contains() {
	_assert_message=
	if [ $# -eq 3 ]; then
		_assert_message=$1
		shift
	fi
	if [ $# -ne 2 ] || [ -z "$2" ]; then
		fail "nothing is looked for: $*"
		return 2
	fi
	_assert_part=$2
	case $1 in *"$2"*) return 0 ;; esac
	return 1
}

# assertTrue [MESSAGE] CONDITION, assertFalse: a status, or a command. Both fail where an operand is empty: [ -e ] is
# true, [ -e '' ] is false. And what is not to be found, or does not understand its words, has not said that it is not so.
assertTrue() {
	_assert_holds "$@"
	case $? in
	0) _shunit_assertPass ;;
	*) _assert_failed "$_assert_said" ;;
	esac
}

assertFalse() {
	_assert_holds "$@"
	case $? in
	0 | 2 | 126 | 127) _assert_failed "$_assert_said" ;;
	*) _shunit_assertPass ;;
	esac
}

# _assert_failed WHY
_assert_failed() {
	_shunit_assertFail "$_assert_message${_assert_message:+${1:+ }}$1"
	return 1
}

# the status of CONDITION; 2 for what is none. What it says of an error is in $_assert_said.
_assert_holds() {
	_assert_message='' _assert_said=
	if [ $# -eq 2 ]; then
		_assert_message=$1
		shift
	fi
	case $#:$1 in
	1: | [!1]:*)
		_assert_said="no condition: $*"
		return 2
		;;
	esac
	if printf '%s\n' "$1" | grep -qE "\[ +((! +)?-[a-zA-Z] +|!?= +)?\]|\[ +(! +)?-[^nz] +('' +)\]"; then
		_assert_said="an operand is empty: $1"
		return 2
	fi
	case $1 in
	*[!0-9]*) ;;
	*)
		[ "$1" -le 255 ] || return 1
		return "$1"
		;;
	esac
	_assert_said=$( (eval "$1") 2>&1 >/dev/null)
}
