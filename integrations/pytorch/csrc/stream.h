/* SPDX-License-Identifier: MIT */
/* Streams are queues.  Stream 0 of a device is its default; the others are handed out in turn. */
#pragma once

#include "device.h"

#include <c10/core/Stream.h>
#include <hlthunk/queue.h>

namespace hl
{

c10::Stream default_stream(c10::DeviceIndex index);
c10::Stream current_stream(c10::DeviceIndex index) noexcept;
c10::Stream new_stream(c10::DeviceIndex index);
c10::Stream exchange_stream(c10::Stream stream) noexcept;

/* Created on first use, and never destroyed. */
hlthunk_queue *stream_queue(const c10::Stream &stream);
hlthunk_queue *current_queue(c10::DeviceIndex index);

bool stream_query(const c10::Stream &stream);
void stream_synchronize(const c10::Stream &stream);
void device_synchronize(c10::DeviceIndex index);

} // namespace hl
