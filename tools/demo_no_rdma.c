/* SPDX-License-Identifier: MIT */
/* In place of demo_rdma.c where there is no libibverbs or libefa. */
#include <stdio.h>

#include "tools/command.h"
#include "tools/demo.h"

int demo_rdma(void)
{
    fputs("hlthunk: demo --rdma: this hlthunk was built without libibverbs or libefa\n", stderr);
    return EXIT_FAILED;
}
