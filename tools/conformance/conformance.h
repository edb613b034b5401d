/* SPDX-License-Identifier: MIT */
/* hlthunk-conformance: what a device answers, in one file. */
#ifndef TOOLS_CONFORMANCE_H
#define TOOLS_CONFORMANCE_H

#include <stdbool.h>
#include <stdio.h>

#include <hlthunk/hlthunk.h>

enum {
    EXIT_OK = 0,
    EXIT_FAILED = 1,     /* the reason is on stderr */
    EXIT_USAGE = 2,      /* wrong usage */
    EXIT_NO_DEVICE = 3,  /* there is no such device, or none at all */
    EXIT_UNFINISHED = 4, /* a group of cases did not end by itself: the report says which */
    EXIT_HELD = 5,       /* another process has the device: nothing was run */
};

/* A part of the report: cases of the differential, or a suite of tests. */
struct group {
    char name[32];
    const char *what;
    int suite; /* its number; -1: cases */
};

struct plan {
    struct hlthunk_device_entry device;
    const char *output;   /* the report's file */
    const char *only[64]; /* groups; none: all */
    unsigned only_count;
    bool reset;              /* the group that resets the device, too */
    bool yes;                /* do not ask */
    unsigned long timeout_s; /* for each group */
};

/* The group of this number; false after the last. */
bool group_get(unsigned i, struct group *group);
/* Runs it, in a process of its own, on standard output; false: it could not go on. */
bool group_run(const struct group *group, const struct hlthunk_device_entry *device);

/* Is this group to run? */
bool plan_has(const struct plan *p, const struct group *group);
/* What will be done, what is never done, what each group asks. */
void plan_print(FILE *f, const struct plan *p);

/*
 * The device's first holder, as a sentence: 1; 0: none was found; -errno: could not look, and why
 * is the sentence.
 */
int find_holder(const struct hlthunk_device_entry *device, char *text, size_t size);

/* The lines about the machine, up to an empty one. */
void report_begin(FILE *f, const struct plan *p);
struct run {
    int signals;     /* of report_signals() */
    int interrupted; /* the signal that ends the run; 0: none */
    bool finished;   /* the last group ended by itself */
};

/* From now on the signals that end a program are read from this descriptor; -1: failed. */
int report_signals(void);
/*
 * Runs a group in a process of its own and writes what it printed.  Returns the number of answers.
 */
unsigned report_group(FILE *f, const struct plan *p, const struct group *group, struct run *run);
void report_end(FILE *f, unsigned answers, unsigned unfinished);

#endif
