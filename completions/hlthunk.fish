# SPDX-License-Identifier: MIT
# fish completion for hlthunk
set -l commands list info doctor monitor who topology demo
set -l first "not __fish_seen_subcommand_from $commands"
set -l after __fish_seen_subcommand_from
complete -c hlthunk -f
complete -c hlthunk -n $first -l help -d 'what there is'
complete -c hlthunk -n $first -l version -d 'the version'
complete -c hlthunk -n $first -a "
    list\t'the devices of this machine'
    info\t'properties and state of a device'
    doctor\t'will sharing device memory work here'
    monitor\t'memory, health, events and holders'
    who\t'processes that hold a device'
    topology\t'where devices are'
    demo\t'processes share device memory'
"
complete -c hlthunk -n "$after $commands" -l help -d 'a summary of the usage'
complete -c hlthunk -n "$after list info doctor monitor who topology" -l json -d 'for programs'
complete -c hlthunk -n "$after doctor" -l passive -d 'open no node'
complete -c hlthunk -n "$after doctor" -l try -d 'open it, and export a page'
complete -c hlthunk -n "$after doctor" -x -l importer -d 'the PCI device that will import'
complete -c hlthunk -n "$after doctor" -r -F -l root -d 'a recorded machine'
complete -c hlthunk -n "$after monitor" -x -l interval -d 'seconds between two looks'
complete -c hlthunk -n "$after monitor" -x -l count -d 'end after N looks'
complete -c hlthunk -n "$after monitor" -l prometheus -d 'one look, for Prometheus'
complete -c hlthunk -n "$after demo" -l rdma -d 'with two RDMA cards'
complete -c hlthunk -n "$after info doctor monitor who topology" \
    -a "(hlthunk list 2>/dev/null | awk 'NR > 1 { print \$1; print \$3 }')"
