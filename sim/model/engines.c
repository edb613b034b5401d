/* SPDX-License-Identifier: MIT */
/*
 * The text of INFO's ENGINE_STATUS (*_is_device_idle()): tables, a line for each engine with what
 * its status registers hold. The driver counts the end of each text that it adds: a table's head,
 * a line.
 */
#include "sim/model/engines.h"

#include <stdio.h>
#include <string.h>

struct table {
    const char *head; /* its columns, two spaces between them; one more is part of a name, but has
                         no room in lines */
    uint8_t cores;    /* 0: no column for it */
    uint8_t engines;  /* lines, of each core */
    bool one_more;    /* of the first core, at the end */
    bool stub;        /* a column before is_idle that says no */
    bool slaves;      /* every other line has but its last register */
    uint8_t longer;   /* this column's rule is a dash too long; the first is 0, and never is */
    const char *registers[3]; /* when the engine is idle */
};

#define QM "0x3fff"
#define CGM "0x100"
#define TPC "0xee"
#define MME "0xc07ffe00"

static const struct table goya[] = {
    { .head = "DMA  is_idle  QM_GLBL_STS0  DMA_CORE_STS0",
      .engines = 5,
      .registers = { "0x4f", "0x0" } },
    { .head = "TPC  is_idle  QM_GLBL_STS0  CMDQ_GLBL_STS0  CFG_STATUS",
      .engines = 8,
      .registers = { "0x4f", "0x4f", "0x1e" } },
    { .head = "MME  is_idle  QM_GLBL_STS0  CMDQ_GLBL_STS0  ARCH_STATUS",
      .engines = 1,
      .registers = { "0x4f", "0x4f", "0x780" } },
    { 0 },
};

static const struct table gaudi[] = {
    { .head = "DMA  is_idle  QM_GLBL_STS0  QM_CGM_STS  DMA_CORE_STS0",
      .engines = 8,
      .registers = { QM, CGM, "0x0" } },
    { .head = "TPC  is_idle  QM_GLBL_STS0  QM_CGM_STS  CFG_STATUS",
      .engines = 8,
      .registers = { QM, CGM, TPC } },
    { .head = "MME  is_idle  QM_GLBL_STS0  QM_CGM_STS  ARCH_STATUS",
      .engines = 4,
      .slaves = true,
      .registers = { QM, CGM, "0x1180" } },
    { .head = "NIC  is_idle  QM_GLBL_STS0  QM_CGM_STS" }, /* no ports */
    { 0 },
};

static const struct table gaudi2_6_1[] = {
    { .head = "CORE  EDMA  is_idle  QM_GLBL_STS0  DMA_CORE_IDLE_IND_MASK",
      .cores = 4,
      .engines = 2,
      .registers = { QM, "0x0" } },
    { .head = "PDMA  is_idle  QM_GLBL_STS0  DMA_CORE_IDLE_IND_MASK",
      .engines = 2,
      .registers = { QM, "0x0" } },
    { .head = "MME  Stub  is_idle  QM_GLBL_STS0  MME_ARCH_STATUS",
      .engines = 4,
      .stub = true,
      .registers = { QM, MME } },
    { .head = "CORE  TPC   is_idle  QM_GLBL_STS0  QM_CGM_STS  DMA_CORE_IDLE_IND_MASK",
      .cores = 4,
      .engines = 6,
      .one_more = true,
      .registers = { QM, CGM, TPC } },
    { .head = "CORE  DEC  is_idle  VSI_CMD_SWREG15",
      .cores = 4,
      .engines = 2,
      .registers = { "0x0" } },
    { .head = "PCIe DEC  is_idle  VSI_CMD_SWREG15", .engines = 2, .registers = { "0x0" } },
    { .head = "CORE  ROT  is_idle  QM_GLBL_STS0  QM_CGM_STS  DMA_CORE_STS0",
      .cores = 2,
      .engines = 1,
      .longer = 1,
      .registers = { QM, CGM, "-" } },
    { 0 },
};

static const struct table gaudi2[] = {
    { .head = "CORE  EDMA  is_idle  QM_GLBL_STS0  DMA_CORE_STS0  DMA_CORE_STS1",
      .cores = 4,
      .engines = 2,
      .registers = { QM, "0x0", "0x0" } },
    { .head = "PDMA  is_idle  QM_GLBL_STS0  DMA_CORE_STS0  DMA_CORE_STS1",
      .engines = 2,
      .registers = { QM, "0x0", "0x0" } },
    { .head = "MME  Stub  is_idle  QM_GLBL_STS0  MME_ARCH_STATUS",
      .engines = 4,
      .stub = true,
      .registers = { QM, MME } },
    { .head = "CORE  TPC  is_idle  QM_GLBL_STS0  QM_CGM_STS  STATUS",
      .cores = 4,
      .engines = 6,
      .one_more = true,
      .registers = { QM, CGM, TPC } },
    { .head = "CORE  DEC  is_idle  VSI_CMD_SWREG15",
      .cores = 4,
      .engines = 2,
      .registers = { "0x0" } },
    { .head = "PCIe DEC  is_idle  VSI_CMD_SWREG15", .engines = 2, .registers = { "0x0" } },
    { .head = "CORE  ROT  is_idle  QM_GLBL_STS0  QM_GLBL_STS1  QM_CGM_STS",
      .cores = 2,
      .engines = 1,
      .registers = { QM, "0x1", CGM } },
    { 0 },
};

/* hl_engine_data_sprintf(): what has no room is counted, and left out. */
struct text {
    char *at;
    size_t room, used;
};

static void add(struct text *t, const char *line)
{
    size_t n = strlen(line) + 1;

    if (t->used + n < t->room)
        memcpy(t->at + t->used, line, n);
    t->used += n;
}

/* The end of a column's name. */
static const char *name_end(const char *name)
{
    const char *end = strstr(name + 1, "  ");

    return end ? end : name + strlen(name);
}

static void add_head(struct text *t, const struct table *table)
{
    char line[256];
    size_t n = (size_t)snprintf(line, sizeof(line), "\n%s\n", table->head);
    unsigned column = 0;

    for (const char *p = table->head; *p; column++) {
        const char *end = name_end(p);
        int width = (int)(end - p) + (column && column == table->longer);

        n += (size_t)snprintf(line + n, sizeof(line) - n, "%.*s%s", width,
                              "------------------------------", *end ? "  " : "\n");
        p = *end ? end + 2 : end;
    }
    add(t, line);
}

/* What a register's column has: the k-th, of which the last is the engine's own. */
static const char *register_of(const struct table *table, unsigned engine, unsigned k)
{
    bool last = k == 2 || !table->registers[k + 1];

    return table->slaves && engine % 2 && !last ? "-" : table->registers[k];
}

/* The text of a column. */
static void put_cell(char cell[32], const struct table *table, unsigned column, unsigned core,
                     unsigned engine, bool idle)
{
    unsigned numbers = table->cores ? 2 : 1, words = numbers + table->stub;

    if (column + 1 < numbers)
        snprintf(cell, 32, "%u", core);
    else if (column < numbers)
        snprintf(cell, 32, "%u", engine);
    else if (column < words)
        strcpy(cell, "N");
    else if (column == words)
        strcpy(cell, idle ? "Y" : "N");
    else
        snprintf(cell, 32, "%s", register_of(table, engine, column - words - 1));
}

static void add_line(struct text *t, const struct table *table, unsigned core, unsigned engine,
                     bool idle)
{
    const char *p = table->head;
    char line[256], cell[32];
    unsigned n = 0;

    for (unsigned column = 0; *p; column++) {
        const char *end = name_end(p);
        int width = *end ? (int)(end - p) + 2 - (*p == ' ') : 0;

        put_cell(cell, table, column, core, engine, idle);
        n += (unsigned)snprintf(line + n, sizeof(line) - n, "%-*s", width, cell);
        p = *end ? end + 2 : end;
    }
    snprintf(line + n, sizeof(line) - n, "\n");
    add(t, line);
}

size_t sim_engines_text(enum sim_asic_id asic, bool old, bool busy, char *out, size_t room)
{
    const struct table *table = asic == SIM_ASIC_GOYA    ? goya
                                : asic == SIM_ASIC_GAUDI ? gaudi
                                : old                    ? gaudi2_6_1
                                                         : gaudi2;
    struct text t = { out, room, 0 };

    for (; table->head; table++) {
        add_head(&t, table);
        for (unsigned core = 0; core < (table->cores ? table->cores : 1); core++)
            for (unsigned i = 0; i < table->engines; i++) {
                /* the first engine stands for all of them, as in HW_IDLE */
                add_line(&t, table, core, i, !busy);
                busy = false;
            }
        if (table->one_more)
            add_line(&t, table, 0, table->engines, true);
    }
    if (asic != SIM_ASIC_GAUDI2)
        add(&t, "\n");
    return t.used;
}
