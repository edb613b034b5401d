/* SPDX-License-Identifier: MIT */
/* A failed call of the library becomes a c10::Error with the library's sentence. */
#pragma once

#include <c10/util/Exception.h>
#include <hlthunk/error.h>

#define HL_CHECK(call)                                                                             \
    do {                                                                                           \
        int hl_rc_ = (call);                                                                       \
        TORCH_CHECK(hl_rc_ >= 0, "hlthunk: ", hlthunk_last_error());                               \
    } while (0)
