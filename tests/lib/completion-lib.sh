# shellcheck shell=sh disable=SC2154 # what common.sh sets
# SPDX-License-Identifier: Apache-2.0
# What shells offer when a command line is completed, in $work/dir, with the project's scripts.

scripts=$top/packaging/completion

# in_bash WORD...: what bash offers for the last of them; readline's words, so "=" is one of its own
in_bash() {
	# shellcheck disable=SC2016
	(cd "$work/dir" && bash --norc -c '
		source "$0" || exit
		COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMP_LINE="$*" COMP_POINT=${#COMP_LINE}
		_ksm_hook "$1" "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
		printf "%s\n" "${COMPREPLY[@]}"' "$scripts/ksm-hook.bash" "$@" 2>&1 | sort)
}

# in_fish LINE
in_fish() {
	(cd "$work/dir" && XDG_CONFIG_HOME=$work/fish XDG_DATA_HOME=$work/fish fish --no-config -c "
		source $scripts/ksm-hook.fish
		complete -C '$1'" 2>&1 | cut -f 1 | sort)
}

# in_zsh LINE: it completes in its line editor only, so in a terminal of zsh's own module
in_zsh() {
	(cd "$work/dir" && timeout 20 zsh -f "$top/tests/lib/completion.zsh" "$scripts" "$1" 2>&1 | sort)
}

# in_terminal SHELL LINE...: what is shown while they are typed (completion-terminal)
in_terminal() {
	(cd "$work/dir" && XDG_CONFIG_HOME=$work/fish XDG_DATA_HOME=$work/fish timeout 200 \
		"$top/tests/lib/completion-terminal" "$scripts" "$@")
}
