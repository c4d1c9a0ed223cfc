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
