/* SPDX-License-Identifier: MIT */
#pragma once

#include <c10/core/Storage.h>

namespace hl
{

/* Fresh memory of that size, with as much of the old bytes as fits. */
void resize_storage(const c10::Storage &storage, size_t bytes);

} // namespace hl
