/* SPDX-License-Identifier: MIT */
/*
 * The objects.  The classic functions on descriptors have a header of their own,
 * <habanalabs/hlthunk.h>.
 */
#ifndef HLTHUNK_HLTHUNK_H
#define HLTHUNK_HLTHUNK_H

#include <hlthunk/address.h>
#include <hlthunk/address_range.h>
#include <hlthunk/buffer.h>
#include <hlthunk/command_buffer.h>
#include <hlthunk/completion.h>
#include <hlthunk/device.h>
#include <hlthunk/dmabuf.h>
#include <hlthunk/error.h>
#include <hlthunk/fence.h>
#include <hlthunk/fork.h>
#include <hlthunk/handle.h>
#include <hlthunk/leaks.h>
#include <hlthunk/host_memory.h>
#include <hlthunk/log.h>
#include <hlthunk/memory_hooks.h>
#include <hlthunk/notifier.h>
#include <hlthunk/pool.h>
#include <hlthunk/queue.h>
#include <hlthunk/reset.h>
#include <hlthunk/share.h>
#include <hlthunk/statistics.h>
#include <hlthunk/sync.h>
#include <hlthunk/version.h>

#endif
