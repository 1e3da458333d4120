# SPDX-License-Identifier: Apache-2.0
# zsh -f completion.zsh DIR LINE: what zsh offers behind LINE, one a line, with _ksm-hook of DIR.
zmodload zsh/zpty
zpty -b z zsh -f -i
zpty -w z "PS1= PS2= RPS1=; unsetopt zle_bracketed_paste prompt_cr prompt_sp 2>/dev/null; stty -echo 2>/dev/null"
zpty -w z "fpath=($1 \$fpath); autoload -Uz compinit; compinit -D -u; _comps[ksm-hook]=_ksm-hook; autoload -Uz _ksm-hook"
# list, do not insert; each in a row of its own between marks
zpty -w z "zstyle ':completion:*' list-max 9999; LISTMAX=0 COLUMNS=500"
zpty -w z "comppostfuncs=(show); show() { compstate[insert]= compstate[list]= }"
zpty -w z "compadd() {
	[[ \${@[1,(i)(-|--)]} == *-(O|A|D)\ * ]] && { builtin compadd \"\$@\"; return \$?; }
	local -a found; builtin compadd -O found \"\$@\"; print -rl -- MARK:\${^found} >>\$OUT
	builtin compadd \"\$@\"
}"
out=$(mktemp) done=$(mktemp -u)
zpty -w z "OUT=$out"
zpty -w z "finish() { zle expand-or-complete; : >$done; }; zle -N finish; bindkey '^I' finish"
zpty -w -n z "$2"$'\t'
for (( i = 0; i < 100; i++ )); do
	[[ -e $done ]] && break
	sleep 0.1
done
zpty -d z
sed -n 's/^MARK:\(..*\)/\1/p' $out
rm -f $out $done
