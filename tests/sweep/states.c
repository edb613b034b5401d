/* SPDX-License-Identifier: MIT */
/*
 * Every public function on objects that are not as usual: NULL, inherited from the process that
 * made them, or of a device that was reset.  It must return, say why if it fails, leave its outputs
 * alone, and release what it is given.  A process for each, so that one that crashes is a finding.
 * A process that forks during the call is a state, too (forks.c).
 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/sweep/sweep.h"

static void call(const struct entry *e, struct context *c)
{
    static unsigned char out[OUT_BYTES];
    char marker[512];
    long rc;

    e->prepare(c);
    memcpy(out, c->out, sizeof(out));
    sweep_mark_text();
    snprintf(marker, sizeof(marker), "%s", hlthunk_last_error());
    rc = e->call(c);
    if (!sweep_failed(e, rc)) {
        e->undo(c, rc);
        return;
    }
    if (!(e->rules & LEAVES_OUTPUT) && memcmp(out, c->out, sizeof(out)))
        sweep_finding("it fails with %ld and has written to its output", rc);
    if (!(e->rules & SAYS_NOTHING) && !sweep_text_is_new(marker))
        sweep_finding("it fails with %ld and says nothing", rc);
}

static void null(const struct entry *e)
{
    struct context *c = sweep_fresh();

    c->fd = -1;
    call(e, c);
}

static void stale(const struct entry *e)
{
    struct context *c = sweep_fresh();
    const char *hlsim = getenv("HLSIM_PROGRAM");
    char command[512];

    if (sweep_make(c, e->needs)) {
        snprintf(command, sizeof(command), "%s ctl reset 0 >/dev/null", hlsim ? hlsim : "hlsim");
        if (system(command)) /* NOLINT: of the simulator's own */
            sweep_finding("no reset: %s", command);
        call(e, c);
    }
    sweep_unmake(c);
}

static struct context *of_the_parent;

static void inherited(const struct entry *e)
{
    call(e, of_the_parent);
    sweep_unmake(of_the_parent);
}

static unsigned in_a_child(const struct entry *e, void (*what)(const struct entry *))
{
    unsigned before = sweep_findings;
    int status = 0;
    pid_t child;

    fflush(stdout);
    child = fork();
    if (!child) {
        alarm(120);
        what(e);
        fflush(stdout);
        _exit(sweep_findings != before);
    }
    if (child < 0 || waitpid(child, &status, 0) != child)
        sweep_finding("no process");
    else if (WIFSIGNALED(status))
        sweep_finding("signal %d (%s)", WTERMSIG(status), strsignal(WTERMSIG(status)));
    else
        sweep_findings += WEXITSTATUS(status) != 0;
    return 1;
}

/* Functions that cannot fail take no NULL, and those without an object have none to be NULL. */
static unsigned call_null(const struct entry *e)
{
    return e->needs && !(e->rules & (RETURNS_VALUE | RELEASES | LOOKS_INSIDE)) ? in_a_child(e, null)
                                                                               : 0;
}

static unsigned call_stale(const struct entry *e)
{
    return e->needs ? in_a_child(e, stale) : 0;
}

static unsigned call_inherited(const struct entry *e)
{
    struct context *c = sweep_fresh();
    unsigned n = 0;

    if (e->needs && sweep_make(c, e->needs)) {
        of_the_parent = c;
        n = in_a_child(e, inherited);
    }
    sweep_unmake(c);
    return n;
}

sweep_state_fn *sweep_state(const char *name)
{
    return !strcmp(name, "null")        ? call_null
           : !strcmp(name, "stale")     ? call_stale
           : !strcmp(name, "inherited") ? call_inherited
           : !strcmp(name, "forking")   ? sweep_forks
                                        : NULL;
}
