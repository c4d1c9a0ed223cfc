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
/* Only while count < room. */
void lk_fifo_push(struct lk_fifo *fifo, const void *record);
/* False when there is none. */
bool lk_fifo_pop(struct lk_fifo *fifo, void *record);

#endif
