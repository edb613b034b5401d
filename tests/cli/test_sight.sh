#!/bin/sh
# SPDX-License-Identifier: MIT
# usage: test_sight.sh HLSIM HLTHUNK HOLD: who, doctor and monitor where a holder is out of sight, or
# tries to be
set -u
hlsim=$(readlink -f "$1") hlthunk=$(readlink -f "$2") hold=$(readlink -f "$3")
here=$(cd "$(dirname "$0")" && pwd)
. "$here/runs.sh"
room=$(mktemp -d)
trap 'rm -rf "$room" "$out" "$err"' EXIT
trap 'exit 143' HUP INT TERM # dash ends without the trap above otherwise
# LeakSanitizer cannot look at a process that is the first of its PID namespace
export ASAN_OPTIONS=detect_leaks=0
export room here hlthunk hold

# simulated CODE SCRIPT: by sh in a simulation whose files are in $room
simulated() {
    code=$1
    shift
    TMPDIR=$room runs "$code" timeout 100 "$hlsim" run --quiet -- sh -c "$@"
}
says() { tr -s ' \n' ' ' <"$out" | grep -q -- "$1" || bad "standard output lacks: $1"; }
lacks() { ! grep -q -- "$1" "$out" || bad "standard output has: $1"; }

if ! unshare -Urmpf --mount-proc true 2>/dev/null; then
    echo "no user namespace"
    exit 77
fi

# A dma-buf that somebody out of sight has sent is not what a former user left.
# got CODE COMMAND…: hlthunk's, in a PID namespace whose one process got the dma-buf of a user outside
got() {
    code=$1
    shift
    # hold passes its descriptor on under the number 50
    TMPDIR=$room runs "$code" timeout 100 "$hlsim" run --quiet -- "$hold" inherit -- \
        unshare -Urpf --mount-proc "$hlthunk" "$@"
}
got 0 who && says ' dma-buf 50 '
got 4 doctor
says 'holders PROBLEM The device is in use, and nobody is seen to hold it: processes outside' && says '; 1 dma-bufs of it are seen'
got 0 monitor --count 1 && says ' not seen 1, 2 MiB'
# nor where whether it is in use is not known
# shellcheck disable=SC2016 # the inner shell's
TMPDIR=$room runs 4 timeout 100 "$hlsim" run --quiet -- "$hold" inherit -- \
    sh -c 'rm "$room"/hlsim-*/dev/accel/accel_controlD0; exec unshare -Urpf --mount-proc "$hlthunk" doctor'
says 'holders unknown Nobody is seen to hold the device, but processes outside' && says '; 1 dma-bufs of it are seen'

# /proc that is not there is not one without processes
build=$(dirname "$(dirname "$hlthunk")")
libraries=$build/lib:$build/diag:$build/verbs # $ORIGIN needs /proc
export libraries
# shellcheck disable=SC2016 # the inner shell's
{
    for command in who 'doctor --passive' 'monitor --json --count 1'; do
        simulated "$([ "$command" = who ] && echo 1 || echo 0)" 'exec 3<>/dev/accel/accel0
            export LD_LIBRARY_PATH="$libraries"
            unshare -Urm sh -c "mount -t tmpfs t /proc && exec \"\$hlthunk\" $0 3<&-" 3<&-' "$command"
        case $command in
        who) warns '/proc is not mounted' ;;
        doctor*) says 'holders unknown Who holds the device cannot be known: /proc is not mounted' ;;
        *) says '"in_use":true' && lacks '"mappings"' && lacks hidden_processes && lacks other_namespace ;;
        esac
    done
}

# hidepid: processes of others are not listed at all.  Of another group, without capabilities; as root
if [ "$(id -u)" = 0 ] && command -v setpriv >/dev/null; then
    # unlisted CODE BEFORE COMMAND…
    unlisted() {
        code=$1 before=$2
        shift 2
        # shellcheck disable=SC2016 # the inner shell's
        simulated "$code" 'exec 3<>/dev/accel/accel0; '"$before"'
            unshare -m sh -c "mount -t proc -o hidepid=2 proc /proc && exec setpriv --regid 65534 --clear-groups \
                --bounding-set=-all --inh-caps=-all \"\$hlthunk\" $* 3<&-" 3<&-' sh "$@"
    }
    unlisted 0 : who && says 'Not seen: processes of other users, which /proc does not list'
    unlisted 0 : who --json && tr -d ' \t\n' <"$out" | grep -q '"unlisted_processes":true' || bad "--json"
    unlisted 4 : doctor --passive && says 'nobody is seen to hold it: processes of other users are not listed here'
    unlisted 0 : monitor --count 1 --json && says '"unlisted_processes":true'
    # shellcheck disable=SC2016
    unlisted 4 'rm "$room"/hlsim-*/dev/accel/accel_controlD0' doctor --passive
    says 'holders unknown Nobody is seen to hold the device, but processes of other users'
fi
simulated 0 '"$hlthunk" who --json' && tr -d ' \t\n' <"$out" | grep -q '"unlisted_processes":false' || bad "--json"

# From here on sysfs says that the device's node is /dev/full, a file with that number.
# shellcheck disable=SC2016
node_is_full='dev=$(readlink -f "$room"/hlsim-*/sys/class/accel/accel0)/dev; rm -f "$dev"; echo 1:7 >"$dev"
    until_seen() { n=0; until "$@" >/dev/null 2>&1; do n=$((n + 1)); [ $n -lt 200 ] || exit 9; sleep 0.05; done; }
'

# a node with the name of a dma-buf, in a file system of its user's
cat >"$room/named" <<'TEXT'
mkdir "$room/own" && mount -t tmpfs t "$room/own" && cd "$room/own" || exit 1
mkdir bin lib lib64 usr dev old proc
for folder in bin lib lib64 usr dev; do [ ! -d /$folder ] || mount --rbind /$folder $folder; done
: >dmabuf:x
mount --bind /dev/full dmabuf:x && pivot_root . old && cd / && exec sleep 60 3<>/dmabuf:x
TEXT
# shellcheck disable=SC2016
simulated 0 "$node_is_full"'env -u LD_PRELOAD unshare -Urm sh "$room/named" & pid=$!
    until_seen sh -c "readlink /proc/$pid/fd/3 | grep -qx /dmabuf:x"
    "$hlthunk" who; kill $pid'
says ' sleep accel0 node 3 '

# a mapping of a process with a root of its own: maps has the path that this process sees
cat >"$room/chrooted.py" <<'TEXT'
import mmap, os, sys, time
os.chroot(sys.argv[1])
os.chdir("/")
f = os.open("/f", os.O_RDWR)
m = mmap.mmap(f, 4096, mmap.MAP_SHARED)
os.close(f)
os.write(1, b"mapped\n")
time.sleep(60)
TEXT
# shellcheck disable=SC2016 # the mount makes the node of the file that is mapped
simulated 0 "$node_is_full"'export before="$(mktemp)"; exec unshare -Urm sh -c "
    mkdir \"$room/jail\" && head -c 4096 /dev/zero >\"$room/jail/f\"
    env -u LD_PRELOAD python3 \"$room/chrooted.py\" \"$room/jail\" >\"$before\" & pid=\$!
    n=0; until [ -s \"$before\" ]; do n=\$((n + 1)); [ \$n -lt 200 ] || exit 9; sleep 0.05; done
    mount --bind /dev/full \"$room/jail/f\" && \"$hlthunk\" who; kill \$pid; umount \"$room/jail/f\"; rm \"$before\""'
says ' python3 accel0 mapping '
exit $failed
