# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# Completion for bash. What there is to complete is asked of ksm-hook itself: the commands of
# --help, the usage line of COMMAND --help with its options and their values, and the containers
# of ps.

_ksm_hook_applets() {
	ksm-hook --help 2>/dev/null | awk '/^  [a-zA-Z]/ { print $1 }'
}

# _ksm_hook_containers: the names that ps shows, one a line. Whoever has a cgroup may choose one,
# and a word that is offered gets into root's command line as it stands: so only what no shell and
# no command takes for anything but a name. A number would be a process, and what begins with a slash
# a cgroup. _ksm-hook and ksm-hook.fish have the same rule.
_ksm_hook_containers() {
	ksm-hook ps 2>/dev/null | LC_ALL=C awk '
		NR == 1 { wide = index($0, "PROCS") - 15; next }
		NF == 0 { exit }
		$1 == "total" || $1 == "host" { next }
		{ name = substr($0, 13, wide); sub(/ +$/, "", name) }
		name ~ /^[A-Za-z0-9_][A-Za-z0-9_.+\/-]*$/ && name !~ /^[0-9]+$/ { print name }'
}

# _ksm_hook_offer WORDS: those that begin as the word at the cursor does. Not compgen -W, which
# expands its words as the shell expands a command.
_ksm_hook_offer() {
	local word IFS=$' \t\n'
	local -a words
	read -r -d '' -a words <<<"$1"
	for word in "${words[@]}"; do
		[[ $word != "$cur"* ]] || COMPREPLY+=("$word")
	done
}

# _ksm_hook_value VALUE: what an option's value may be, by its name in the usage line
_ksm_hook_value() {
	case $1 in
	FILE)
		compopt -o filenames 2>/dev/null
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		;;
	*[!a-z0-9\|-]*) ;;
	*) _ksm_hook_offer "${1//|/ }" ;;
	esac
}

_ksm_hook() {
	local cur=${COMP_WORDS[COMP_CWORD]} option=${COMP_WORDS[COMP_CWORD - 1]} sign=' '
	local applet=${COMP_WORDS[1]} usage value forms form i
	COMPREPLY=()
	if ((COMP_CWORD == 1)); then
		_ksm_hook_offer "--help --version $(_ksm_hook_applets)"
		return
	fi
	_ksm_hook_applets | grep -qx -- "$applet" || return 0
	usage=$(ksm-hook "$applet" --help 2>/dev/null | head -n 1)

	# readline makes three words of --option=value
	if [[ $cur == = ]]; then
		cur='' sign='='
	elif [[ $option == = ]]; then
		option=${COMP_WORDS[COMP_CWORD - 2]} sign='='
	fi
	if [[ $option =~ ^--[a-z-]+$ ]]; then
		# --option[=VALUE] takes its value by an equals sign only
		[[ $sign == ' ' ]] || sign='\[?='
		value=$(sed -nE "s/.*[[ ]$option${sign/ /=}([^] ]+).*/\1/p" <<<"$usage")
		if [[ $value == [a-zA-Z]* ]]; then
			_ksm_hook_value "$value"
			return
		fi
		[[ $sign == ' ' ]] || return 0
	fi

	# behind the first word that is no option the rest is the command's
	if [[ $usage == *COMMAND* ]]; then
		for ((i = 2; i < COMP_CWORD; i++)); do
			[[ ${COMP_WORDS[i]} == -* ]] || break
		done
		if ((i < COMP_CWORD)) || [[ $cur != -* ]]; then
			if declare -F _command_offset >/dev/null; then
				_command_offset "$i"
			elif ((i == COMP_CWORD)); then
				compopt -o filenames 2>/dev/null
				mapfile -t COMPREPLY < <(compgen -c -- "$cur")
			else
				compopt -o filenames 2>/dev/null
				mapfile -t COMPREPLY < <(compgen -f -- "$cur")
			fi
			return
		fi
	fi

	if [[ $cur == -* ]]; then
		_ksm_hook_offer "--help $(grep -oE -- '--[a-z][a-z-]*=?' <<<"$usage" | sort -u | tr '\n' ' ')"
		[[ ${COMPREPLY[0]-} != *= ]] || compopt -o nospace 2>/dev/null
		return
	fi
	# "check [FILE...] | explain [TARGET]": its first word says what follows
	forms=$(grep -oE ' [a-z]+ \[[A-Z]+' <<<"$usage" | grep -v "^ $applet ")
	if [[ -n $forms ]]; then
		form=
		for ((i = 2; i < COMP_CWORD; i++)); do
			[[ $forms != *" ${COMP_WORDS[i]} ["* ]] || form=${COMP_WORDS[i]}
		done
		if [[ -z $form ]]; then
			_ksm_hook_offer "$(cut -d ' ' -f 2 <<<"$forms")"
			return
		fi
		usage=$(grep " $form " <<<"$forms")
	fi
	if [[ $usage == *\[FILE* && -n $forms ]]; then
		_ksm_hook_value FILE
	elif [[ $usage == *TARGET* ]]; then
		_ksm_hook_offer "$(_ksm_hook_containers)"
	fi
}

complete -F _ksm_hook ksm-hook
