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

# containerd_named N CGROUP NAMESPACE ANNOTATIONS: a process in a cgroup as containerd has it for a
# container, and the bundle that it keeps of it; nothing of ours has seen its start. Below $named_cgroup
tasks=/run/containerd/io.containerd.runtime.v2.task
containerd_named() {
	_named_id=$(printf "%0$((60 - ${#$}))dc0de$$" "$1")
	[ -d /run/containerd ] || made_containerd=yes
	mkdir -p "$tasks/$3/$_named_id" "$named_cgroup/$2$_named_id"
	jq -n --argjson a "$4" '{ociVersion: "1.1.0", annotations: $a}' >"$tasks/$3/$_named_id/config.json"
	sleep 600 &
	echo $! >"$named_cgroup/$2$_named_id/cgroup.procs"
	echo "$! $tasks/$3/$_named_id $3" >>"$work/containerd-named"
}

# what containerd_named has made
containerd_named_end() {
	[ -e "$work/containerd-named" ] || return 0
	while read -r _named_pid _named_bundle _named_space; do
		kill -KILL "$_named_pid" 2>/dev/null
		wait "$_named_pid" 2>/dev/null
		rm -r "$_named_bundle"
		rmdir "$tasks/$_named_space" 2>/dev/null
	done <"$work/containerd-named"
	rm "$work/containerd-named"
	[ "${made_containerd:-}" != yes ] || rmdir "$tasks" /run/containerd 2>/dev/null
	wait_for 10 sh -c 'find "$0" -mindepth 1 -depth -type d -exec rmdir {} + && rmdir "$0"' "$named_cgroup" 2>/dev/null
}
