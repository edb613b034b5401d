/* SPDX-License-Identifier: MIT */
/*
 * Registers 16 MiB of device memory with every RDMA card of the machine: one dma-buf for all.
 * cc register.c $(pkg-config --cflags --libs hlthunk-verbs libibverbs) -o register
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <hlthunk/hlthunk.h>
#include <hlthunk/verbs.h>
#include <infiniband/verbs.h>

/* Registers and deregisters with one card; prints what a peer would need. */
static int use(struct ibv_device *card, struct hlthunk_dmabuf *dmabuf)
{
    struct ibv_context *context = ibv_open_device(card);
    struct ibv_pd *pd = context ? ibv_alloc_pd(context) : NULL;
    struct hlthunk_verbs_mr *mr = NULL;
    int rc = -1;

    if (pd) {
        rc = hlthunk_verbs_mr_register(pd, dmabuf, IBV_ACCESS_LOCAL_WRITE | IBV_ACCESS_REMOTE_READ,
                                       NULL, &mr);
        if (rc)
            fprintf(stderr, "%s\n", hlthunk_verbs_last_error());
        else
            printf("%s: rkey %#x, address %#llx, %llu bytes\n", ibv_get_device_name(card),
                   hlthunk_verbs_mr_get_rkey(mr),
                   (unsigned long long)hlthunk_verbs_mr_get_address(mr),
                   (unsigned long long)hlthunk_verbs_mr_get_size(mr));
        hlthunk_verbs_mr_unref(mr);
        ibv_dealloc_pd(pd);
    } else {
        fprintf(stderr, "%s %s: %s\n", ibv_get_device_name(card),
                context ? "has no protection domain" : "cannot be opened", strerror(errno));
    }
    if (context)
        ibv_close_device(context);
    return rc;
}

int main(void)
{
    struct hlthunk_device *device = NULL;
    struct hlthunk_buffer *buffer = NULL;
    struct hlthunk_dmabuf *dmabuf = NULL;
    int n = 0, failed = 0, rc = hlthunk_device_open(NULL, &device);
    struct ibv_device **cards = ibv_get_device_list(&n);

    rc = rc ? rc : hlthunk_buffer_alloc(device, 16 << 20, NULL, &buffer);
    rc = rc ? rc : hlthunk_dmabuf_export(buffer, 0, 0, NULL, &dmabuf);
    if (rc) {
        fprintf(stderr, "%s\n", hlthunk_last_error());
    } else {
        printf("dma-buf of %llu bytes, %d RDMA cards\n",
               (unsigned long long)hlthunk_dmabuf_get_size(dmabuf), n);
        for (int i = 0; i < n; i++)
            failed += use(cards[i], dmabuf) != 0;
    }
    if (cards)
        ibv_free_device_list(cards);
    hlthunk_device_unref(device);
    hlthunk_buffer_unref(buffer);
    hlthunk_dmabuf_unref(dmabuf);
    return rc || failed;
}
