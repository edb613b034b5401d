/* SPDX-License-Identifier: MIT */
/* What the card reports about itself, its configuration, and its counters. */
#include "rig/emu/efa/card.h"
#include <ctype.h>
#include <string.h>

/* RDMA read, RNR retry, RDMA write, receiving unsolicited writes with immediate data */
#define CAPABILITIES (1u << 0 | 1u << 1 | 1u << 3 | 1u << 4)
#define FEATURES                                                                                   \
    (1u << FEATURE_DEVICE | 1u << FEATURE_AENQ | 1u << FEATURE_NETWORK | 1u << FEATURE_QUEUES |    \
     1u << FEATURE_HINTS | 1u << FEATURE_HOST_INFO | 1u << FEATURE_EVENT_QUEUES |                  \
     1u << FEATURE_QUEUES_2)
#define GROUPS                                                                                     \
    (1u << GROUP_FATAL | 1u << GROUP_WARNING | 1u << GROUP_NOTIFICATION | 1u << GROUP_KEEP_ALIVE)

static void put(uint32_t *word, const void *from, size_t n)
{
    memcpy(word, from, n);
}

static int get(struct efa_card *c, unsigned id, uint32_t *w)
{
    switch (id) {
    case FEATURE_DEVICE: {
        struct {
            uint64_t features, page_sizes;
            uint32_t firmware, api, device;
            uint16_t db_bar;
            uint8_t phys, virt;
            uint32_t caps, max_rdma;
            uint64_t guid;
            uint16_t gbps, reserved;
            uint32_t reserved2;
        } __attribute__((packed)) d = {
            .features = FEATURES,
            .page_sizes = 0xfffff000,
            .firmware = 1,
            .api = 1,
            .device = 0xefa2,
            .db_bar = 4,
            .phys = 48,
            .virt = 64,
            .caps = CAPABILITIES,
            .max_rdma = EFA_MAX_RDMA,
            .gbps = 100,
        };

        memcpy(&d.guid, c->gid + 8, 8);
        _Static_assert(sizeof(d) == 56, "fits in an answer");
        put(w, &d, sizeof(d));
        return ADMIN_OK;
    }
    case FEATURE_QUEUES: {
        struct {
            uint32_t max_qp, max_sq, inline_size, max_rq, max_cq, max_cq_depth;
            uint16_t sub_cqs, min_sq, send_sges, recv_sges;
            uint32_t max_mr, max_pages, max_pd, max_ah, max_llq;
            uint16_t rdma_sges, max_batch;
        } d = {
            .max_qp = EFA_MAX_QP,
            .max_sq = EFA_MAX_SQ,
            .inline_size = 32,
            .max_rq = EFA_MAX_RQ,
            .max_cq = EFA_MAX_CQ,
            .max_cq_depth = EFA_MAX_CQ_DEPTH,
            .sub_cqs = 1,
            .send_sges = EFA_MAX_SGE,
            .recv_sges = EFA_MAX_SGE,
            .max_mr = EFA_MAX_MR - 1,
            .max_pages = EFA_MAX_PAGES,
            .max_pd = EFA_MAX_PD,
            .max_ah = EFA_MAX_AH,
            .max_llq = EFA_LLQ_BYTES,
            .rdma_sges = 1,
        };

        _Static_assert(sizeof(d) == 56, "fits in an answer");
        put(w, &d, sizeof(d));
        return ADMIN_OK;
    }
    case FEATURE_QUEUES_2:
        w[0] = EFA_INLINE;
        return ADMIN_OK;
    case FEATURE_NETWORK:
        put(w, c->gid, sizeof(c->gid));
        w[4] = EFA_MTU;
        return ADMIN_OK;
    case FEATURE_EVENT_QUEUES:
        w[0] = EFA_MAX_EQ;
        w[1] = EFA_MAX_EQ_DEPTH;
        w[2] = 1;
        return ADMIN_OK;
    case FEATURE_AENQ:
        w[0] = GROUPS;
        w[1] = c->groups;
        return ADMIN_OK;
    case FEATURE_HINTS: /* none: the driver's own timeouts */
        return ADMIN_OK;
    default:
        return ADMIN_UNSUPPORTED;
    }
}

/* The driver reports its kernel's release: for the log. */
static int host_info(struct efa_card *c, const struct aq_entry *e)
{
    uint64_t at = e->u.feature.lo | (uint64_t)e->u.feature.hi << 32;
    char text[129] = "";

    if (!(e->flags & AQ_BUFFER) || e->u.feature.length < 128)
        return ADMIN_MALFORMED;
    if (efa_read(c, at, text, 128) < 0)
        return ADMIN_BAD_PARAMETER;
    for (char *p = text; *p; p++)
        if (!isprint((unsigned char)*p))
            *p = '?';
    efa_log(c, "driven by Linux %s", text);
    return ADMIN_OK;
}

static int set(struct efa_card *c, const struct aq_entry *e)
{
    switch (e->u.feature.id) {
    case FEATURE_AENQ: {
        uint32_t wanted = e->u.feature.word[1];

        if (wanted & ~GROUPS)
            return ADMIN_BAD_PARAMETER;
        c->groups = wanted;
        c->keep_alive = wanted & 1u << GROUP_KEEP_ALIVE ? c->net->now() : 0;
        return ADMIN_OK;
    }
    case FEATURE_HOST_INFO:
        return host_info(c, e);
    default:
        return ADMIN_UNSUPPORTED;
    }
}

static int stats(const struct efa_stats *s, unsigned type, uint32_t *w)
{
    const uint64_t all[][6] = {
        { s->tx_bytes, s->tx_packets, s->rx_bytes, s->rx_packets, s->rx_drops, s->qkey_violations },
        { s->send_bytes, s->sends, s->recv_bytes, s->recvs },
        { s->reads, s->read_bytes, s->read_errors, s->read_response_bytes },
        { s->writes, s->write_bytes, s->write_errors, s->write_recv_bytes },
        { s->retrans_bytes, s->retrans_packets, s->timeouts, s->unresponsive, s->impaired },
    };

    if (type >= sizeof(all) / sizeof(all[0]))
        return ADMIN_BAD_PARAMETER;
    put(w, all[type], sizeof(all[type]));
    return ADMIN_OK;
}

int efa_features(struct efa_card *c, const struct aq_entry *e, struct acq_entry *r)
{
    switch (e->opcode) {
    case CMD_GET_FEATURE:
        return get(c, e->u.feature.id, r->word);
    case CMD_SET_FEATURE:
        return set(c, e);
    default:
        return stats(&c->stats, e->u.stats.type, r->word);
    }
}
