/* SPDX-License-Identifier: MIT */
/* Memory regions of RDMA cards, which tests/verbs has a double of. */
#include <hlthunk/verbs.h>

#include "tests/cycles/cycles.h"
#include "tests/verbs/provider.h"

static int region(struct world *w)
{
    static struct card card;
    struct hlthunk_verbs_mr *mr;
    int rc;

    if (!card.pd.context)
        card_init(&card, "double0", true);
    rc = hlthunk_verbs_mr_register(&card.pd, w->dmabuf, IBV_ACCESS_REMOTE_READ, NULL, &mr);
    if (!rc)
        hlthunk_verbs_mr_unref(mr);
    return rc;
}

const struct kind kinds[] = {
    { "memory-region", region, WITH_DMABUF },
    { .name = NULL },
};
