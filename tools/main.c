/* SPDX-License-Identifier: MIT */
/* hlthunk: shows Habana accelerators, and a demonstration. */
#include <stdio.h>
#include <string.h>

#include "tools/command.h"

static const struct {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *what;
} commands[] = {
    { "list", command_list, "the devices of this machine" },
    { "info", command_info, "properties and state of a device" },
    { "doctor", command_doctor, "will sharing device memory work here, and if not, why not" },
    { "monitor", command_monitor,
      "memory, health, events and holders of a device, as they change" },
    { "who", command_who, "processes that hold a device, its dma-bufs, its memory" },
    { "topology", command_topology, "where devices are, and what is near them" },
    { "demo", command_demo, "processes share a piece of device memory" },
};

static void usage(FILE *f)
{
    fputs("usage: hlthunk COMMAND [ARGUMENT]...\n\n", f);
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
        fprintf(f, "  %-8s %s\n", commands[i].name, commands[i].what);
    fputs(
        "\nFor more, \"hlthunk COMMAND --help\"; --json, except with demo, prints for programs;\n"
        "\"hlthunk --version\" prints the version.  Exit codes: 0 done, 1 failed, 2 wrong usage,\n"
        "3 no such device, 4 a problem (doctor).  HLTHUNK_LOG=info shows the library's messages.\n",
        f);
}

static int run(int argc, char **argv)
{
    if (argc > 1 && (!strcmp(argv[1], "--help") || !strcmp(argv[1], "help"))) {
        usage(stdout);
        return EXIT_OK;
    }
    if (argc > 1 && !strcmp(argv[1], "--version")) {
        puts("hlthunk " HLTHUNK_TOOLS_VERSION);
        return EXIT_OK;
    }
    for (size_t i = 0; argc > 1 && i < sizeof(commands) / sizeof(commands[0]); i++) {
        if (!strcmp(argv[1], commands[i].name))
            return commands[i].run(argc - 1, argv + 1);
    }
    if (argc > 1)
        fprintf(stderr, "hlthunk: no command \"%s\"\n", argv[1]);
    usage(stderr);
    return EXIT_USAGE;
}

/* A script must not take half of an answer for all of it. */
int main(int argc, char **argv)
{
    int code = run(argc, argv);

    if (!fflush(stdout) && !ferror(stdout))
        return code;
    fputs("hlthunk: the output could not be written\n", stderr);
    return code == EXIT_OK ? EXIT_FAILED : code;
}
