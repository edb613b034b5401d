#!/bin/sh
# SPDX-License-Identifier: MIT
# usage: doctor.sh RIG-RUN HLTHUNK: what doctor says of real kernels
set -u
run=$1 hlthunk=$2 failed=0
work=$(mktemp -d)
out=$work/out
trap 'rm -rf "$work"' EXIT
trap 'exit 143' HUP INT TERM # dash ends without the trap above otherwise

# looks CODE OPTIONS…: doctor in a machine, and its exit code
looks() {
    code=$1
    shift
    "$run" --asic gaudi2 --logs "$work" "$@" -- "$hlthunk" doctor > "$out"
    rc=$?
    [ $rc != 77 ] || exit 77
    echo "doctor with $*: exit code $rc"
    # a register's effect is there when the machine goes on: nothing of before a reset comes later
    grep -q ' 0 of them posted' "$work/gaudi2-0.device.log" || { echo "writes were posted"; tail -n 2 "$work/gaudi2-0.device.log"; failed=1; }
    [ $rc = "$code" ] || { cat "$out"; failed=1; }
}
says() { grep -q "$1" "$out" || { echo "it does not say: $1"; cat "$out"; failed=1; }; }

# the distribution's module as it is: its node cannot be opened, and the kernel has no peer-to-peer
looks 4 --kernel 6.12 --as-shipped
says '^  p2pdma  *PROBLEM'
says '^  open  *PROBLEM  *Nobody can open'
says 'allow-unsigned-offsets.patch'
# all is well below one switch, on a kernel that has it; nothing of it apart
looks 0 --kernel 7 --p2p
says '^  p2pdma  *ok'
says '^  open  *ok'
says '^  route  *ok  *Both are below the bridge'
says '^  import  *ok'
looks 4 --kernel 7 --p2p-apart
says '^  route  *warning  *No bridge is above both'
says '^  import  *PROBLEM'
exit $failed
