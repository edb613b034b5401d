#!/bin/sh
# SPDX-License-Identifier: MIT
# usage: test_faults.sh HLSIM PROBE: what the fault scripts do to a program
set -u
hlsim=$1 probe=$2 failed=0

# expect "WHAT" "LINES" OPTION…: the probe's output, on one line
expect() {
    what=$1 want=$2
    shift 2
    got=$("$hlsim" run "$@" -- "$probe" 2>&1 | tr '\n' ' ')
    if [ "$got" != "$want " ]; then
        echo "FAIL $what"
        echo "  want $want"
        echo "  got  $got"
        failed=1
    else
        echo "ok   $what"
    fi
}

good="alloc=ok export=ok"
end="status=operational close=0 reopen=ok"
expect "no fault" "open=ok $good $good $good $end"
expect "second allocation" "open=ok $good alloc=ENOMEM $good $end" --fault alloc:2:ENOMEM
expect "exports from the second on" "open=ok $good alloc=ok export=EMFILE alloc=ok export=EMFILE $end" \
    --fault export:2+:EMFILE
expect "a range of calls" "open=ok alloc=EIO alloc=EIO $good $end" --fault alloc:1-2:EIO
expect "open" "open=EACCES" --fault open:1:EACCES
expect "a mapping" "open=ok alloc=ENOSPC $good $good $end" --fault map:1:ENOSPC
# lost for its user, ready again when that has closed it
expect "reset" "open=ok $good alloc=ENODEV alloc=ENODEV status=in reset close=0 reopen=ok" \
    --fault alloc:2:reset
expect "removal" "open=ok $good alloc=ENODEV alloc=ENODEV status=ENODEV close=0 reopen=ENODEV" \
    --fault alloc:2:remove
expect "delay" "open=ok $good $good $good $end" --fault 'alloc:*:delay=5'

for bad in x:1:EIO alloc:0:EIO alloc:1:EWHAT alloc:2-1:EIO alloc alloc:1 alloc:1:delay= \
    alloc:1+1:EIO alloc:-1:EIO 'alloc: 1:EIO' alloc:1-:EIO alloc:1--2:EIO alloc:+:EIO \
    alloc:18446744073709551617:EIO alloc:1-18446744073709551617:EIO alloc:1:delay=-1 \
    alloc:1:delay=18446744073709552 'alloc:1:delay= 1' alloc:1:event=-1 \
    alloc:1:event=0x10000000000000000; do
    if "$hlsim" run --fault "$bad" -- true 2>/dev/null; then
        echo "FAIL \"$bad\" was accepted"
        failed=1
    fi
done
for good in 'alloc:*:EIO' alloc:7:EIO alloc:2-2:EIO alloc:1+:EIO import:18446744073709551615:EIO \
    alloc:1:delay=0 alloc:1:event=0xffffffffffffffff alloc:1:event=4; do
    if ! "$hlsim" run --fault "$good" -- true; then
        echo "FAIL \"$good\" was refused"
        failed=1
    fi
done
for bad in bar=-1 bar=0 'bar= 1' bar=17592186044416 bar=99999999999999999999 seed=-1 seed= \
    seed=18446744073709551616; do
    if "$hlsim" run "--$bad" -- true 2>/dev/null; then
        echo "FAIL \"--$bad\" was accepted"
        failed=1
    fi
done
exit $failed
