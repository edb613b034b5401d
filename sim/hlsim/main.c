/* SPDX-License-Identifier: MIT */
/* hlsim: runs a program against simulated accelerators. */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "sim/asic.h"
#include "sim/hlsim/ctl.h"
#include "sim/hlsim/supervisor.h"
#include "sim/model/model.h"
#include "sim/number.h"

static const char usage_text[] =
    "usage: hlsim run [OPTION]... -- PROGRAM [ARGUMENT]...\n"
    "       hlsim ctl reset|remove DEVICE                  (within a simulation)\n"
    "       hlsim ctl event DEVICE MASK\n"
    "       hlsim ctl add goya|gaudi|gaudi2\n"
    "       hlsim --help|--version\n"
    "\n"
    "Runs a dynamically linked PROGRAM and its children against simulated accelerators.\n"
    "\n"
    "  --device goya|gaudi|gaudi2   add a device; may be repeated (default: one gaudi2)\n"
    "  --kernel 6.1|6.6|6.12|vendor whose driver to simulate (default: 6.12)\n"
    "  --fault OP:CALLS:ACTION      a line of the fault script; may be repeated\n"
    "  --bar MIB                    size of the PCI BAR of device memory (default: all of it)\n"
    "  --seed N                     order in which queues take turns (default: 0, a fixed one)\n"
    "  --trace FILE                 record calls and work; *.json: for Perfetto\n"
    "  --quiet                      do not report unknown requests\n"
    "\n"
    "OP is any, open, info, alloc, free, map, unmap, export, import, memory, cb, cs, wait or debug;\n"
    "CALLS is N, N-M, N+ or *; ACTION is an errno's name, delay=MS, event=MASK, reset or remove.\n"
    "The exit code is PROGRAM's (128 + N when signal N ended it, 125 to 127: not started).\n";

static int bad(const char *what, const char *value)
{
    fprintf(stderr, "hlsim: %s \"%s\"\n%s", what, value, usage_text);
    return 125;
}

static int fault(struct supervisor_options *o, const char *line)
{
    const char *wrong;

    if (o->fault_count == SIM_MAX_FAULTS)
        return bad("more than 32 faults", line);
    wrong = sim_fault_parse(line, &o->faults[o->fault_count++]);
    if (!wrong)
        return 0;
    fprintf(stderr, "hlsim: --fault \"%s\": %s\n", line, wrong);
    return 125;
}

static int device(struct supervisor_options *o, const char *name)
{
    enum sim_asic_id asic = sim_asic_by_name(name);

    if (asic == SIM_ASIC_COUNT)
        return bad("no such device", name);
    if (o->device_count == SIM_MAX_DEVICES)
        return bad("more than 64 devices", name);
    o->asics[o->device_count++] = asic;
    return 0;
}

/* An option with a value: 0, or the exit code. */
static int take(struct supervisor_options *o, int option, const char *value)
{
    switch (option) {
    case 'd':
        return device(o, value);
    case 'k':
        o->generation = hl_generation_by_kernel(value);
        return o->generation == HL_GENERATION_UNKNOWN ? bad("no such kernel", value) : 0;
    case 'f':
        return fault(o, value);
    case 'b':
        if (!sim_number(value, 10, UINT64_MAX >> 20, &o->bar_size) || !o->bar_size)
            return bad("not a size in MiB", value);
        o->bar_size <<= 20;
        return 0;
    case 't':
        o->trace = value;
        return 0;
    case 's':
        return sim_number(value, 0, UINT64_MAX, &o->seed) ? 0 : bad("not a number", value);
    default:
        fputs(usage_text, stderr);
        return 125;
    }
}

/* Of fputs() or printf(): what was asked for must reach standard output. */
static int told(int rc)
{
    if (rc >= 0 && !fflush(stdout))
        return 0;
    fputs("hlsim: the output could not be written\n", stderr);
    return 125;
}

static int run(int argc, char **argv)
{
    static const struct option options[] = {
        { "device", required_argument, NULL, 'd' },
        { "kernel", required_argument, NULL, 'k' },
        { "fault", required_argument, NULL, 'f' },
        { "bar", required_argument, NULL, 'b' },
        { "trace", required_argument, NULL, 't' },
        { "seed", required_argument, NULL, 's' },
        { "quiet", no_argument, NULL, 'q' },
        { "help", no_argument, NULL, 'h' },
        { NULL, 0, NULL, 0 },
    };
    static struct supervisor_options o = { .generation = HL_GENERATION_DRM };
    int c, rc;

    while ((c = getopt_long(argc, argv, "+", options, NULL)) != -1) {
        if (c == 'h')
            return told(fputs(usage_text, stdout));
        if (c == 'q') {
            o.quiet = true;
            continue;
        }
        rc = take(&o, c, optarg);
        if (rc)
            return rc;
    }
    if (optind == argc) {
        fprintf(stderr, "hlsim: no PROGRAM\n%s", usage_text);
        return 125;
    }
    if (!o.device_count)
        o.asics[o.device_count++] = SIM_ASIC_GAUDI2;
    return supervisor_run(&o, argv + optind);
}

static bool asks_for_help(const char *word)
{
    return !strcmp(word, "--help") || !strcmp(word, "help");
}

int main(int argc, char **argv)
{
    if (argc > 1 && !strcmp(argv[1], "run"))
        return run(argc - 1, argv + 1);
    if (argc > 1 && !strcmp(argv[1], "ctl") && !(argc == 3 && asks_for_help(argv[2])))
        return ctl_main(argc - 1, argv + 1);
    if (argc > 1 && (asks_for_help(argv[1]) || !strcmp(argv[1], "ctl")))
        return told(fputs(usage_text, stdout));
    if (argc > 1 && !strcmp(argv[1], "--version"))
        return told(printf("hlsim %s\n", HLSIM_VERSION));
    fputs(usage_text, stderr);
    return 125;
}
