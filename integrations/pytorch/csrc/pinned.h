/* SPDX-License-Identifier: MIT */
/* Pinned host memory: the device's engines access it without an intermediate copy. */
#pragma once

#include "memory.h"

namespace hl
{

c10::Allocator *pinned_allocator() noexcept;
bool is_pinned(const void *data) noexcept;

/* The buffer that contains a whole range for a device, and the place in it; no buffer when it is
 * not pinned for that device. */
Place pinned_find(c10::DeviceIndex index, const void *data, size_t bytes);

} // namespace hl
