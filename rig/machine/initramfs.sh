# SPDX-License-Identifier: MIT
# Sourced. The two archives that the kernel unpacks: one with busybox, modules and firmware, kept
# in the cache; one with the job. Not compressed: an emulated processor is slow at unpacking.

RIG_APPLETS="sh mount umount mknod cat ls dmesg sleep mkdir mkfifo grep echo cut head tail sed wc ln
    rm cp mv kill stty insmod rmmod uname ip timeout test [ true false env setsid find printf seq
    sort readlink stat dd od tr id nproc date time touch expr xargs awk basename dirname ps"

rig_ko() {
    # the first of them that has it
    # shellcheck disable=SC2086
    find ${RIG_PATCHED:-} "$RIG_MODULES" "$RIG_KERNEL/extra" -name "$1.ko" -o -name "$1.ko.xz" -o -name "$1.ko.zst" 2> /dev/null | head -n 1
}

rig_ko_cat() {
    case $1 in
    *.xz) xz -dc "$1" ;;
    *.zst) zstd -dcq "$1" ;;
    *) cat "$1" ;;
    esac
}

# rig_ko_add FOLDER MODULE: the module after those that it depends on (its "depends=" says so).
rig_ko_add() {
    [ ! -e "$1/$2.ko" ] || return 0
    rig_path=$(rig_ko "$2")
    [ -n "$rig_path" ] || rig_path=$(rig_ko "$(echo "$2" | tr _ -)")
    [ -n "$rig_path" ] || return 0          # built in
    rig_ko_cat "$rig_path" > "$1/$2.ko" || rig_skip "cannot unpack $rig_path"
    for rig_dep in $(tr '\0' '\n' < "$1/$2.ko" | sed -n 's/^depends=//p' | tr , ' '); do
        ( rig_ko_add "$1" "$rig_dep" )
    done
    grep -qx "$2" "$1/order" 2> /dev/null || echo "$2" >> "$1/order"
}

# rig_base KERNEL EXTRA-MODULES...: sets RIG_BASE.
rig_base() {
    RIG_BASE=$RIG_CACHE/base-$RIG_RELEASE$([ "$RIG_STRICT$RIG_SHIPPED" = 00 ] || echo -strict)${RIG_P2P:+-p2p}${RIG_NICS:+-nic}${RIG_LINK:+-link}${RIG_PATCHED:+-${RIG_PATCHED##*-}}.cpio
    RIG_FOPS_SAID=$RIG_BASE.said
    rig_lock base rig_base_fill "$@" || exit
    if [ -n "$RIG_PATCHED" ]; then
        rig_say "module: built from $RIG_RELEASE's source with$RIG_PATCHES"
    elif [ "$RIG_SHIPPED" = 0 ]; then
        cat "$RIG_FOPS_SAID" >&2
    else
        rig_say "module: $RIG_RELEASE's own, bit for bit: its node cannot be opened"
    fi
}

rig_base_fill() {
    [ ! "$RIG_BASE" -nt "$RIG_TREE/rig/machine/init" ] ||
        [ ! "$RIG_BASE" -nt "$RIG_TREE/rig/machine/initramfs.sh" ] || return 0
    rig_kernel=$1
    shift
    rig_root=$RIG_WORK/base
    mkdir -p "$rig_root/bin" "$rig_root/dev" "$rig_root/proc" "$rig_root/sys" "$rig_root/tmp" \
        "$rig_root/rig" "$rig_root/root" "$rig_root/etc" "$rig_root/lib/modules"
    cp "$RIG_BUSYBOX" "$rig_root/bin/busybox"
    for rig_a in $RIG_APPLETS; do
        ln -s busybox "$rig_root/bin/$rig_a"
    done
    cp "$RIG_TREE/rig/machine/init" "$rig_root/init"
    chmod 755 "$rig_root/init"
    # Emulated firmware needs no image: the driver only wants the files to exist and not to be
    # empty. Their names: GOYA_*_FILE in goya.c, GAUDI_*_FILE in gaudi.c, GAUDI2_*_FILE in gaudi2.c.
    for rig_a in goya/goya-boot-fit.itb goya/goya-fit.itb gaudi/gaudi-boot-fit.itb \
        gaudi/gaudi-fit.itb gaudi/gaudi_tpc.bin gaudi2/gaudi2-boot-fit.itb gaudi2/gaudi2-fit.itb; do
        mkdir -p "$rig_root/lib/firmware/habanalabs/${rig_a%/*}"
        printf 'RIG0' > "$rig_root/lib/firmware/habanalabs/$rig_a"
    done
    : > "$RIG_FOPS_SAID"
    for rig_m in "$@"; do
        rig_ko_add "$rig_root/lib/modules" "$rig_m"
    done
    if [ "$rig_kernel" = 6.1 ]; then
        cp "$RIG_KERNEL/habanalabs.ko" "$rig_root/lib/modules/"
        echo habanalabs >> "$rig_root/lib/modules/order"
        echo "rig: module: habanalabs of linux-source-6.1, built unmodified" > "$RIG_FOPS_SAID"
    else
        rig_ko_add "$rig_root/lib/modules" habanalabs
        if [ "$RIG_STRICT$RIG_SHIPPED" = 00 ]; then
            rig_word=$("$RIG_BUILD/rig/rig-fops" file "$rig_root/lib/modules/habanalabs.ko") ||
                rig_skip "rig-fops cannot change the module"
            echo "rig: module: $RIG_RELEASE's own with one word set, as its node cannot be opened" \
                "otherwise: $rig_word (--strict leaves the file alone)" > "$RIG_FOPS_SAID"
        else
            echo "rig: module: $RIG_RELEASE's own, bit for bit; one word set in memory" \
                > "$RIG_FOPS_SAID"
        fi
    fi
    [ -e "$rig_root/lib/modules/habanalabs.ko" ] || rig_skip "no habanalabs module"
    (cd "$rig_root" && find . | cpio -o -H newc -R 0:0 --quiet) > "$RIG_BASE.new"
    # when rig/run was killed its folder is being removed, also while it was packed
    kill -0 $$ 2> /dev/null || {
        rm -f "$RIG_BASE.new"
        exit 1
    }
    mv "$RIG_BASE.new" "$RIG_BASE"
    rm -rf "$rig_root"
}

# rig_stage FILE: into the job's archive at its own path, with the libraries that it needs.
rig_stage() {
    if [ -d "$1" ]; then # also where part of it is there already
        mkdir -p "$RIG_STAGE$1"
        cp -RL "$1/." "$RIG_STAGE$1"
        return 0
    fi
    [ ! -e "$RIG_STAGE$1" ] || return 0
    mkdir -p "$RIG_STAGE${1%/*}"
    cp -L "$1" "$RIG_STAGE$1" || rig_skip "cannot read $1"
    case $(head -c 4 "$1" | tr -d '\0') in
    "$(printf '\177')ELF")
        for rig_lib in $(ldd "$1" 2> /dev/null |
            sed -n 's/^[^/]*\(\/[^ ]*\) (0x[0-9a-f]*)$/\1/p'); do
            if [ ! -e "$RIG_STAGE$rig_lib" ]; then
                mkdir -p "$RIG_STAGE${rig_lib%/*}"
                cp -L "$rig_lib" "$RIG_STAGE$rig_lib"
            fi
            # libc opens this one itself, for backtrace() and pthread_exit(): ldd does not name it
            rig_gcc=${rig_lib%/*}/libgcc_s.so.1
            case $rig_lib in
            */libc.so.6) [ ! -e "$rig_gcc" ] || cp -L "$rig_gcc" "$RIG_STAGE$rig_gcc" ;;
            esac
        done
        ;;
    '#!'*)
        rig_interpreter=$(sed -n '1s/^#! *\([^ ]*\).*/\1/p;1q' "$1")
        case $rig_interpreter in
        /bin/sh | /usr/bin/env) ;;
        *) [ ! -x "$rig_interpreter" ] || (rig_stage "$rig_interpreter") ;;
        esac
        ;;
    esac
}

# rig_quote WORDS...: for the shell in the machine.
rig_quote() {
    for rig_word in "$@"; do
        printf "'%s' " "$(printf '%s' "$rig_word" | sed "s/'/'\\\\''/g")"
    done
}

# The environment that programs see in the machine: HLTHUNK_*, TEST_*, CMOCKA_*.
rig_environment() {
    for rig_name in $(env | sed -n 's/^\(\(HLTHUNK\|TEST\|CMOCKA\)_[A-Za-z0-9_]*\)=.*/\1/p'); do
        case $rig_name in HLTHUNK_RIG_*) continue ;; esac
        eval "rig_value=\$$rig_name"
        echo "export $rig_name=$(rig_quote "$rig_value")"
    done
    echo "export HLTHUNK_RIG=1"
}
