/* SPDX-License-Identifier: MIT */
/* What the parts of the preflight share. */
#ifndef HL_DIAG_PREFLIGHT_H
#define HL_DIAG_PREFLIGHT_H

#include <stdbool.h>

#include <hlthunk/device.h>
#include <hlthunk-diag/preflight.h>

#include "diag/config.h"

struct hl_preflight {
    struct hlthunk_preflight_options options;
    const char *root; /* "" or a folder */
    struct hl_kernel_version kernel;
    int p2pdma;       /* 1, 0, or -errno: not known */
    bool some_passed; /* at least one device has its nodes here */
    hlthunk_check_fn visit;
    void *user;
    int rc; /* what visit returned: non-zero ends it all */
    enum hlthunk_verdict worst;
    char device[24], importer[24]; /* that checks are about now, or "" */
};

/* Tells one check: text is formatted, remedy may be NULL.  Nothing once visit has ended it. */
void hl_preflight_tell(struct hl_preflight *p, const char *id, enum hlthunk_verdict verdict,
                       const char *remedy, const char *fmt, ...)
    __attribute__((format(printf, 5, 6)));

/*
 * check_device.c: there is a device at all (rc: what looking for them returned); then what concerns
 * one of them.  False when this process was not given its nodes: nothing else is worth checking.
 */
void hl_preflight_devices(struct hl_preflight *p, int rc, size_t count);
/* Has this process both nodes of a device?  1, 0 and which is *missing, or -errno. */
int hl_preflight_nodes(const struct hl_preflight *p, const struct hlthunk_device_entry *e,
                       const char **missing);
bool hl_preflight_device(struct hl_preflight *p, const struct hlthunk_device_entry *e);

/* check_route.c: everything between one device and its candidate importers. */
void hl_preflight_importers(struct hl_preflight *p, const struct hlthunk_device_entry *e);

/* check_limits.c */
void hl_preflight_limits(struct hl_preflight *p);

#endif
