#!/bin/sh
# SPDX-License-Identifier: MIT
# usage: test_demo_rdma.sh HLSIM DEMO: hlthunk demo --rdma between two simulated accelerators, by
# doubles of two cards (efa_double.c); and what it says when a card does not do its part.
set -u
hlsim=$1 demo=$2 failed=0
out=$(mktemp)
trap 'rm -f "$out"' EXIT
trap 'exit 143' HUP INT TERM # dash ends without the trap above otherwise

# ends CODE TEXT OPTION…: so ends, and so says (extended regular expression), a demo in a simulation
ends() {
    code=$1 text=$2
    shift 2
    "$hlsim" run --quiet "$@" -- "$demo" demo --rdma >"$out" 2>&1 </dev/null
    rc=$?
    if [ $rc != "$code" ] || ! grep -qE "$text" "$out"; then
        echo "FAIL $* ${EFA_DOUBLE:-}: exit code $rc, not $code, or not \"$text\":"
        cat "$out"
        failed=1
    fi
}

ends 0 '^5 steps done, 0 failed' --device gaudi2 --device gaudi
grep -q '^ *64 of 64 MiB' "$out" && grep -q 'card 1 fills.*ok: [0-9a-f]*$' "$out" || { cat "$out"; failed=1; }
# one accelerator for two processes
ends 1 'another of each for process 2 *FAILED: .*(in use|busy)' --device gaudi2
# its memory cannot be exported
ends 1 'for process 1 *FAILED: .*export' --device gaudi2 --device gaudi2 --kernel 6.1
# more than its memory
ends 1 'for process 1 *FAILED: .*no 67108864 bytes' --device gaudi2 --device gaudi2 --fault alloc:1:ENOMEM

# CALL:N [TEXT]: what is said when the N-th of these calls fails, in either process
while read -r call text; do
    EFA_DOUBLE=$call ends 1 "FAILED: $text" --device gaudi2 --device gaudi2
done <<'TEXT'
list:1 no EFA card
gid:1 the card has no address
pd:1 no protection domain or completion queue
cq:1 no protection domain or completion queue
qp:1 no SRD queue pair with RDMA read and write
modify:1 the queue pair cannot be used
modify:2 the queue pair cannot be used
modify:3 the queue pair cannot be used
ah:1 the card does not register host memory
ah:2 no address handle
register:1 the card does not register host memory
post:1 the card does not accept the work request
post:70 the card does not accept the work request
poll:1 the completion queue cannot be read
transfer:1 at byte 0: remote access error
transfer:70 at byte [0-9]+: remote access error
list:1:other no EFA card
gid:1:other the card has no address
qp:1:other no SRD queue pair with RDMA read and write
ah:2:other no address handle
transfer:3:other at byte 0: remote access error
TEXT
# a card that cannot be opened, or is not an EFA, is passed over: the other one serves both
for call in open:1 query:1; do
    EFA_DOUBLE=$call ends 0 'card double1$' --device gaudi2 --device gaudi2
done
exit $failed
