/* SPDX-License-Identifier: MIT */
#include "lib/options.h"

#include <string.h>

#include "lib/error.h"

int hl_options_copy(void *ours, size_t our_size, const void *theirs, const char *what)
{
    const unsigned char *bytes = theirs;
    size_t size;

    memcpy(&size, theirs, sizeof(size));
    if (size < sizeof(size))
        return hl_err(-EINVAL, "%s->size is %zu: set it to sizeof(*%s)", what, size, what);
    for (size_t i = our_size; i < size; i++) {
        if (bytes[i])
            return hl_err(-EINVAL,
                          "%s has a non-zero byte at offset %zu, which this version of the "
                          "library (%zu bytes) does not know",
                          what, i, our_size);
    }
    memcpy(ours, theirs, size < our_size ? size : our_size);
    return 0;
}

void hl_struct_give(void *theirs, const void *ours, size_t our_size)
{
    size_t size;

    memcpy(&size, theirs, sizeof(size));
    if (size > our_size)
        memset((char *)theirs + our_size, 0, size - our_size);
    memcpy(theirs, ours, size < our_size ? size : our_size);
    memcpy(theirs, &size, sizeof(size));
}
