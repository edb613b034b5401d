/* SPDX-License-Identifier: MIT */
#pragma once

#include <c10/core/Storage.h>

namespace hl
{

/* New memory of that size, with as many of the old bytes as fit. */
void resize_storage(const c10::Storage &storage, size_t bytes);

} // namespace hl
