#!/bin/sh
# SPDX-License-Identifier: MIT
# usage: test_conformance.sh SOURCE BUILD HLSIM CONFORMANCE CONFORMANCE_ELSEWHERE
# What the tool says, refuses and writes, and what is compared with it.
set -u
# called by Meson with names that count from the build folder
source=$1 build=$2 hlsim=$(readlink -f "$3") tool=$(readlink -f "$4") elsewhere=$(readlink -f "$5") failed=0
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 143' HUP INT TERM # dash ends without the trap above otherwise
cd "$work" || exit 1

# expect RC TEXT COMMAND…: ends so, and says TEXT (an extended regular expression)
expect() {
    want=$1 text=$2
    shift 2
    "$@" >log 2>&1
    rc=$?
    if [ $rc != "$want" ] || ! grep -qE "$text" log; then
        echo "FAIL $*: exit code $rc, not $want, or not \"$text\":"
        tail -n 20 log
        failed=1
    fi
}
sim="$hlsim run --quiet --device gaudi2 --"
quick="--only cb --only sysfs"

expect 0 'Exit codes' "$tool" --help
expect 0 '^hlthunk-conformance [0-9]' "$tool" --version
expect 2 'usage' "$tool" --nonsense
expect 2 'no group "nonsense"' $sim "$tool" --only nonsense
expect 2 'not an index' $sim "$tool" one
expect 3 'no device of this index' $sim "$tool" 7
for arguments in '0 1' '--timeout 0' '--timeout x' '--timeout 1x' '--timeout 2147483648' \
    '--timeout 99999999999999999999'; do
    # shellcheck disable=SC2086
    expect 2 usage $sim "$tool" $arguments
done
expect 3 'no Habana device on this machine' "$tool"
# says what it never does, and does nothing
expect 0 'GET_MAGIC' $sim "$tool" --list
expect 0 '^  memory ' $sim "$tool" --list
for arguments in --list --help --version; do
    expect 1 'could not be written' $sim sh -c "'$tool' $arguments >/dev/full"
done
[ -z "$(find . -name '*report*')" ] || { echo "FAIL --list wrote a report"; failed=1; }
expect 1 'No such file' $sim "$tool" --output "$work/none/report" $quick

# a device that somebody holds: nothing is run, nothing is written
expect 5 'in use: process [0-9]+ .* has a node' $sim sh -c \
    "exec 9<>/dev/accel/accel0; '$tool' --output held $quick"
[ ! -e held ] || { echo "FAIL a held device has a report"; failed=1; }
odd=$work/$(printf 'e\033[31mx')
cp "$(command -v sleep)" "$odd"
expect 5 'in use: process [0-9]+ \(e\?\[31mx\) has a node' $sim sh -c \
    "'$odd' 60 3<>/dev/accel/accel0 & until [ \"\$(cat /proc/\$!/comm)\" != sh ]; do sleep 0.05; done; '$tool' --output held $quick; rc=\$?; kill \$!; exit \$rc"
expect 0 '' $sim "$tool" --timeout 2147483647 --output report $quick
rm report
# who holds it cannot be told: that is not "nobody", nothing is run either
expect 1 'who has device 0 is not known: .*"/nowhere" is not a folder.*  Nothing was done' \
    env TEST_ROOT=/nowhere $sim "$elsewhere" --output unknown $quick
[ ! -e unknown ] || { echo "FAIL a device whose holders are unknown has a report"; failed=1; }
# the driver does not let it be opened
expect 1 'Nothing was done' $hlsim run --quiet --fault open:1:EIO -- "$tool" --output refused $quick
expect 5 'Nothing was done' $hlsim run --quiet --fault open:1:EBUSY -- "$tool" --output refused $quick
[ ! -e refused ] || { echo "FAIL a device that does not open has a report"; failed=1; }
# a person is asked
if command -v script >/dev/null; then
    echo n >no && echo y >yes
    expect 1 'Start\? .*' $sim script -qec "'$tool' --output answer $quick" /dev/null <no
    grep -q 'not started' log && [ ! -e answer ] || { echo "FAIL started without a yes"; cat log; failed=1; }
    expect 0 'answers are in answer' $sim script -qec "'$tool' --output answer $quick" /dev/null <yes
    expect 0 'answers are in answer' $sim script -qec "'$tool' --yes --output answer $quick" /dev/null
fi
# a dma-buf that no process has any more
mkdir -p root/proc root/sys/class/accel/accel0/device root/sys/kernel/debug/dma_buf
printf 'DRIVER=habanalabs\nPCI_ID=1DA3:1020\nPCI_SLOT_NAME=0000:10:00.0\n' >root/sys/class/accel/accel0/device/uevent
printf '00065536\t00000000\t00080007\t00000001\thabanalabs\t00000042\t<none>\n' \
    >root/sys/kernel/debug/dma_buf/bufinfo
expect 5 'in use: the kernel has a dma-buf of it.  Nothing was done' \
    env TEST_ROOT="$work/root" $sim "$elsewhere" --output kernels $quick
[ ! -e kernels ] || { echo "FAIL a device that the kernel holds has a report"; failed=1; }
# a bystander does not count
expect 0 'answers are in report' $sim sh -c \
    "exec 9</dev/accel/accel_controlD0; '$tool' --output report $quick"
grep -q '^asic: gaudi2$' report && grep -q '^cpucp_ver: ' report && grep -q '^\[cb\]$' report &&
    grep -q '^answers: [0-9]' report || { echo "FAIL the report lacks something"; failed=1; }
# a group that does not end is in the report, and the others are run
expect 4 'debug .*did not go on' $hlsim run --quiet --device gaudi2 --fault debug:1+:delay=600000 -- \
    "$tool" --output stuck --timeout 30 --only debug --only sysfs
grep -q '^!ended: no answer in time$' stuck && grep -q '^unfinished: 1$' stuck &&
    grep -q '^fresh class entry accel0$' stuck || { echo "FAIL the report of a stuck group"; cat stuck; failed=1; }

# nor does one that cannot ask the device, and the report says why
expect 4 'suite_sync .*did not go on' $hlsim run --quiet --fault info:4+:EIO -- "$tool" --output mute --only suite_sync
grep -q '^!ended: could not go on$' mute && grep -q '^!said: .*Input/output error$' mute ||
    { echo "FAIL the report of a mute device"; cat mute; failed=1; }
# a full disk is no report
expect 1 '/dev/full: No space left' $sim "$tool" --output /dev/full $quick
# another generation's driver
for kernel in 6.1 6.6 vendor; do
    expect 0 'answers are in old' $hlsim run --quiet --device gaudi --kernel $kernel -- "$tool" --output old --only suite_sync
    grep -q '^node: \(hl\|accel\)$' old && ! grep ' failed' old || { echo "FAIL $kernel"; cat old; failed=1; }
done
# ended in the middle, in a child of a test: the report is whole up to there, and nothing has the device
# stopped SIGNAL RC: sends it once the tool is in the middle
# shellcheck disable=SC2016 # the inner shell's
stopped() {
    expect 0 'free' $hlsim run --quiet --device gaudi2 --trace trace --fault export:1+:delay=600000 -- sh -c '
        tool=$1 signal=$2 wanted=$3
        until_is() { n=0; until "$@"; do n=$((n + 1)); [ $n -lt 600 ] || { echo "not: $*"; exit 1; }; sleep 0.1; done; }
        "$tool" --output "stopped-$signal" --only suite_processes & pid=$!
        until_is grep -q "MEMORY MAP" trace
        kill -s "$signal" $pid
        wait $pid
        rc=$?
        [ $rc = "$wanted" ] || { echo "exit code $rc"; exit 1; }
        until_is "$tool" --output after --only cb 2>log-after
        echo free' sh "$tool" "$1" "$2"
    [ -z "$(tail -c 1 "stopped-$1")" ] && grep -q '^hand_over skipped$' "stopped-$1" &&
        ! grep -q '^\[end\]' "stopped-$1" || { echo "FAIL the report that SIG$1 ended"; cat "stopped-$1"; failed=1; }
}
stopped TERM 143
grep -q '^!ended: interrupted$' stopped-TERM || { echo "FAIL not told: interrupted"; failed=1; }
stopped KILL 137

# to standard output: the report and nothing else
$sim "$tool" --output - --only cb >piped 2>/dev/null && [ "$(sed -n '1p;$p' piped | tr '\n' ' ')" = \
    "hlthunk-conformance report 1 unfinished: 0 " ] || { echo "FAIL --output -"; cat piped; failed=1; }
# ... also what a group's own children say
$sim "$tool" --output - --only sequence 2>/dev/null | grep -q '^fresh twice: in a child -> EBUSY$' ||
    { echo "FAIL a line of a child is lost"; failed=1; }

# the second device of a machine
expect 0 'answers are in second' $hlsim run --quiet --device gaudi2 --device gaudi -- \
    "$tool" --output second --only cb 1
grep -q '^asic: gaudi$' second || { echo "FAIL not the second device"; failed=1; }

# suites of tests: with the device that was named, and no other; a test that fails says why
expect 0 'answers are in suites' $hlsim run --quiet --device gaudi2 --device gaudi2 --trace trace -- \
    "$tool" --output suites --only suite_objects --only suite_semantics --only suite_completion 1
grep -q '^exports passed$' suites && grep -q '^a_signal_is_told passed$' suites &&
    grep -q '^a_reset_ends_all skipped$' suites && ! grep ' failed' suites ||
    { echo "FAIL suites"; cat suites; failed=1; }
grep -q 'accel1: opened' trace && ! grep 'accel0: opened' trace || { echo "FAIL another device"; failed=1; }
expect 0 'answers are in failing' $hlsim run --quiet --device gaudi2 --fault alloc:1:ENOMEM -- \
    "$tool" --output failing --only suite_objects
grep -q '^buffers failed: .*hlthunk_buffer_alloc' failing || { echo "FAIL why"; cat failing; failed=1; }

# compared: equal; then a line that differs is told
compare=$source/tests/rig/compare
expect 2 'not a report' "$compare" "$build" "$source/README.md"
expect 0 'simulator of 6.12: [0-9]+ answers compared, 0 lines differ' "$compare" "$build" report
sed 's/-> EINVAL/-> ENODEV/' report >changed
expect 1 '^> \[cb\] .*ENODEV' "$compare" "$build" changed
# of a suite the tests that both have; and whether it came to its end
$sim "$tool" --output report --only suite_sync >log 2>&1
sed '/sync_file/d' report >changed
expect 0 'simulator of 6.12: 1 answers compared, 0 lines differ' "$compare" "$build" changed
sed 's/passed/failed: why/' report >changed
expect 1 '^> \[suite_sync\] .* failed: why' "$compare" "$build" changed
sed '/^cpu_access/s/.*/!ended: killed/' report >changed
expect 1 '^> \[suite_sync\] !ended: killed' "$compare" "$build" changed
exit $failed
