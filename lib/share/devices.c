/* SPDX-License-Identifier: MIT */
/* A device's open file over a socket: one item, checked against what the descriptor says. */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <hlthunk/share.h>

#include "lib/error.h"
#include "lib/device/device.h"
#include "lib/share/message.h"
#include "lib/share/transport.h"

typedef unsigned long long ull;

int hlthunk_device_send(int socket, struct hlthunk_device *d, int64_t timeout_ns)
{
    uint8_t bytes[HL_MESSAGE_HEADER_BYTES + HL_MESSAGE_ITEM_BYTES];
    struct hl_message_item item = { .origin_known = true };
    int rc = hl_device_check(d);

    if (rc)
        return rc;
    item.identity = d->file.id.rdev;
    item.size = d->props.memory_size;
    item.offset = d->props.memory_base;
    memcpy(item.pci_address, d->props.pci_address, sizeof(item.pci_address));
    hl_message_encode(bytes, HL_MESSAGE_DEVICE, &item, 1);
    return hl_parcel_send(socket, bytes, sizeof(bytes), &d->fd, 1, timeout_ns);
}

/* Who has no /sys does not know the address: then the node's number has said which device it is. */
static bool same_address(const char *one, const char *other)
{
    return !*one || !*other || !strcmp(one, other);
}

/* The object of a descriptor, which stays the parcel's, if it is what the item says. */
static int take(const struct hl_parcel *p, struct hlthunk_device **out)
{
    struct hl_message_item item;
    struct hlthunk_device *d;
    struct stat st;
    int rc = hl_message_decode_item(p->data, 0, &item);

    if (rc)
        return rc;
    if (fstat(p->fd[0], &st) < 0 || !S_ISCHR(st.st_mode) || st.st_rdev != item.identity)
        return hl_err(-EPROTO, "the descriptor is not of node %u:%u, as the message says",
                      major(item.identity), minor(item.identity));
    rc = hl_device_from_fd(p->fd[0], true, &d);
    if (rc == -ENOTTY || rc == -ENODEV || rc == -EBADF) /* O_PATH */
        return hl_err(-EPROTO, "the descriptor is not of a Habana device");
    if (rc)
        return rc;
    if (!same_address(item.pci_address, d->props.pci_address) ||
        item.size != d->props.memory_size || item.offset != d->props.memory_base) {
        rc = hl_err(-EPROTO, "the device is %s with %llu bytes, the message says %s with %llu",
                    d->name, (ull)d->props.memory_size, item.pci_address, (ull)item.size);
        hlthunk_device_unref(d);
        return rc;
    }
    *out = d;
    return 0;
}

int hlthunk_device_receive(int socket, struct hlthunk_device **device, int64_t timeout_ns)
{
    struct hl_parcel *p;
    int rc;

    if (!device)
        return hl_err(-EINVAL, "device is NULL");
    p = malloc(sizeof(*p));
    if (!p)
        return hl_err(-ENOMEM, "no memory for a message");
    rc = hl_parcel_receive(socket, HL_MESSAGE_DEVICE, p, timeout_ns);
    if (!rc) {
        rc = take(p, device);
        hl_parcel_close(p); /* the object has a duplicate */
    }
    free(p);
    return rc;
}
