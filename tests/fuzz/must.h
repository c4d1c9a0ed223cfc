/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What must hold, whatever comes in; and memory that is counted, may run out, and is never zeroed.
 */
#ifndef LINEKEEPER_MUST_H
#define LINEKEEPER_MUST_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core.h"

#define MUST(condition)                                                                   \
    do {                                                                                  \
        if (!(condition)) {                                                               \
            fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, #condition); \
            abort();                                                                      \
        }                                                                                 \
    } while (0)

struct purse {
    long allowed; /* blocks more that are given */
    long live;
    long refused;
};

union purse_head {
    size_t size;
    max_align_t align;
};

static inline void *purse_get(void *state, size_t size)
{
    struct purse *purse = state;
    union purse_head *head;

    if (purse->allowed == 0) {
        purse->refused++;
        return NULL;
    }
    purse->allowed--;
    head = malloc(sizeof *head + size);
    MUST(head != NULL);
    head->size = size;
    memset(head + 1, 0xa5, size);
    purse->live++;
    return head + 1;
}

static inline void purse_put(void *state, void *block, size_t size)
{
    struct purse *purse = state;
    union purse_head *head = (union purse_head *)block - 1;

    MUST(head->size == size);
    purse->live--;
    free(head);
}

static inline struct lk_allocator purse_of(struct purse *purse)
{
    return (struct lk_allocator){purse_get, purse_put, purse};
}

#endif
