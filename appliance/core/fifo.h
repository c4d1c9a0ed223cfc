/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A ring of equal records, oldest out first: commands and traces wait in one each.
 */
#ifndef LINEKEEPER_FIFO_H
#define LINEKEEPER_FIFO_H

#include <stdbool.h>

#include "core.h"

struct lk_fifo {
    uint8_t *records;
    uint32_t each; /* bytes of a record */
    uint32_t room;
    uint32_t first;
    uint32_t count;
};

bool lk_fifo_make(struct lk_fifo *fifo, const struct lk_allocator *from, uint32_t each, uint32_t room);
void lk_fifo_free(struct lk_fifo *fifo, const struct lk_allocator *from);

/* Where the next record is to be written at once; only while count < room. */
static inline void *lk_fifo_next(struct lk_fifo *fifo)
{
    uint32_t left = fifo->room - fifo->first, place = left > fifo->count ? fifo->first + fifo->count : fifo->count - left;

    fifo->count++;
    return fifo->records + (size_t)place * fifo->each;
}

/* The oldest, taken out, to be read at once; NULL when there is none. */
static inline const void *lk_fifo_take(struct lk_fifo *fifo)
{
    const uint8_t *oldest = fifo->records + (size_t)fifo->first * fifo->each;

    if (fifo->count == 0)
        return NULL;
    fifo->first = fifo->first + 1 == fifo->room ? 0 : fifo->first + 1;
    fifo->count--;
    return oldest;
}

#endif
