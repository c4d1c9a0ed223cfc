/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fifo.h"

#include "allocate.h"

bool lk_fifo_make(struct lk_fifo *fifo, const struct lk_allocator *from, uint32_t each, uint32_t room)
{
    *fifo = (struct lk_fifo){.each = each, .room = room, .records = lk_get(from, room, each)};
    return fifo->records != NULL;
}

void lk_fifo_free(struct lk_fifo *fifo, const struct lk_allocator *from)
{
    lk_put(from, fifo->records, fifo->room, fifo->each);
}

void lk_fifo_push(struct lk_fifo *fifo, const void *record)
{
    uint32_t place = fifo->room - fifo->first > fifo->count ? fifo->first + fifo->count
                                                            : fifo->count - (fifo->room - fifo->first);

    memcpy(fifo->records + (size_t)place * fifo->each, record, fifo->each);
    fifo->count++;
}

bool lk_fifo_pop(struct lk_fifo *fifo, void *record)
{
    if (fifo->count == 0)
        return false;
    memcpy(record, fifo->records + (size_t)fifo->first * fifo->each, fifo->each);
    fifo->first = fifo->first + 1 == fifo->room ? 0 : fifo->first + 1;
    fifo->count--;
    return true;
}
