#!/bin/sh
# SPDX-License-Identifier: MIT
# usage: two_machines.sh SOURCE BUILD [ASIC]: two machines of an accelerator and a card each, whose
# cards are joined by a socket, and programs of others from one to the other.
set -u
source=$1 build=$2 asic=${3:-gaudi2}
link=$(mktemp -d)
first=
trap 'kill $first 2> /dev/null; wait; rm -rf "$link"' EXIT
trap 'exit 143' TERM INT

end() {
    HLTHUNK_RIG_BUILD=$build exec "$source/rig/run" --kernel 7 --asic "$asic" --nic --perftest \
        --link "$link" "$1" -- "$source/tests/rig/nic_two_machines"
}
(end 0) > "$link/0" 2>&1 & first=$!
(end 1) > "$link/1" 2>&1
second=$?
[ $second = 0 ] || kill $first 2> /dev/null # which would wait for its peer
wait $first
code=$?
for i in 0 1; do sed "s/^/machine $i: /" "$link/$i"; done
[ $second != 77 ] || exit 77
[ $code = 0 ] || exit 1
exit $second
