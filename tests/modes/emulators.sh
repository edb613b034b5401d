#!/bin/sh
# SPDX-License-Identifier: MIT
# usage: emulators.sh RIG-EMU RIG-EFA: nobody else connects to an emulator's sockets, whatever the
# caller's umask is (docs/security.md)
set -u
folder=$(mktemp -d) || exit 1
started=
# shellcheck disable=SC2086
trap 'kill $started 2>/dev/null; wait; rm -rf "$folder"' EXIT
trap 'exit 143' HUP INT TERM # dash ends without the trap above otherwise
umask 0
failed=0
"$1" --asic gaudi2 --socket "$folder/accelerator" --log "$folder/log" --window "$folder/window" &
started=$!
"$2" --link-listen "$folder/link" --socket "$folder/card" --log "$folder/card.log" 2>"$folder/said" &
started="$started $!"
for name in accelerator window card link; do
    tries=0
    until [ -S "$folder/$name" ]; do
        tries=$((tries + 1))
        [ $tries -lt 3000 ] || { echo "$name: no socket"; cat "$folder/said"; exit 1; }
        sleep 0.01
    done
    mode=$(stat -c %a "$folder/$name")
    [ "$mode" = 700 ] || { echo "$name: mode $mode"; failed=1; }
done
exit $failed
