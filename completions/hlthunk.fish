# SPDX-License-Identifier: MIT
# fish completion for hlthunk
set -l commands list info doctor monitor who topology demo
complete -c hlthunk -f
complete -c hlthunk -n "not __fish_seen_subcommand_from $commands" -l help -d 'what there is'
complete -c hlthunk -n "not __fish_seen_subcommand_from $commands" -l version -d 'the version'
complete -c hlthunk -n "not __fish_seen_subcommand_from $commands" -a list -d 'the devices of this machine'
complete -c hlthunk -n "not __fish_seen_subcommand_from $commands" -a info -d 'what one device is, and how it is'
complete -c hlthunk -n "not __fish_seen_subcommand_from $commands" -a doctor -d 'will sharing device memory work here'
complete -c hlthunk -n "not __fish_seen_subcommand_from $commands" -a monitor -d 'memory, health, events and holders'
complete -c hlthunk -n "not __fish_seen_subcommand_from $commands" -a who -d 'processes that hold a device'
complete -c hlthunk -n "not __fish_seen_subcommand_from $commands" -a topology -d 'where devices are'
complete -c hlthunk -n "not __fish_seen_subcommand_from $commands" -a demo -d 'processes share device memory'
complete -c hlthunk -n "__fish_seen_subcommand_from list info doctor monitor who topology" -l json -d 'for programs'
complete -c hlthunk -n "__fish_seen_subcommand_from $commands" -l help -d 'how it is called'
complete -c hlthunk -n "__fish_seen_subcommand_from doctor" -l passive -d 'open no node'
complete -c hlthunk -n "__fish_seen_subcommand_from doctor" -l try -d 'open it, and export a page'
complete -c hlthunk -n "__fish_seen_subcommand_from doctor" -x -l importer -d 'the PCI device that will import'
complete -c hlthunk -n "__fish_seen_subcommand_from doctor" -r -l root -d 'a recorded machine'
complete -c hlthunk -n "__fish_seen_subcommand_from monitor" -x -l interval -d 'seconds between two looks'
complete -c hlthunk -n "__fish_seen_subcommand_from monitor" -x -l count -d 'looks, then an end'
complete -c hlthunk -n "__fish_seen_subcommand_from monitor" -l prometheus -d 'one look, for Prometheus'
complete -c hlthunk -n "__fish_seen_subcommand_from demo" -l rdma -d 'with two RDMA cards'
complete -c hlthunk -n "__fish_seen_subcommand_from info doctor monitor who topology" -a "(hlthunk list 2>/dev/null | awk 'NR > 1 { print \$1; print \$3 }')"
