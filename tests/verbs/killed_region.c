/* SPDX-License-Identifier: MIT */
/* A region of an RDMA card, through which the card reads. */
#include <hlthunk/verbs.h>

#include "tests/sim/killed.h"
#include "tests/verbs/provider.h"

bool use_imported(struct hlthunk_dmabuf *m)
{
    static struct card card;
    struct hlthunk_verbs_mr *mr;
    bool good;
    char byte;

    if (!card.pd.context)
        card_init(&card, "double0", true);
    if (hlthunk_verbs_mr_register(&card.pd, m, IBV_ACCESS_REMOTE_READ, NULL, &mr))
        return false;
    good = !card_read(&card, hlthunk_verbs_mr_get_rkey(mr), 0, &byte, 1);
    hlthunk_verbs_mr_unref(mr);
    return good;
}
