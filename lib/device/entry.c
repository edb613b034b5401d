/* SPDX-License-Identifier: MIT */
/* The devices of this machine: <hlthunk/device.h>, before one is opened. */
#include <stdlib.h>
#include <string.h>

#include <hlthunk/device.h>

#include "lib/error.h"
#include "lib/kernel/discovery.h"
#include "lib/kernel/node.h"
#include "lib/kernel/sysfs.h"
#include "lib/kernel/tree.h"
#include "lib/options.h"
#include "lib/page.h"

/* What sysfs knows of the ASICs: 0 or -errno with a text. */
static int identify(struct hlthunk_device_entry *list, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        int rc = hl_entry_identify("", &list[i]);

        if (hl_is_exhausted(rc))
            return hl_err(rc, "the ASIC of device %u cannot be read: %s", list[i].index,
                          strerror(-rc));
    }
    return 0;
}

int hlthunk_device_enumerate(struct hlthunk_device_entry *entries, size_t entry_size, size_t max,
                             size_t *count)
{
    struct hlthunk_device_entry *list;
    size_t n, fit;
    int rc;

    if (!count)
        return hl_err(-EINVAL, "count is NULL");
    if (!entries && max)
        return hl_err(-EINVAL, "entries is NULL, but max is %zu", max);
    if (max && entry_size < sizeof(entries->struct_size))
        return hl_err(-EINVAL, "entry_size is %zu: set it to sizeof(*entries)", entry_size);
    if (max && entry_size > HL_STRUCT_MAX)
        return hl_err(-E2BIG, "entry_size is %zu: set it to sizeof(*entries)", entry_size);
    rc = hl_discover(&list, &n);
    if (rc)
        return rc;
    fit = n < max ? n : max;
    rc = identify(list, fit);
    for (size_t i = 0; i < fit && !rc; i++) {
        void *entry = (char *)entries + i * entry_size;

        memcpy(entry, &entry_size, sizeof(entry_size));
        HL_STRUCT_FILL(entry, list[i]);
    }
    if (!rc)
        *count = n;
    free(list);
    return rc;
}

static bool is_attribute_name(const char *name)
{
    return *name && *name != '.' && !strchr(name, '/') && strlen(name) <= 64;
}

/* Where there is no sysfs at all, that is not what the kernel lacks. */
static int unreadable(const struct hlthunk_device_entry *entry, const char *name, int rc)
{
    if (hl_is_absent(rc) && hl_tree_exists("", "/sys/class") == 0)
        return hl_err(-ENODATA, "attribute %s of device %u: there is no sysfs here", name,
                      entry->index);
    return hl_err(rc, "attribute %s of device %u: %s", name, entry->index, strerror(-rc));
}

static int give_text(const char *text, char *value, size_t size)
{
    size_t n = strlen(text), kept = n < size ? n : size - 1;

    if (size) {
        memcpy(value, text, kept);
        value[kept] = '\0';
    }
    return (int)n;
}

static int read_attribute(const struct hlthunk_device_entry *entry, const char *name, char *value,
                          size_t size)
{
    size_t most = (size_t)hl_page_size() + 1; /* of a text of sysfs */
    char *text = malloc(most);
    int rc;

    if (!text)
        return hl_err(-ENOMEM, "no memory for an attribute");
    rc = hl_attribute_read("", entry, name, text, most);
    rc = rc ? unreadable(entry, name, rc) : give_text(text, value, size);
    free(text);
    return rc;
}

int hlthunk_device_entry_get_attribute(const struct hlthunk_device_entry *entry, const char *name,
                                       char *value, size_t size)
{
    struct hlthunk_device_entry e;
    int rc;

    if (!entry || !name || (!value && size))
        return hl_err(-EINVAL, "%s is NULL", !entry ? "entry" : !name ? "name" : "value");
    rc = hl_options_read(&e, sizeof(e), entry, "entry");
    if (!rc && !is_attribute_name(name))
        rc = hl_err(-EINVAL, "name \"%.64s\" is not an attribute's name", name);
    return rc ? rc : read_attribute(&e, name, value, size);
}

int hlthunk_device_entry_find_node(const struct hlthunk_device_entry *entry, bool control,
                                   char *path, size_t size)
{
    struct hlthunk_device_entry e;
    char found[HL_NODE_PATH];
    size_t n;
    int rc;

    if (!entry || !path)
        return hl_err(-EINVAL, "%s is NULL", !entry ? "entry" : "path");
    rc = hl_options_read(&e, sizeof(e), entry, "entry");
    rc = rc ? rc : hl_node_find(&e, control, found, sizeof(found));
    if (rc)
        return rc;
    n = strlen(found) + 1;
    if (n > size)
        return hl_err(-ENOSPC, "the path %s needs %zu bytes, size is %zu", found, n, size);
    memcpy(path, found, n);
    return 0;
}
