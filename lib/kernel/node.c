/* SPDX-License-Identifier: MIT */
#include "lib/kernel/node.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "lib/error.h"
#include "lib/kernel/discovery.h"
#include "lib/kernel/door.h"
#include "lib/kernel/errno.h"
#include "lib/kernel/generation.h"
#include "lib/kernel/sysfs.h"
#include "lib/kernel/tree.h"
#include "uapi/habanalabs_accel.h"
#include "uapi/requests.h"

static const char *const folders[] = { "/dev/accel", "/dev" };

static void node_name(const struct hlthunk_device_entry *e, bool control, char *name, size_t size)
{
    snprintf(name, size, "%s%s%u", hl_entry_traits(e)->prefix, control ? "_controlD" : "",
             e->index);
}

void hl_node_path(const struct hlthunk_device_entry *e, bool control, char *path, size_t size)
{
    char name[32];

    node_name(e, control, name, sizeof(name));
    snprintf(path, size, "/dev/%s%s", hl_entry_traits(e)->folder, name);
}

int hl_node_number(const char *root, const struct hlthunk_device_entry *e, bool control,
                   dev_t *number)
{
    char name[32], text[32];
    unsigned major, minor;
    int rc;

    node_name(e, control, name, sizeof(name));
    rc = hl_tree_read(root, text, sizeof(text), "/sys/class/%s/%s/dev", hl_entry_traits(e)->class,
                      name);
    if (rc)
        return rc;
    if (sscanf(text, "%u:%u", &major, &minor) != 2)
        return -EPROTO;
    *number = makedev(major, minor);
    return 0;
}

/* Is the file a node with this number?  1, 0, or -errno when it could not be looked at. */
static int is_node(const char *path, dev_t number)
{
    struct stat st;

    if (stat(path, &st) < 0)
        return hl_is_absent(-errno) ? 0 : -errno;
    return S_ISCHR(st.st_mode) && st.st_rdev == number;
}

struct search {
    const char *folder;
    dev_t number;
    char *path;
    size_t size;
};

static int match(const char *name, void *user)
{
    struct search *s = user;
    char path[HL_TREE_PATH];

    if (snprintf(path, sizeof(path), "%s/%s", s->folder, name) >= (int)s->size ||
        is_node(path, s->number) <= 0)
        return 0;
    strcpy(s->path, path);
    return 1;
}

/* Under another name?  1, 0, or -errno. */
static int search(dev_t number, char *path, size_t size)
{
    int rc = 0;

    for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]) && rc <= 0; i++) {
        struct search s = { folders[i], number, path, size };
        int one = hl_tree_each("", match, &s, "%s", folders[i]);

        rc = hl_is_absent(one) ? rc : one ? one : rc;
    }
    return rc;
}

/* What to say about a device that has no node here. */
static int no_node(const struct hlthunk_device_entry *e, const char *usual, dev_t number)
{
    return hl_err(-ENODEV,
                  "the device at %s has no node here: none under /dev is %u:%u, as %s should be. "
                  "It was not passed to this container, or udev has not made the node",
                  e->pci_address, major(number), minor(number), usual);
}

/* Its class entries are gone, where there is a sysfs to tell: 1, 0, or -errno. */
static int is_gone(const struct hlthunk_device_entry *e, int why)
{
    char name[32];
    int rc;

    if (!hl_is_absent(why))
        return why == -ENODEV; /* it goes at this moment */
    node_name(e, false, name, sizeof(name));
    rc = hl_tree_exists("", "/sys/class/%s/%s", hl_entry_traits(e)->class, name);
    return rc ? rc > 0 ? 0 : rc : hl_tree_exists("", "/sys/class");
}

/* Where sysfs does not tell the number hl_node_check() asks what the name leads to. */
static int usual_node(const struct hlthunk_device_entry *e, bool control, int why, char *path,
                      size_t size)
{
    const char *usual = control ? e->control_node : e->node;
    int rc = is_gone(e, why);

    if (rc > 0)
        return hl_err(-ENODEV, "device %u is gone: it was removed since it was found", e->index);
    if (hl_is_exhausted(rc))
        return hl_err(rc, "the entry of %s cannot be read: %s", usual, strerror(-rc));
    if (!*usual)
        return hl_err(-ENODEV, "device %u has no %snode here", e->index, control ? "control " : "");
    snprintf(path, size, "%s", usual);
    return 0;
}

int hl_node_find(const struct hlthunk_device_entry *e, bool control, char *path, size_t size)
{
    const char *usual = control ? e->control_node : e->node;
    dev_t number;
    int rc = hl_node_number("", e, control, &number);

    if (hl_is_exhausted(rc))
        return hl_err(rc, "the number of %s cannot be read: %s", usual, strerror(-rc));
    if (rc)
        return usual_node(e, control, rc, path, size);
    rc = is_node(usual, number);
    if (rc > 0) {
        snprintf(path, size, "%s", usual);
        return 0;
    }
    if (rc == 0)
        rc = search(number, path, size);
    if (rc > 0)
        return 0;
    return rc ? hl_err(rc, "the node of the device at %s cannot be searched for: %s",
                       e->pci_address, strerror(-rc))
              : no_node(e, usual, number);
}

int hl_node_check(int fd, const struct hlthunk_device_entry *e, bool control, const char *path)
{
    struct hlthunk_device_entry other;
    bool other_control;
    struct stat st;
    dev_t number;
    int rc;

    if (fstat(fd, &st) < 0)
        return hl_err(-errno, "%s: %s", path, strerror(errno));
    rc = hl_node_number("", e, control, &number);
    if (hl_is_exhausted(rc))
        return hl_err(rc, "the number of %s cannot be read: %s", path, strerror(-rc));
    if (rc == 0) {
        if (S_ISCHR(st.st_mode) && st.st_rdev == number)
            return 0;
        return hl_err(-ENODEV, "%s became the node of another device while it was opened", path);
    }
    rc = hl_node_ask(fd, &other, &other_control);
    if (rc == -ENOTTY)
        return hl_err(-ENODEV, "%s is not a node of the habanalabs driver", path);
    if (rc)
        return hl_err(rc, "%s does not say which device it is: %s", path, strerror(-rc));
    if (other.index != e->index || other.legacy != e->legacy || other_control != control)
        return hl_err(-ENODEV, "%s is a node of device %u, not the %snode of device %u", path,
                      other.index, control ? "control " : "", e->index);
    return 0;
}

/* Another driver's DRM device would take our requests for its own. */
static bool is_foreign(int fd)
{
    char name[16] = "";
    struct hl_drm_version v = { .name = name, .name_len = sizeof(name) - 1 };

    return hl_ioctl_raw(fd, HL_REQ_DRM_VERSION, &v) == 0 && strcmp(name, "habanalabs");
}

int hl_node_ask(int fd, struct hlthunk_device_entry *e, bool *control)
{
    struct hlthunk_device_entry found = { 0 };
    struct hl_info_hw_ip_info ip = { 0 };
    enum hlthunk_generation generation;
    unsigned minor;
    struct stat st;
    int rc;

    if (fstat(fd, &st) < 0)
        return -errno;
    if (!S_ISCHR(st.st_mode) || is_foreign(fd))
        return -ENOTTY;
    rc = hl_ioctl_info(fd, HL_INFO_HW_IP_INFO, &ip, sizeof(ip));
    rc = rc ? rc : hl_generation_probe(fd, &generation);
    if (rc)
        return rc;
    minor = minor(st.st_rdev);
    found.legacy = !hl_traits((enum hl_generation)generation)->accel_nodes;
    *control = found.legacy ? minor & 1 : !hl_generation_accel_major(major(st.st_rdev));
    found.index = found.legacy ? minor / 2 : minor;
    found.pci_device_id = (uint16_t)ip.device_id;
    found.asic = hl_asic_of_pci_id(ip.device_id);
    hl_node_path(&found, false, found.node, sizeof(found.node));
    hl_node_path(&found, true, found.control_node, sizeof(found.control_node));
    *e = found;
    return 0;
}

/* ---- all of them ---- */

struct each {
    int (*visit)(const struct hlthunk_device_entry *, void *);
    void *user;
    const char *folder;
    const char *primary, *control; /* what the names of nodes begin with */
};

static bool numbered(const char *name, const char *prefix)
{
    size_t n = strlen(prefix);

    return !strncmp(name, prefix, n) && name[n] &&
           strspn(name + n, "0123456789") == strlen(name + n);
}

static int open_and_ask(const char *path, struct hlthunk_device_entry *e)
{
    int fd = open(path, O_RDWR | O_CLOEXEC), rc;
    bool control;

    if (fd < 0)
        return hl_errno();
    rc = hl_node_ask(fd, e, &control);
    close(fd);
    return rc;
}

/* One primary node, asked through its control node where there is one. */
static int visit_node(const char *name, void *user)
{
    const struct each *w = user;
    struct hlthunk_device_entry e = { 0 };
    char node[40], control[40];
    int rc;

    if (!numbered(name, w->primary))
        return 0;
    snprintf(node, sizeof(node), "%s/%.24s", w->folder, name);
    snprintf(control, sizeof(control), "%s/%s%.10s", w->folder, w->control,
             name + strlen(w->primary));
    rc = open_and_ask(control, &e);
    if (hl_is_absent(rc) || rc == -ENXIO || rc == -ENODEV) {
        control[0] = '\0';
        rc = open_and_ask(node, &e);
    }
    if (rc == -ENOTTY || rc == -EINVAL || hl_is_absent(rc) || rc == -ENXIO || rc == -ENODEV)
        return 0; /* another driver's, or nothing there */
    if (hl_is_exhausted(rc))
        return rc;
    if (rc) {
        /* in use, or not for this user: a device, as far as can be known */
        e.legacy = !strcmp(w->primary, "hl");
        sscanf(name + strlen(w->primary), "%u", &e.index);
    }
    strcpy(e.node, node);
    strcpy(e.control_node, control);
    return w->visit(&e, w->user);
}

int hl_node_each(int (*visit)(const struct hlthunk_device_entry *, void *), void *user)
{
    struct each kinds[] = {
        { visit, user, "/dev/accel", "accel", "accel_controlD" },
        { visit, user, "/dev", "hl", "hl_controlD" },
    };
    int rc = 0;

    for (size_t i = 0; i < 2 && !rc; i++) {
        rc = hl_tree_each("", visit_node, &kinds[i], "%s", kinds[i].folder);
        rc = hl_is_absent(rc) ? 0 : rc;
    }
    return rc;
}
