# SPDX-License-Identifier: MIT
# fish completion for hlsim
complete -c hlsim -f -n "not __fish_seen_subcommand_from run ctl" -a 'run ctl'
complete -c hlsim -n "not __fish_seen_subcommand_from ctl" -l help -d 'a summary of the usage'
complete -c hlsim -n "not __fish_seen_subcommand_from run ctl" -l version -d 'the version'
complete -c hlsim -n "__fish_seen_subcommand_from run" -x -l device -a 'goya gaudi gaudi2' -d 'a device'
complete -c hlsim -n "__fish_seen_subcommand_from run" -x -l kernel -a '6.1 6.6 6.12 vendor' -d 'whose driver'
complete -c hlsim -n "__fish_seen_subcommand_from run" -x -l fault -d 'a line of the fault script'
complete -c hlsim -n "__fish_seen_subcommand_from run" -x -l bar -d 'size of the PCI BAR in MiB'
complete -c hlsim -n "__fish_seen_subcommand_from run" -x -l seed -d 'order of the queues'
complete -c hlsim -n "__fish_seen_subcommand_from run" -r -F -l trace -d 'record calls and work'
complete -c hlsim -n "__fish_seen_subcommand_from run" -l quiet -d 'do not report unknown requests'
complete -c hlsim -f -n "__fish_seen_subcommand_from ctl"
complete -c hlsim -n "__fish_seen_subcommand_from ctl; and not __fish_seen_subcommand_from reset remove event add" \
    -a 'reset remove event add'
complete -c hlsim -n "__fish_seen_subcommand_from ctl; and __fish_seen_subcommand_from add" -a 'goya gaudi gaudi2'
