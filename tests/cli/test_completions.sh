#!/bin/sh
# SPDX-License-Identifier: MIT
# usage: test_completions.sh SOURCE HLSIM HLTHUNK CONFORMANCE
# The completions have each command and option that --help tells, no other, and are their shell's.
set -u
hlsim=$(readlink -f "$2") hlthunk=$(readlink -f "$3") conformance=$(readlink -f "$4") failed=0
cd "$1/completions" || exit 1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 143' HUP INT TERM # dash ends without the trap above otherwise

# said COMMAND…: the options in its help
said() { "$@" --help 2>&1 | grep -oE -- '--[a-z]+' | grep -v -x -- '--' | sort -u; }
# same NAME FILE: what the file offers, in $work/have, is what the help says, in $work/want
same() {
    if ! diff "$work/want" "$work/have" >"$work/diff"; then
        echo "FAIL $1 in $2 (< --help, > completion):"
        cat "$work/diff"
        failed=1
    fi
}
# the options that a piece of a completion has; in fish -l NAME
options() { grep -oE -- '--[a-z]+' | sort -u; }
fish_options() { grep -oE -- '-l [a-z]+' | sed 's/-l /--/' | sort -u; }
# of FILE, from the line that matches FROM to the first that matches TO
piece() { sed -n "/$2/,/$3/p" "$1"; }

for tool in hlsim hlthunk-conformance; do
    if [ $tool = hlsim ]; then
        said "$hlsim" >"$work/want"
        bash_name=_hlsim
    else
        said "$conformance" >"$work/want"
        bash_name=_hlthunk_conformance
    fi
    piece hlthunk.bash "^$bash_name()" '^}' | options >"$work/have"
    same $tool hlthunk.bash
    piece _hlthunk "^$bash_name()" '^}' | options >"$work/have"
    same $tool _hlthunk
    fish_options <$tool.fish >"$work/have"
    same $tool $tool.fish
done

commands=$("$hlthunk" --help | sed -n 's/^  \([a-z]*\)  *.*/\1/p')
for command in $commands; do
    said "$hlthunk" "$command" >"$work/want"
    echo --help >>"$work/want"
    sort -u -o "$work/want" "$work/want"
    grep -E "^ *[a-z |]*\b$command\b[a-z |]*\) +options=" hlthunk.bash | options >"$work/have"
    same "$command" hlthunk.bash
    # its piece of the case, and what all have
    { sed -n '/case $words\[2\]/,/esac/p' _hlthunk | sed -n "/^ *[a-z |]*\b$command\b[a-z |]*)/,/;;/p" |
        sed 's/\$common/--json --help/'; } | options >"$work/have"
    same "$command" _hlthunk
    sed 's/\$commands"/list info doctor monitor who demo topology "/' hlthunk.fish |
        grep -E "\"\\\$after [a-z ]*\b$command\b" | fish_options >"$work/have"
    same "$command" hlthunk.fish
    grep -q "compgen -W \"[a-z ]*\b$command\b" hlthunk.bash || { echo "FAIL bash lacks $command"; failed=1; }
    grep -q "^        '$command:" _hlthunk || { echo "FAIL zsh lacks $command"; failed=1; }
    grep -q "^    $command\\\\t'" hlthunk.fish || { echo "FAIL fish lacks $command"; failed=1; }
done
"$hlsim" run --quiet -- "$conformance" --list --reset | sed -n 's/^  \([a-z][a-z_]*\)  .*/\1/p' >"$work/want"
for file in hlthunk.bash _hlthunk hlthunk-conformance.fish; do
    tr '\n' ' ' <$file | sed 's/\\ / /g' | grep -oE 'memory file [a-z_ ]*suite_inherited' | tr -s ' ' '\n' >"$work/have"
    same "groups of cases" $file
done

bash -n hlthunk.bash || failed=1
# what bash offers, asked as readline does
cat >"$work/ask" <<'TEXT'
. ./hlthunk.bash
COMP_WORDS=(hlsim run --kernel "") COMP_CWORD=3
_hlsim
[ "${COMPREPLY[*]}" = "6.1 6.6 6.12 vendor" ] || { echo "FAIL bash offers ${COMPREPLY[*]}"; exit 1; }
# offers LINE WORD…: readline has these words, which end at colons
offers() {
    COMP_LINE=$1 COMP_POINT=${#1} COMPREPLY=()
    shift
    COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
    _hlthunk
}
expect() { [ "${COMPREPLY[*]}" = "$1" ] || { echo "FAIL bash, at \"$COMP_LINE\", offers ${COMPREPLY[*]}, not $1"; exit 1; }; }
offers 'hlthunk doctor --p' hlthunk doctor --p && expect --passive
offers 'hlthunk ' hlthunk '' && expect 'list info doctor monitor who topology demo --help --version'
offers 'hlthunk info ' hlthunk info '' && expect '0 0000:10:00.0 1 0000:11:00.0'
offers 'hlthunk info 0000:1' hlthunk info 0000 : 1 && expect '10:00.0 11:00.0'
offers 'hlthunk monitor 0000:11:' hlthunk monitor 0000 : 11 : '' && expect 00.0
offers 'hlthunk doctor --importer 0000:1' hlthunk doctor --importer 0000 : 1 && expect ''
offers 'hlthunk doctor --importer ' hlthunk doctor --importer '' && expect ''
offers 'hlthunk list ' hlthunk list '' && expect ''
offers 'hlthunk demo ' hlthunk demo '' && expect ''
offers 'hlthunk demo -' hlthunk demo - && expect '--rdma --help'
TEXT
PATH=$(dirname "$hlthunk"):$PATH "$hlsim" run --quiet --device gaudi2 --device gaudi -- bash "$work/ask" || failed=1
if command -v zsh >/dev/null 2>&1; then zsh -n _hlthunk || failed=1; fi
if command -v fish >/dev/null 2>&1; then
    for f in *.fish; do HOME=$work fish --no-execute "$f" || failed=1; done
    # what it offers
    HOME=$work PATH=$(dirname "$hlthunk"):$PATH fish -c 'source hlthunk.fish
        complete -C "hlthunk "; complete -C "hlthunk demo --"' | cut -f1 | sort >"$work/have"
    { echo "$commands"; printf '%s\n' --help --rdma; } | sort >"$work/want"
    same "commands and options of demo" hlthunk.fish
    for words in 'ctl ' 'ctl add ' 'ctl reset '; do
        HOME=$work fish -c "source hlsim.fish; complete -C 'hlsim $words'" | cut -f1 | sort
    done >"$work/have"
    printf '%s\n' add event remove reset gaudi gaudi2 goya >"$work/want"
    same "what hlsim ctl takes" hlsim.fish
fi
exit $failed
