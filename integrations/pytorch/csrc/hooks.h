/* SPDX-License-Identifier: MIT */
#pragma once

namespace hl
{

void register_hooks();

} // namespace hl
