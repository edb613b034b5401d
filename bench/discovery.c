/* SPDX-License-Identifier: MIT */
/* One discovery: bench/run counts its system calls. */
#include <stdio.h>

#include <hlthunk/hlthunk.h>

int main(void)
{
    size_t n = 0;
    int rc = hlthunk_device_enumerate(NULL, 0, 0, &n);

    printf("%zu devices\n", n);
    return rc != 0;
}
