# SPDX-License-Identifier: MIT
# fish completion for hlthunk-conformance
complete -c hlthunk-conformance -f
complete -c hlthunk-conformance -r -F -l output -d 'the report'
complete -c hlthunk-conformance -x -l only -a 'memory file info cb cs wait debug export dmabuf values argument node sysfs work interrupt sequence host mmap face release random reset suite_objects suite_lifetime suite_semantics suite_processes suite_threads suite_completion suite_sync suite_pool suite_share suite_queues suite_address suite_host_memory suite_statistics suite_inherited' -d 'this group alone'
complete -c hlthunk-conformance -l reset -d 'have the device reset, too'
complete -c hlthunk-conformance -x -l timeout -d 'seconds that a group may take'
complete -c hlthunk-conformance -l yes -d 'do not ask'
complete -c hlthunk-conformance -l list -d 'say what would be done'
complete -c hlthunk-conformance -l help -d 'a summary of the usage'
complete -c hlthunk-conformance -l version -d 'the version'
