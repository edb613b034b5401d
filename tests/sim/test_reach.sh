#!/bin/sh
# SPDX-License-Identifier: MIT
# usage: test_reach.sh HLSIM: what a simulation cannot serve is said, and what it can is served
set -u
hlsim=$(realpath "$1")
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
trap 'exit 143' HUP INT TERM # dash ends without the trap above otherwise
failed=0
fail() {
    echo "FAIL: $*"
    failed=1
}

# said RC TEXT PROGRAM…: the exit code, and a line that has this text ("": none of hlsim's)
said() {
    want=$1 text=$2
    shift 2
    "$hlsim" run --device gaudi2 -- "$@" >"$dir/out" 2>"$dir/err"
    rc=$?
    [ "$rc" = "$want" ] || fail "$*: exit $rc instead of $want: $(cat "$dir/err")"
    if [ -n "$text" ]; then
        grep -q "^hlsim: .*$text" "$dir/err" || fail "$*: \"$(cat "$dir/err")\" without \"$text\""
    elif grep "^hlsim:" "$dir/err"; then
        fail "$*: complains"
    fi
}

cat >"$dir/open.c" <<'EOF'
#include <fcntl.h>
int main(void)
{
    return open("/dev/accel/accel_controlD0", O_RDWR) < 0 ? 9 : 0;
}
EOF
compiled() {
    "$@" "$dir/open.c" 2>/dev/null
}

compiled cc -o "$dir/plain" && said 0 '' "$dir/plain"
ln -s plain "$dir/link"
said 0 '' "$dir/link"
compiled cc -static -o "$dir/static" && said 9 'linked statically' "$dir/static"
compiled cc -m32 -o "$dir/small" && "$dir/small"
[ $? = 9 ] && said 9 'another word size' "$dir/small"
if compiled musl-gcc -o "$dir/musl"; then
    said 125 'another C library' "$dir/musl"
else
    echo "no musl-gcc (musl-tools): programs of another C library are not tried"
fi

# a program with the note of Go's linker
cat >"$dir/note.s" <<'EOF'
        .section .note.go.buildid, "a", %note
        .balign 4
        .long 4, 4, 4
        .asciz "Go\0"
        .long 0
EOF
compiled cc -o "$dir/go" "$dir/note.s" && said 0 'written in Go' "$dir/go"

# a script is what runs it
printf '#! %s/static\n' "$dir" >"$dir/script"
chmod +x "$dir/script"
[ -x "$dir/static" ] && said 9 'linked statically' "$dir/script"
printf '#!/bin/sh\nexit 3\n' >"$dir/script"
said 3 '' "$dir/script"
said 127 'No such file' "$dir/absent"

# a relative TMPDIR is the same folder wherever the program goes
mkdir "$dir/tmp"
(cd "$dir" && TMPDIR=tmp "$hlsim" run --device gaudi2 -- sh -c 'cd / && exec 3<>/dev/accel/accel0') ||
    fail "a relative TMPDIR"
[ -z "$(ls "$dir/tmp")" ] || fail "left: $(ls "$dir/tmp")"
TMPDIR=$dir/absent said 125 'No such file' true

# limits are the program's own, and small ones are enough
limited() {
    # shellcheck disable=SC2016 # the inner shell's
    (ulimit "$1" "$2" && "$hlsim" run --device gaudi2 -- \
        sh -c 'ulimit "$1"; exec 3<>/dev/accel/accel0' sh "$1")
}
[ "$(limited -Sn 200)" = 200 ] || fail "$(limited -Sn 200) descriptors instead of 200"
[ "$(limited -Sf 1000)" = 1000 ] || fail "$(limited -Sf 1000) blocks a file instead of 1000"
# (not the library of a sanitizer, which wants all addresses)
# shellcheck disable=SC3045 # dash and bash have ulimit -v
if (ulimit -v 2000000 && "$hlsim" --version >/dev/null 2>&1); then
    [ "$(limited -Sv 2000000)" = 2000000 ] || fail "$(limited -Sv 2000000) KiB of addresses"
    (ulimit -v 2000000 && said 2 'no address space' sh -c 'exec 3<>/dev/accel/accel0' &&
        exit $failed) || fail "no address space"
fi
(ulimit -f 8 && said 125 'File too large' true && exit $failed) || fail "no large files"

# so are its signals, and an ignored SIGCHLD hides no end
with_signals() {
    timeout -s KILL 60 env --ignore-signal=CHLD --block-signal=USR1 "$hlsim" run --device gaudi2 -- "$@"
}
if env --ignore-signal=CHLD --block-signal=USR1 true 2>/dev/null; then
    with_signals grep -q '^SigBlk:.*200$' /proc/self/status || fail "the mask is another"
    with_signals grep -q '^SigIgn:.*1....$' /proc/self/status || fail "SIGCHLD is not ignored"
    with_signals sh -c 'exit 5'
    [ $? = 5 ] || fail "no end with an ignored SIGCHLD"
fi

# no descriptors left to join with
# shellcheck disable=SC2016 # the inner shell's
said 9 'Too many open files' sh -c 'ulimit -n 5; exec "$1/plain"' sh "$dir"

# a process that continues without the program has no devices any more, and is told so
mkfifo "$dir/joined" "$dir/stay"
# shellcheck disable=SC2016 # the inner shell's
said 4 'continues without its devices' sh -c '
    { echo >"$1/joined"; read -r line <"$1/stay"; } >/dev/null 2>&1 &
    read -r line <"$1/joined"
    exit 4' sh "$dir"
echo >"$dir/stay"
# ... also one that was forked in the last moment
# shellcheck disable=SC2016 # the inner shell's
said 5 'continues without its devices' sh -c '
    { read -r line <"$1/stay"; } >/dev/null 2>&1 &
    exit 5' sh "$dir"
echo >"$dir/stay"
# ... but not one that ends with the program, as a container's first process does
# shellcheck disable=SC2016 # the inner shell's
said 6 '' sh -c '
    { echo >"$1/joined"; sleep 0.05; } >/dev/null 2>&1 &
    read -r line <"$1/joined"
    exit 6' sh "$dir"
exit $failed
