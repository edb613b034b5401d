/* SPDX-License-Identifier: MIT */
/*
 * Expected ioctls: the test says which request with which bytes must come, and what the kernel
 * answers.  mock_end() fails when one has not come.
 */
#ifndef TESTS_MOCK_H
#define TESTS_MOCK_H

#include "tests/test.h"

#include "uapi/habanalabs_accel.h"
#include "uapi/requests.h"

struct mock_call {
    unsigned long request;
    size_t size;           /* of the argument; 0: any */
    uint32_t op;           /* INFO: which; 0: any */
    unsigned char in[64];  /* what must be in it */
    int error;             /* errno, or 0 */
    unsigned char out[64]; /* what the kernel leaves in it (on failure, too) */
    size_t out_size;       /* of that, where size is 0 */
    const void *data;      /* INFO: written to return_pointer on success */
    size_t data_size;
};

void mock_expect(const struct mock_call *call);
/* A request that must come with these bytes, and succeeds with those. */
void mock_ok(unsigned long request, const void *in, const void *out, size_t size);
/* The same, failing; the argument comes back as all ones, as if the driver had wiped it. */
void mock_fail(unsigned long request, const void *in, size_t size, int error);
/* An argument of HL_REQ_D_MEMORY.  What an initializer leaves out of a union may have any bytes. */
union hl_mem_args mock_memory_request(uint32_t op);
void mock_end(void);
unsigned mock_count(void); /* calls that came */

/* Errnos that a driver may return: each error path is run with each. */
extern const int mock_errnos[];
extern const size_t mock_errno_count;

#endif
