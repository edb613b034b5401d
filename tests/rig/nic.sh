#!/bin/sh
# SPDX-License-Identifier: MIT
# usage: nic.sh SOURCE BUILD [ASIC…]: the accelerator and the RDMA card under the kernel's own drivers
# of 7.x: the tests, other people's programs, the demonstration; and the refusals where bytes cannot
# go. Without an ASIC: gaudi and gaudi2, and the kernels that have no peer-to-peer.
set -u
source=$1 build=$2
shift 2
asics=${*:-gaudi gaudi2}
out=$(mktemp)
passed=0 failed=0 skipped=0
trap 'rm -f "$out"' EXIT
trap 'exit 143' HUP INT TERM # dash ends without the trap above otherwise

# count WHAT COMMAND…: a command that ends with $code
code=0
count() {
    what=$1
    shift
    "$@" > "$out" 2>&1
    rc=$?
    case $rc in
    "$code") passed=$((passed + 1)); echo "ok $what" ;;
    77) skipped=$((skipped + 1)); echo "skipped $what: $(tail -n 1 "$out")" ;;
    *) failed=$((failed + 1)); echo "FAILED $what: exit code $rc"; cat "$out" ;;
    esac
}
# machine WHAT RIG-OPTIONS… -- PROGRAM…: one program in a machine
machine() {
    what=$1
    shift
    count "$what" env HLTHUNK_RIG_BUILD="$build" "$source/rig/run" "$@"
}
# of the machine that has just run, if it could
says() { [ $rc = 77 ] || grep -q "$1" "$out" || { echo "it does not say: $1"; failed=$((failed + 1)); }; }

[ -x "$build/tests/rig/rig_rdma" ] || { echo "skipped: libibverbs or libefa was not there"; exit 77; }
for asic in $asics; do
    machine "the tests on $asic" --kernel 7 --asic "$asic" --nic --nic -- "$build/tests/rig/rig_rdma"
    machine "$asic and a card that is apart" --kernel 7 --asic "$asic" --nic --nic-apart -- \
        "$build/tests/rig/rig_rdma"
done
machine "programs of rdma-core and perftest" --kernel 7 --asic "${asics%% *}" --nic -- \
    "$source/tests/rig/nic_programs"
# two of Gaudi2's BARs do not fit the machine's address space
machine "the demonstration" --kernel 7 --asic gaudi --asic gaudi --nic --nic -- \
    "$build/tools/hlthunk" demo --rdma
says '^5 steps done, 0 failed'
machine "perftest in the accelerators' memory" --kernel 7 --asic gaudi --asic gaudi --nic --nic \
    --perftest -- "$source/tests/rig/nic_device_programs"
if [ $# = 0 ]; then
    machine "perftest in mapped memory" --kernel 7 --asic gaudi2 --nic --nic --perftest -- \
        "$source/tests/rig/nic_device_programs"
    machine "fabtests in the accelerators' memory" --kernel 7 --asic gaudi --asic gaudi --nic --nic \
        --fabtests -- "$source/tests/rig/nic_fabtests"
    count "two machines" "$source/tests/rig/two_machines.sh" "$source" "$build"
fi
# what doctor says of these machines is what the tests have found
machine "doctor and a card beside" --kernel 7 --asic "${asics%% *}" --nic -- \
    "$build/tools/hlthunk" doctor
says '^  route  *ok  *Both are below the bridge'
says '^  import  *ok'
code=4
machine "doctor and a card apart" --kernel 7 --asic "${asics%% *}" --nic --nic-apart -- \
    "$build/tools/hlthunk" doctor
says '^  import  *PROBLEM'
machine "doctor and a card without a driver" --kernel 7 --asic "${asics%% *}" --nic \
    --file "$build/tools/hlthunk" -- "$source/tests/rig/nic_without_driver" "$build/tools/hlthunk"
says '^  importer  *PROBLEM  *No driver has taken it'
machine "doctor and a card behind ACS" --kernel 7 --asic "${asics%% *}" --nic --nic-acs -- \
    "$build/tools/hlthunk" doctor
says '^  route  *warning  *Both are below the bridge .* but ACS redirects'
says '^  import  *PROBLEM'
code=0
machine "the refusal behind ACS" --kernel 7 --asic "${asics%% *}" --nic --nic-acs -- \
    "$build/tests/rig/rig_rdma"
if [ $# = 0 ]; then
    for kernel in 6.12 6.1; do
        machine "the refusal of $kernel" --kernel $kernel --asic gaudi --nic -- \
            "$build/tests/rig/rig_rdma"
    done
    code=4
    machine "doctor on 6.12" --kernel 6.12 --asic gaudi --nic -- "$build/tools/hlthunk" doctor
    says '^  p2pdma  *PROBLEM'
fi
echo "$passed passed, $failed failed, $skipped skipped"
[ $failed = 0 ]
