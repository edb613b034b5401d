/* SPDX-License-Identifier: MIT */
#include "lib/options.h"

#include "lib/error.h"

static int check_size(size_t size, const char *what)
{
    if (size < sizeof(size))
        return hl_err(-EINVAL, "%s->struct_size is %zu: set it to sizeof(*%s)", what, size, what);
    if (size > HL_STRUCT_MAX)
        return hl_err(-E2BIG, "%s->struct_size is %zu: set it to sizeof(*%s)", what, size, what);
    return 0;
}

int hl_options_copy(void *ours, size_t our_size, const void *theirs, const char *what)
{
    const unsigned char *bytes = theirs;
    size_t size;
    int rc;

    memcpy(&size, theirs, sizeof(size));
    rc = check_size(size, what);
    if (rc)
        return rc;
    for (size_t i = our_size; i < size; i++) {
        if (bytes[i])
            return hl_err(-E2BIG,
                          "%s has a non-zero byte at offset %zu, which this version of the "
                          "library (%zu bytes) does not know",
                          what, i, our_size);
    }
    memcpy(ours, theirs, size < our_size ? size : our_size);
    return 0;
}

int hl_options_reserved(const void *member, size_t size, const char *what)
{
    const unsigned char *bytes = member;

    for (size_t i = 0; i < size; i++) {
        if (bytes[i])
            return hl_err(
                -E2BIG,
                "%s->reserved has a non-zero byte, which this version of the library does "
                "not use",
                what);
    }
    return 0;
}

int hl_struct_check(const void *theirs, const char *what)
{
    size_t size;

    if (!theirs)
        return hl_err(-EINVAL, "%s is NULL", what);
    memcpy(&size, theirs, sizeof(size));
    return check_size(size, what);
}

void hl_struct_fill(void *theirs, const void *ours, size_t our_size)
{
    size_t size;

    memcpy(&size, theirs, sizeof(size));
    if (size > our_size)
        memset((char *)theirs + our_size, 0, size - our_size);
    memcpy(theirs, ours, size < our_size ? size : our_size);
    memcpy(theirs, &size, sizeof(size));
}
