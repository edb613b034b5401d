/* SPDX-License-Identifier: MIT */
/* Random numbers: the CPU computes them, with a separate state for each device. */
#pragma once

#include <ATen/core/Generator.h>

namespace hl
{

at::Generator make_generator(c10::DeviceIndex index);
const at::Generator &default_generator(c10::DeviceIndex index);

/* The CPU's generator behind a device's. */
at::Generator cpu_generator(const at::Generator &generator);

} // namespace hl
