# SPDX-License-Identifier: Apache-2.0
# Completion for fish. What there is to complete is asked of ksm-hook itself.

# the applets, each with what it does
function __ksm_hook_applets
    ksm-hook --help 2>/dev/null | string match -r '^  [a-zA-Z].*' | string replace -r '^  (\S+) +' '$1\t'
end

# the usage line of the applet that is being typed
function __ksm_hook_usage
    set -l words (commandline -opc)
    if test (count $words) -ge 2; and contains -- $words[2] (__ksm_hook_applets | string replace -r '\t.*' '')
        ksm-hook $words[2] --help 2>/dev/null | head -n 1
    end
end

# its options, with the values that they may have
function __ksm_hook_options
    for found in (__ksm_hook_usage | string match -ra -- '--[a-z][a-z-]*(?:=[a-z|]+)?')
        set -l option (string split = -- $found)
        if set -q option[2]
            for value in (string split '|' -- $option[2])
                echo $option[1]=$value
            end
        else
            echo $found
        end
    end
    echo --help
end

# the word before, if it takes a value: --option=one|two or --option=FILE in the usage line
function __ksm_hook_values
    set -l before (commandline -opc)[-1]
    string match -qr -- '^--[a-z-]+$' $before; or return 1
    set -l value (__ksm_hook_usage | string match -r -- "[\[ ]$before=([a-zA-Z][^] ]*)")[2]
    or return 1
    test "$value" = FILE; and __fish_complete_path (commandline -ct); and return 0
    string match -qr '^[a-z|-]+$' -- $value; and string split '|' -- $value
    return 0
end

function __ksm_hook_arguments
    if test (count (commandline -opc)) -eq 1
        __ksm_hook_applets
        return
    end
    __ksm_hook_values; and return
    set -l usage (__ksm_hook_usage)
    if string match -q -- '-*' (commandline -ct)
        __ksm_hook_options
        return
    end
    # "check [FILE...] | explain [TARGET]": the word in front says what follows
    set -l words (commandline -opc)
    set -l forms (string match -ra -- ' [a-z]+ \[[A-Z]+' $usage | string match -v " $words[2] *")
    set -l found
    for form in $forms
        contains -- (string split ' ' -- $form)[2] $words[3..]; and set found $form; and set usage $form
    end
    if set -q forms[1]; and not set -q found[1]
        string replace -r '^ (\S+) .*' '$1' -- $forms
    else if set -q found[1]; and string match -q '*FILE' -- $usage
        __fish_complete_path (commandline -ct)
    else if string match -q '*TARGET*' -- $usage
        # names that no shell and no command takes for anything else; why: ksm-hook.bash
        ksm-hook ps 2>/dev/null | LC_ALL=C awk '
            NR == 1 { wide = index($0, "PROCS") - 15; next }
            NF == 0 { exit }
            $1 == "total" || $1 == "host" { next }
            { name = substr($0, 13, wide); sub(/ +$/, "", name) }
            name ~ /^[A-Za-z0-9_][A-Za-z0-9_.+\/-]*$/ && name !~ /^[0-9]+$/ { print name "\t" $1 }'
    else if string match -q '*COMMAND*' -- $usage
        __fish_complete_subcommand --fcs-skip=2
    end
end

complete -c ksm-hook -f -a '(__ksm_hook_arguments)'
complete -c ksm-hook -n 'test (count (commandline -opc)) -eq 1' -l help -l version
