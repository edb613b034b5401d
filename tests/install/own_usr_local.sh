# SPDX-License-Identifier: MIT
# For a test's script to source: what it installs below /usr/local, and what ldconfig writes, is seen
# by it alone and is gone with it.  Runs the script again in mounts of its own.
skip() {
    echo "$*"
    exit 77
}

own_usr_local() {
    if [ -z "${OWN_USR_LOCAL-}" ]; then
        # an ordinary user is root of a namespace, where the machine allows that
        own="unshare -m"
        [ "$(id -u)" = 0 ] || own="unshare -Urm"
        $own true 2>/dev/null || skip "no right to have mounts of its own"
        for tool in meson ninja cc; do
            case $(command -v "$tool") in /usr/local/*) skip "$tool itself is in /usr/local" ;; esac
        done
        OWN_USR_LOCAL=$(mktemp -d)
        export OWN_USR_LOCAL
        rc=0
        $own "$0" "$@" || rc=$?
        rmdir "$OWN_USR_LOCAL"
        exit $rc
    fi
    mount -t tmpfs own "$OWN_USR_LOCAL"
    cp -a /etc "$OWN_USR_LOCAL/etc" 2>/dev/null || true # some only root may read, and nobody needs
    mkdir "$OWN_USR_LOCAL/local" "$OWN_USR_LOCAL/cache"
    mount --bind "$OWN_USR_LOCAL/etc" /etc
    mount --bind "$OWN_USR_LOCAL/local" /usr/local
    [ ! -d /var/cache/ldconfig ] || mount --bind "$OWN_USR_LOCAL/cache" /var/cache/ldconfig
}
