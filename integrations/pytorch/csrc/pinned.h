/* SPDX-License-Identifier: MIT */
/* Pinned host memory: engines of its device reach it without a copy in between. */
#pragma once

#include "memory.h"

namespace hl
{

c10::Allocator *pinned_allocator() noexcept;
bool is_pinned(const void *data) noexcept;

/* The buffer that holds all of a range for a device, and where in it; no buffer when it is not
 * pinned for that device. */
Place pinned_find(c10::DeviceIndex index, const void *data, size_t bytes);

} // namespace hl
