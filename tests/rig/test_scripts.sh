#!/bin/sh
# SPDX-License-Identifier: MIT
# usage: test_scripts.sh SOURCE: rig/run and its scripts, without a machine
set -u
source=$1 failed=0
room=$(mktemp -d) || exit
trap 'rm -rf "$room"' EXIT
trap 'exit 143' HUP INT TERM # dash ends without the trap above otherwise
export TMPDIR="$room/tmp" HLTHUNK_RIG_CACHE="$room/cache"
mkdir "$TMPDIR" "$HLTHUNK_RIG_CACHE"

# refused SENTENCE OPTION…: before anything is brought or started
refused() {
    sentence=$1
    shift
    HLTHUNK_RIG_BUILD=$room timeout 20 "$source/rig/run" "$@" -- /bin/true >"$room/said" 2>&1
    rc=$?
    if [ $rc != 2 ] || ! grep -qx "rig: $sentence" "$room/said"; then
        echo "FAIL rig/run $*: $rc"
        head -n 3 "$room/said"
        failed=1
    fi
}
refused "unknown ASIC gaudi3" --asic gaudi3
refused "no file $room/none/file" --file "$room/none/file"
refused "no file $room/none" --file "$room/none"
refused "no patch $room/none/patch" --patch "$room/none/patch"
refused "not a number of seconds: soon" --timeout soon

# and of what else brings packages, the ggml backend's
HLTHUNK_FRAMEWORKS_CACHE=$room/cache HLTHUNK_RIG_MIRROR=http://127.0.0.1:9 \
    timeout 20 "$source/integrations/ggml/run" lama >"$room/said" 2>&1
rc=$?
if [ $rc != 2 ] || ! grep -q '^ggml: "lama" is neither' "$room/said"; then
    echo "FAIL integrations/ggml/run lama: $rc"
    cat "$room/said"
    failed=1
fi
rm -rf "${room:?}/cache"/* "$room/cache"/.[a-z]*

# where nothing can be downloaded the reason is told, and nothing counts as failed; tools that this
# host lacks, and that rig/run asks for before, have stand-ins
mkdir "$room/bin"
for tool in cpio xz ldd flock mkfifo; do
    ln -s /bin/true "$room/bin/$tool"
done
for file in tests/rig/rig_rdma rig/rig-emu rig/rig-efa tools/hlthunk; do
    mkdir -p "$room/build/${file%/*}"
    cp /bin/true "$room/build/$file"
done
PATH=$PATH:$room/bin HLTHUNK_RIG_MIRROR=file:$room/debian \
    timeout 100 "$source/tests/rig/nic.sh" "$source" "$room/build" gaudi >"$room/said" 2>&1
rc=$?
if [ $rc != 0 ] || ! grep -q '^0 passed, 0 failed' "$room/said" ||
    ! grep -q '^skipped the tests on gaudi: rig: skipped: the package lists of .* cannot be downloaded: .*/debian ' "$room/said"; then
    echo "FAIL nic.sh without a mirror: $rc"
    cat "$room/said"
    failed=1
fi
rm -rf "${room:?}/cache"/* "$room/cache"/.[a-z]* "$room/tmp"/*

# what rig/run has when it brings what a machine needs
cat >"$room/scripts" <<TEXT
set -u
RIG_TREE=$source RIG_STRICT=0 RIG_SHIPPED=1 RIG_P2P= RIG_NICS= RIG_LINK= RIG_PATCHED= RIG_RELEASE=test
RIG_BUSYBOX=/bin/true
for script in common initramfs boot; do . "$source/rig/machine/\$script.sh"; done
rig_work
TEXT

# an emulated device that hangs, and listens to nobody
cat >"$room/hangs" <<TEXT
. "$room/scripts"
sh -c 'trap "" TERM; echo >"$room/hung"; while :; do sleep 1; done' &
rig_started \$!
until [ -e "$room/hung" ]; do sleep 0.1; done
rig_device_ended \$!
TEXT
timeout -s KILL 60 sh "$room/hangs" >"$room/said" 2>&1
rc=$?
if [ $rc != 0 ] || ! grep -q "ended with 137" "$room/said"; then
    echo "FAIL an emulated device that hangs: $rc"
    cat "$room/said"
    failed=1
fi

# killed while it makes the archive that machines start from
cat >"$room/makes" <<TEXT
. "$room/scripts"
rig_ko_add() {
    echo >"$room/made"
    sleep 2
    echo >"\$1/\$2.ko"
}
rig_base 6.12
TEXT
# with its children, or alone: then these notice
for whom in group command; do
    rm -f "$room/made"
    setsid sh "$room/makes" >"$room/said" 2>&1 &
    i=0
    until [ -e "$room/made" ] || [ $i = 200 ]; do
        sleep 0.1
        i=$((i + 1))
    done
    [ -e "$room/made" ] || { echo "FAIL nothing was made"; cat "$room/said"; failed=1; }
    case $whom in
    group) kill -s KILL -- "-$!" ;;
    command) kill -9 $! ;;
    esac
    wait $! 2>/dev/null
    sleep 4 # its child has noticed
    i=0
    while left=$(find "$TMPDIR" "$HLTHUNK_RIG_CACHE" -mindepth 1 -maxdepth 1 ! -name '*.lock' ! -name '*.said') &&
        [ -n "$left" ] && [ $i -lt 100 ]; do
        sleep 0.1
        i=$((i + 1))
    done
    [ -z "$left" ] || { echo "FAIL left by a $whom that was killed: $left"; failed=1; }
    rm -rf "${room:?}/tmp"/* "$room/cache"/*
done
exit $failed
