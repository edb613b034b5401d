# SPDX-License-Identifier: MIT
# bash completion for hlthunk, hlthunk-conformance and hlsim

_hlthunk_devices() {
    hlthunk list 2>/dev/null | awk 'NR > 1 { print $1; print $3 }'
}

# of the words on the line: readline's end at the colons of a PCI address
_hlthunk() {
    local words line=${COMP_LINE:0:COMP_POINT} cur prev options
    read -ra words <<<"$line"
    cur=${line##*[[:space:]]}
    prev=${words[${#words[@]} - (${#cur} ? 2 : 1)]}
    if [ "$COMP_CWORD" = 1 ]; then
        mapfile -t COMPREPLY < <(compgen -W "list info doctor monitor who topology demo --help --version" -- "$cur")
        return
    fi
    case $prev in
    --root)
        mapfile -t COMPREPLY < <(compgen -d -- "$cur")
        return
        ;;
    --interval | --count | --importer) return ;;
    esac
    case ${COMP_WORDS[1]} in
    list | info | who | topology) options="--json --help" ;;
    doctor) options="--json --passive --try --importer --root --help" ;;
    monitor) options="--json --interval --count --prometheus --help" ;;
    demo) options="--rdma --help" ;;
    *) options= ;;
    esac
    case $cur:${COMP_WORDS[1]} in
    -*) mapfile -t COMPREPLY < <(compgen -W "$options" -- "$cur") ;;
    *:info | *:who | *:topology | *:doctor | *:monitor)
        mapfile -t COMPREPLY < <(compgen -W "$(_hlthunk_devices)" -- "$cur")
        # readline has what is before the last colon already
        [[ $COMP_WORDBREAKS != *:* ]] || COMPREPLY=("${COMPREPLY[@]#"${cur%"${cur##*:}"}"}")
        ;;
    esac
}

_hlthunk_conformance() {
    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}
    case $prev in
    --output)
        mapfile -t COMPREPLY < <(compgen -f -- "$cur")
        return
        ;;
    --only)
        mapfile -t COMPREPLY < <(compgen -W "memory file info cb cs wait debug export dmabuf values argument node sysfs \
work interrupt sequence host mmap face release random reset \
suite_objects suite_lifetime suite_semantics suite_processes suite_threads suite_completion suite_sync \
suite_pool suite_share suite_queues suite_address suite_host_memory suite_statistics suite_inherited" -- "$cur")
        return
        ;;
    --timeout) return ;;
    esac
    mapfile -t COMPREPLY < <(compgen -W "--output --only --reset --timeout --yes --list --help --version" -- "$cur")
}

_hlsim() {
    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} i
    if [ "$COMP_CWORD" = 1 ]; then
        mapfile -t COMPREPLY < <(compgen -W "run ctl --help --version" -- "$cur")
        return
    fi
    if [ "${COMP_WORDS[1]}" = ctl ]; then
        case $prev in
        ctl) mapfile -t COMPREPLY < <(compgen -W "reset remove event add" -- "$cur") ;;
        add) mapfile -t COMPREPLY < <(compgen -W "goya gaudi gaudi2" -- "$cur") ;;
        esac
        return
    fi
    # after "--" it is the program's
    for ((i = 2; i < COMP_CWORD; i++)); do
        if [ "${COMP_WORDS[i]}" = -- ]; then
            if [ $((i + 1)) = "$COMP_CWORD" ]; then
                mapfile -t COMPREPLY < <(compgen -c -- "$cur")
            else
                mapfile -t COMPREPLY < <(compgen -f -- "$cur")
            fi
            return
        fi
    done
    case $prev in
    --device) mapfile -t COMPREPLY < <(compgen -W "goya gaudi gaudi2" -- "$cur") ;;
    --kernel) mapfile -t COMPREPLY < <(compgen -W "6.1 6.6 6.12 vendor" -- "$cur") ;;
    --trace) mapfile -t COMPREPLY < <(compgen -f -- "$cur") ;;
    --fault | --bar | --seed) ;;
    *) mapfile -t COMPREPLY < <(compgen -W "--device --kernel --fault --bar --seed --trace --quiet --help --" -- "$cur") ;;
    esac
}

complete -F _hlthunk hlthunk
complete -F _hlthunk_conformance hlthunk-conformance
complete -F _hlsim hlsim
