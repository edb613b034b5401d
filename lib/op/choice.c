/* SPDX-License-Identifier: MIT */
#include "lib/op/choice.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/error.h"

/* A number of up to 32 bits, blanks allowed around it; NULL: it is none. */
static const char *number(const char *s, uint32_t *id)
{
    unsigned long long x;
    char *end;

    s += strspn(s, " ");
    if (*s < '0' || *s > '9')
        return NULL;
    errno = 0;
    x = strtoull(s, &end, 10);
    if (errno || x > UINT32_MAX)
        return NULL;
    *id = (uint32_t)x;
    return end + strspn(end, " ");
}

int hl_choice_parse(const char *text, const char *from, bool modules, struct hl_choice *c)
{
    const char *s = text;
    uint32_t id;

    *c = (struct hl_choice){ 0 };
    if (!s || !*s || !strcmp(s, "all"))
        return 0;
    for (;;) {
        s = number(s, &id);
        if (!s || (*s && *s != ',') || c->count == HL_CHOICE_MAX)
            return hl_err(-EINVAL,
                          "%s is \"%.60s\", not \"all\" or a comma-separated list of up to %u %s",
                          from, text, HL_CHOICE_MAX, modules ? "module IDs" : "device indices");
        c->id[c->count++] = id;
        if (!*s)
            break;
        s++;
    }
    c->from = from;
    c->modules = modules;
    return 0;
}

static int of_program(const struct hlthunk_device_options *o, struct hl_choice *c)
{
    if (!o->list || !o->list_count)
        return hl_err(-EINVAL, "options->list is empty");
    if (o->list_count > HL_CHOICE_MAX)
        return hl_err(-EINVAL, "options->list_count %u is above %u", o->list_count, HL_CHOICE_MAX);
    c->from = "options->list";
    c->modules = o->select == HLTHUNK_SELECT_MODULE_ID_LIST;
    c->count = o->list_count;
    memcpy(c->id, o->list, o->list_count * sizeof(c->id[0]));
    return 0;
}

int hl_choice_read(const struct hlthunk_device_options *o, struct hl_choice *c)
{
    static const char modules[] = "HABANA_VISIBLE_MODULES", devices[] = "HABANA_VISIBLE_DEVICES";
    const char *text;

    *c = (struct hl_choice){ 0 };
    if (o->select == HLTHUNK_SELECT_INDEX_LIST || o->select == HLTHUNK_SELECT_MODULE_ID_LIST)
        return of_program(o, c);
    if (o->select != HLTHUNK_SELECT_ANY)
        return 0;
    text = secure_getenv(modules);
    if (text && *text)
        return hl_choice_parse(text, modules, true, c);
    return hl_choice_parse(secure_getenv(devices), devices, false, c);
}
