/* SPDX-License-Identifier: MIT */
#include <getopt.h>
#include <stdio.h>

#include "tools/command.h"

int fail(const char *what)
{
    fprintf(stderr, "hlthunk: %s: %s\n", what, hlthunk_last_error());
    return EXIT_FAILED;
}

int no_device(const char *command)
{
    fprintf(stderr,
            "hlthunk: no Habana device on this machine, or its driver is not loaded.\n"
            "Try a simulated one:  hlsim run --device gaudi2 -- hlthunk %s\n",
            command);
    return EXIT_NO_DEVICE;
}

bool parse_common(int argc, char **argv, const char *usage, bool *json, int *code)
{
    static const struct option options[] = {
        { "json", no_argument, NULL, 'j' },
        { "help", no_argument, NULL, 'h' },
        { NULL, 0, NULL, 0 },
    };
    int c;

    *json = false;
    while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
        switch (c) {
        case 'j':
            *json = true;
            break;
        case 'h':
            fputs(usage, stdout);
            *code = EXIT_OK;
            return false;
        default:
            fputs(usage, stderr);
            *code = EXIT_USAGE;
            return false;
        }
    }
    return true;
}
