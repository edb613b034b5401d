# SPDX-License-Identifier: MIT
# Sourced. Downloads Debian packages by name into folders of the cache. The host's own package
# database is neither read nor written: apt gets a state of its own with nothing installed, so
# that every dependency is downloaded, and packages are unpacked, never installed. What the host's
# administrator configured (mirror, proxy, authentication) is used as it is. No root is needed.

# The Debian mirror of the host's own configuration.
rig_mirror() {
    {
        sed -n 's/^URIs:[[:space:]]*\([^[:space:]]*\).*/\1/p' /etc/apt/sources.list.d/*.sources
        sed -n 's/^deb[[:space:]]\(\[[^]]*\][[:space:]]*\)\{0,1\}\([^[:space:]]*\)[[:space:]].*/\2/p' \
            /etc/apt/sources.list /etc/apt/sources.list.d/*.list
    } 2>/dev/null | grep '/debian/*$' | head -n 1 | sed 's,/*$,,'
}

# What apt could not fetch, or its last error, and where the rest is; the end of a sentence.
rig_apt_why() {
    rig_why=$(sed -n 's/^[EW]: \(Failed to fetch.*\)/\1/p' "$RIG_APT/log" | head -n 1)
    rig_why=${rig_why:-$(sed -n 's/^E: //p' "$RIG_APT/log" | tail -n 1)}
    echo "${rig_why:+: ${rig_why%.}} (see $RIG_APT/log)"
}

# rig_apt_setup NAME SUITE...: a private apt for these suites; sets RIG_APT.
rig_apt_setup() {
    command -v apt-get > /dev/null || rig_skip "apt-get is needed to download packages"
    command -v dpkg-deb > /dev/null || rig_skip "dpkg-deb is needed to unpack packages"
    RIG_APT=$RIG_CACHE/apt/$1
    shift
    rig_mirror_url=${HLTHUNK_RIG_MIRROR:-$(rig_mirror)}
    [ -n "$rig_mirror_url" ] ||
        rig_skip "apt's configuration names no Debian mirror; HLTHUNK_RIG_MIRROR may"
    mkdir -p "$RIG_APT/state/lists/partial" "$RIG_APT/cache/archives/partial" "$RIG_APT/conf"
    : > "$RIG_APT/status"
    cp /etc/apt/apt.conf.d/* "$RIG_APT/conf/" 2>/dev/null || :
    cat > "$RIG_APT/conf/zz-rig" <<EOC
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
#clear DPkg::Post-Invoke;
#clear DPkg::Pre-Install-Pkgs;
Dir::State "$RIG_APT/state";
Dir::State::status "$RIG_APT/status";
Dir::Cache "$RIG_APT/cache";
Dir::Cache::archives "archives";
Dir::Etc::sourcelist "$RIG_APT/sources.list";
Dir::Etc::sourceparts "/dev/null";
Dir::Etc::preferences "/dev/null";
Dir::Etc::preferencesparts "/dev/null";
APT::Install-Recommends "false";
APT::Sandbox::User "$(id -un)";
APT::Get::Assume-Yes "true";
EOC
    echo "Dir::Etc::Parts \"$RIG_APT/conf\";" > "$RIG_APT/apt.conf"
    for rig_suite in "$@"; do
        rig_url=$rig_mirror_url
        case $rig_suite in *-security) rig_url=$rig_url-security ;; esac
        echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg]" \
            "$rig_url $rig_suite main"
    done > "$RIG_APT/sources.list"
    APT_CONFIG=$RIG_APT/apt.conf apt-get -q update > "$RIG_APT/log" 2>&1 ||
        rig_skip "the package lists of $* cannot be downloaded$(rig_apt_why)"
}

# rig_apt_unpack FOLDER APT-ARGUMENTS...: the packages and everything that they depend on.
rig_apt_unpack() {
    rig_dest=$1
    shift
    APT_CONFIG=$RIG_APT/apt.conf apt-get -q install --download-only "$@" \
        >> "$RIG_APT/log" 2>&1 || rig_skip "cannot download $*$(rig_apt_why)"
    rig_unpack_archives
}

# rig_apt_unpack_only FOLDER PACKAGE...: only these packages.
rig_apt_unpack_only() {
    rig_dest=$1
    shift
    (cd "$RIG_APT/cache/archives" && APT_CONFIG=$RIG_APT/apt.conf apt-get -q download "$@") \
        >> "$RIG_APT/log" 2>&1 || rig_skip "cannot download $*$(rig_apt_why)"
    rig_unpack_archives
}

# rig_apt_source FOLDER PACKAGE: the upstream tarball of a source package, as Debian has it.
rig_apt_source() {
    sed -i '/^deb-src /d' "$RIG_APT/sources.list"
    sed -n 's/^deb /deb-src /p' "$RIG_APT/sources.list" > "$RIG_APT/sources.more"
    cat "$RIG_APT/sources.more" >> "$RIG_APT/sources.list"
    mkdir -p "$RIG_APT/source" "$1"
    rm -f "$RIG_APT/source/$2"_*
    # apt checks each file of a package against the signed list: the one that matters is enough
    (cd "$RIG_APT/source" && APT_CONFIG=$RIG_APT/apt.conf apt-get -q update &&
        APT_CONFIG=$RIG_APT/apt.conf apt-get -q source --download-only "$2") \
        >> "$RIG_APT/log" 2>&1
    tar -C "$1" --strip-components=1 -xf "$RIG_APT/source/$2"_*.orig.tar.* ||
        rig_skip "cannot download the source of $2$(rig_apt_why)"
    rm -rf "$RIG_APT/source"
}

rig_unpack_archives() {
    mkdir -p "$rig_dest/usr/bin" "$rig_dest/usr/sbin" "$rig_dest/usr/lib" "$rig_dest/usr/lib64"
    for rig_l in bin sbin lib lib64; do     # packages from before the /usr merge unpack there
        [ -e "$rig_dest/$rig_l" ] || ln -s "usr/$rig_l" "$rig_dest/$rig_l"
    done
    for rig_deb in "$RIG_APT"/cache/archives/*.deb; do
        dpkg-deb --fsys-tarfile "$rig_deb" | tar -x --keep-directory-symlink --no-same-owner \
            -C "$rig_dest" -f - || rig_skip "cannot unpack $rig_deb"
        rm -f "$rig_deb"
    done
}

# rig_apt_depends PACKAGE PATTERN: the first dependency that matches.
rig_apt_depends() {
    APT_CONFIG=$RIG_APT/apt.conf apt-cache depends "$1" |
        sed -n "s/^ *Depends: \($2\)\$/\1/p" | head -n 1
}
