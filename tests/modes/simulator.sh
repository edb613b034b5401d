#!/bin/sh
# SPDX-License-Identifier: MIT
# usage: simulator.sh HLSIM: what a simulation makes can be changed by its user alone, whatever the
# caller's umask is (docs/security.md)
set -u
hlsim=$1
folder=$(mktemp -d) || exit 1
trap 'rm -rf "$folder"' EXIT
trap 'exit 143' HUP INT TERM # dash ends without the trap above otherwise
umask 0
# shellcheck disable=SC2016 # the inner shell's
TMPDIR=$folder "$hlsim" run --quiet --device gaudi2 --device goya --kernel 6.12 -- sh -c '
    find "$1"/hlsim-* -perm /022 ! -type l -printf "%m %y %P\n" | sort
    stat -c "%a run" "$1"/hlsim-*/run
' sh "$folder" >"$folder/found" || exit 1
# the nodes have the mode of the real ones; the folder of the socket lets nobody else through
cat >"$folder/wanted" <<'WANTED'
666 c dev/accel/accel0
666 c dev/accel/accel1
666 c dev/accel/accel_controlD0
666 c dev/accel/accel_controlD1
777 s run/hlsim
700 run
WANTED
diff "$folder/wanted" "$folder/found"
