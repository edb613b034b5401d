/* SPDX-License-Identifier: MIT */
#ifndef TOOLS_DEMO_H
#define TOOLS_DEMO_H

/* hlthunk demo --rdma: an exit code. */
int demo_rdma(void);

#endif
