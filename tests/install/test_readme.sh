#!/bin/sh
# SPDX-License-Identifier: MIT
# usage: test_readme.sh SOURCE BUILD root|user
# A newcomer's way: the README's commands, in its order and as they are written there, in a fresh
# copy and a fresh home folder.  No path is set here: where the README's commands leave a thing, its
# next ones must find it.  Left out are "./dev test", of which "--all" runs this, and "./dev rig", which
# downloads kernels: .ci/run has both.
# As root the copy is what "meson dist" makes of the last commit, where git is at hand: a release's
# tarball builds from nothing.
set -eu
source=$1 build=$2 who=$3
. "$(dirname "$0")/own_usr_local.sh"

if [ "$who" = root ]; then
    own_usr_local "$@"
    work=$OWN_USR_LOCAL/work
    mkdir "$work"
    other='Or for yourself:'
    as=
else
    work=$(mktemp -d)
    trap 'rm -rf "$work"' EXIT
    trap 'exit 143' HUP INT TERM # dash ends without the trap above otherwise
    other='For all users, as root:'
    as=
    if [ "$(id -u)" = 0 ]; then
        # whose folder is whose also counts for root's tests of permissions
        as="setpriv --reuid=65534 --regid=65534 --clear-groups"
        $as true || skip "cannot become another user"
    fi
fi

mkdir "$work/clone" "$work/home"
if [ "$who" = root ] && git -C "$source" rev-parse >/dev/null 2>&1; then
    meson dist -C "$build" --no-tests --allow-dirty --formats gztar >"$work/log" 2>&1 || { tail "$work/log"; exit 1; }
    tar -xf "$build"/meson-dist/hlthunk-*.tar.gz --no-same-owner --strip-components 1 -C "$work/clone"
else
    (cd "$source" && tar -cf - --exclude='./build*' --exclude=./.git --exclude=./.cache .) |
        tar -xf - --no-same-owner -C "$work/clone"
fi

# Every block but that of the other way to install.  That this machine has a problem is an answer of
# the doctor's, with exit code 4.
awk -v other="$other" '
    $0 == other { left_out = 1; found = 1 }
    /^```$/ { if (inside) left_out = 0; inside = 0 }
    inside && !left_out && !/^\.\/dev (test|rig)/ {
        if (/hlthunk doctor/) sub(/ +#|$/, " || [ $? = 4 ] #")
        print
        n++
    }
    /^```sh$/ { inside = 1 }
    END { exit !(found && n >= 12) }' "$work/clone/README.md" >"$work/commands" || {
    echo "README.md does not have the commands that this test is about"
    exit 1
}
chmod -R a+rX "$work"
[ -z "$as" ] || chown -R 65534:65534 "$work"

# What a login gives, and no more; root's cache of compiled files changes nothing but the time.
[ -n "$as" ] || export CCACHE_DIR="${CCACHE_DIR-$HOME/.cache/ccache}"
rc=0
(cd "$work/clone" && $as env -i HOME="$work/home" ${CCACHE_DIR:+CCACHE_DIR="$CCACHE_DIR" CCACHE_NOHASHDIR=1} \
    PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
    sh -eux "$work/commands") >"$work/log" 2>&1 || rc=$?
grep -vE '^\[[0-9]+/[0-9]+\]|^Installing ' "$work/log" | tail -n 80
[ "$rc" = 0 ] || exit 1

# The tools, called by their whole names from anywhere, without a variable.
if [ "$who" = root ]; then
    bin=/usr/local/bin
else
    bin=$work/home/.local/bin
fi
cd /
env -i "$bin/hlthunk" --version
env -i "$bin/hlsim" run -- "$bin/hlthunk" list
