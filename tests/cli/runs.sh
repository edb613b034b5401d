# SPDX-License-Identifier: MIT
# Sourced by the tests of hlthunk's commands: $hlsim and $hlthunk are set.
failed=0
out=$(mktemp) err=$(mktemp)
trap 'rm -f "$out" "$err"' EXIT
trap 'exit 143' HUP INT TERM # dash ends without the trap above otherwise

bad() {
    echo "FAIL $*"
    sed 's/^/  out: /' "$out"
    sed 's/^/  err: /' "$err"
    failed=1
}

# runs CODE COMMAND…: the exit code, output kept
runs() {
    code=$1
    shift
    "$@" >"$out" 2>"$err" </dev/null
    rc=$?
    [ $rc = "$code" ] || { bad "$* ended with $rc, not $code"; return 1; }
    echo "ok   $*" | sed "s|$hlsim|hlsim|; s|$hlthunk|hlthunk|"
}
says() { grep -q -- "$1" "$out" || bad "standard output lacks: $1"; }
warns() { grep -q -- "$1" "$err" || bad "standard error lacks: $1"; }
silent() { [ ! -s "$err" ] || bad "standard error is not empty"; }
