#!/bin/sh
# SPDX-License-Identifier: MIT
# usage: test_nightly.sh NIGHTLY: what it runs again and what not, with parts that are made up
set -u
nightly=$1
folder=$(mktemp -d) || exit 1
trap 'rm -rf "$folder"' EXIT
trap 'exit 143' HUP INT TERM # dash ends without the trap above otherwise
export NIGHTLY_LOGS="$folder/logs" NIGHTLY_PARTS="$folder/parts" folder
failed=0

cat >"$folder/parts" <<'PARTS'
parts='good bad counts'
commit_of_sources() { commit=$(cat "$folder/commit"); }
good() { echo x >>"$folder/good"; echo 'it went well'; }
bad() { echo "it ${bad:-went wrong}"; [ -n "${bad:-}" ]; }
wants_counts=5 unit_counts=steps
counts() { did=2; echo x >>"$folder/counts"; [ ! -e "$folder/broken" ] || { echo 'a step failed'; return 1; }; enough=${one_step:-}; }
PARTS

# expect WHAT IS WANTED
expect() { [ "$2" = "$3" ] || { echo "FAIL $1: \"$2\" and not \"$3\""; failed=1; }; }
runs() { grep -c x "$folder/$1"; }
result() { "$nightly" --summary | awk -v part="$1" '$3 == part { print $1, $4 }'; }

echo one >"$folder/commit"
"$nightly" --summary 2>/dev/null
expect 'a summary before any part' $? 1
"$nightly" unknown 2>/dev/null
expect 'an unknown part' $? 2

out=$(one_step=1 "$nightly")
expect 'one fails: status' $? 1
expect 'one fails: last line' "$(echo "$out" | tail -n 1)" '1 passed, 1 failed, 1 unfinished'
expect 'its last line' "$(echo "$out" | grep ^bad)" 'bad: FAILED: it went wrong'
expect 'the first step' "$(echo "$out" | grep ^counts)" 'counts: unfinished: 2 of 5 steps'
out=$(NIGHTLY_PIECE=0 "$nightly" counts)
expect 'no time' "$out" "counts: unfinished: 2 of 5 steps
0 passed, 0 failed, 1 unfinished"

bad='went well' "$nightly" >/dev/null
expect 'all pass: status' $? 0
expect 'what had passed' "$(runs good)" 1
expect 'steps in all' "$(runs counts)" 3
expect 'summary: good' "$(result good)" 'one passed'
expect 'summary: bad' "$(result bad)" 'one passed'
expect 'summary: counts' "$(result counts)" 'one passed'

# another commit: all again; a step that fails begins anew
echo two >"$folder/commit"
one_step=1 "$nightly" good counts >/dev/null
expect 'on another commit' "$(runs good)" 2
touch "$folder/broken"
expect 'a failed step' "$("$nightly" counts | head -n 1)" 'counts: FAILED: a step failed'
rm "$folder/broken"
expect 'from the beginning' "$(one_step=1 "$nightly" counts | head -n 1)" 'counts: unfinished: 2 of 5 steps'
expect 'summary: two' "$(result good)" 'two passed'
exit $failed
