/* SPDX-License-Identifier: MIT */
/* Events are fences: each recording creates a new one. */
#pragma once

#include <c10/core/Stream.h>

namespace hl
{

void event_record(void **event, const c10::Stream &stream, bool timing);
void event_block(void *event, const c10::Stream &stream);
bool event_query(void *event);
void event_synchronize(void *event);
double event_elapsed_ms(void *start, void *end);
void event_destroy(void *event) noexcept;

} // namespace hl
